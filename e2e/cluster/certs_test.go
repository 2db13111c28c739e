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

func (a *authority) file(name string) string { return filepath.Join(a.dir, name) }

func (a *authority) write(name, text string) {
	require.NoError(a.t, os.WriteFile(a.file(name), []byte(text), 0o644))
}

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
	return fmt.Sprintf(
		"apiVersion: v1\nkind: Secret\nmetadata: {name: %s}\ntype: kubernetes.io/tls\ndata: {tls.crt: %s, tls.key: %s, ca.crt: %s}\n",
		secret,
		read(name+".crt"),
		read(name+".key"),
		read("ca.crt"),
	)
}
