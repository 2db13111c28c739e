//go:build cluster

package cluster

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/certs"
)

// An authority signs certificates, and lays them down as files.
type authority struct {
	*certs.Authority
	t   *testing.T
	dir string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{certs.NewAuthority(t, "cluster tests"), t, t.TempDir()}
	a.write("ca.crt", a.Bundle()["ca.crt"])
	return a
}

// certify issues a certificate for a Service, by an authority of its own, and applies it as Secret NAME-tls.
func (n *namespace) certify(service string) *authority {
	n.t.Helper()
	a := newAuthority(n.t)
	a.issue("server", n.host(service))
	n.apply(a.secret(service+"-tls", "server"))
	return a
}

func (a *authority) file(name string) string { return filepath.Join(a.dir, name) }

func (a *authority) write(name, text string) {
	require.NoError(a.t, os.WriteFile(a.file(name), []byte(text), 0o644))
}

// trusted are the arguments for a request to an address that an authority vouches for.
func (a *authority) trusted(url string) []string { return []string{"--cacert", a.file("ca.crt"), url} }

// issue writes NAME.crt and NAME.key, for a server and for a client.
func (a *authority) issue(name string, dnsNames ...string) {
	a.t.Helper()
	secret := certs.EncodeSecret(a.t, a.Issue(a.t, x509.Certificate{
		Subject: pkix.Name{CommonName: name}, DNSNames: dnsNames,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}))
	a.write(name+".crt", secret["tls.crt"])
	a.write(name+".key", secret["tls.key"])
}

// secret is a manifest of what was issued, and the authority's certificate.
func (a *authority) secret(secret, name string) string {
	read := func(file string) string {
		b, err := os.ReadFile(a.file(file))
		require.NoError(a.t, err)
		return base64.StdEncoding.EncodeToString(b)
	}
	return fmt.Sprintf(`apiVersion: v1
kind: Secret
metadata: {name: %s}
type: kubernetes.io/tls
data: {tls.crt: %s, tls.key: %s, ca.crt: %s}
`, secret, read(name+".crt"), read(name+".key"), read("ca.crt"))
}
