// Package certs issues the certificates that tests use.
package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// An Authority signs certificates. Nobody trusts it who isn't given its Bundle or Pool.
type Authority struct {
	Certificate *x509.Certificate

	key *ecdsa.PrivateKey
}

// NewAuthority makes one with a common name.
func NewAuthority(t testing.TB, name string) *Authority {
	t.Helper()
	template := complete(x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	signed := sign(t, template, nil)
	certificate, err := x509.ParseCertificate(signed.Certificate[0])
	require.NoError(t, err)
	return &Authority{certificate, signed.PrivateKey.(*ecdsa.PrivateKey)}
}

// Issue signs a certificate. Where the template doesn't say otherwise, it has serial number 1, is good from an hour ago
// until a day from now, and is for a server.
func (a *Authority) Issue(t testing.TB, template x509.Certificate) tls.Certificate {
	t.Helper()
	if template.KeyUsage == 0 {
		template.KeyUsage = x509.KeyUsageDigitalSignature
	}
	if template.ExtKeyUsage == nil {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
	return sign(t, complete(template), a)
}

// IssueServer returns a Secret of type kubernetes.io/tls for a server with these names.
func (a *Authority) IssueServer(t testing.TB, dnsNames ...string) map[string]string {
	t.Helper()
	return EncodeSecret(t, a.Issue(t, x509.Certificate{DNSNames: dnsNames}))
}

// Bundle returns a ConfigMap or Secret with the authority's certificate.
func (a *Authority) Bundle() map[string]string {
	return map[string]string{"ca.crt": encode("CERTIFICATE", a.Certificate.Raw)}
}

// Pool returns the authorities that a client trusts, or a server.
func Pool(authorities ...*Authority) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, a := range authorities {
		pool.AddCert(a.Certificate)
	}
	return pool
}

// EncodeSecret returns a certificate and its key as a Secret of type kubernetes.io/tls holds them.
func EncodeSecret(t testing.TB, certificate tls.Certificate) map[string]string {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	require.NoError(t, err)
	return map[string]string{
		"tls.crt": encode("CERTIFICATE", certificate.Certificate[0]),
		"tls.key": encode("PRIVATE KEY", key),
	}
}

func complete(template x509.Certificate) *x509.Certificate {
	if template.SerialNumber == nil {
		template.SerialNumber = big.NewInt(1)
	}
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	}
	return &template
}

// sign makes a key and signs its certificate: with the authority's key, or with itself.
func sign(t testing.TB, template *x509.Certificate, by *Authority) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	parent, signer := template, key
	if by != nil {
		parent, signer = by.Certificate, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func encode(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
