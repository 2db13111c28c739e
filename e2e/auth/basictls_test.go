package auth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/pattern/proxy"
)

// Authentication and TLS are one nginx.
func TestBasicTLS(t *testing.T) {
	containers, files := renderProxy(t, &proxy.AuthProxy{Gate: proxy.Gate{SecretName: "reports-tls"}, Basic: &proxy.Basic{SecretName: "users"}})
	require.Len(t, containers, 1)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "reports"}, DNSNames: []string{"reports"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	serve(t)
	launch(t, containers[0], map[string]*pod.Volume{
		"/etc/outrigger/nginx": pod.NewVolume(t, files), "/tmp": nil,
		"/etc/outrigger/users": pod.NewVolume(t, map[string]string{"htpasswd": "alice:{PLAIN}secret\n"}),
		"/etc/outrigger/certs": pod.NewVolume(t, map[string]string{
			"tls.crt": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
			"tls.key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))}),
	})
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	c := &http.Client{Timeout: pod.Patience, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "reports"}}}
	t.Cleanup(c.CloseIdleConnections)
	for password, want := range map[string]int{"secret": 200, "guess": 401} {
		r, err := http.NewRequest("GET", "https://127.0.0.1:8080/admin", nil)
		require.NoError(t, err)
		r.SetBasicAuth("alice", password)
		resp, err := c.Do(r)
		require.NoError(t, err)
		_ = resp.Body.Close()
		require.Equal(t, want, resp.StatusCode)
	}
	status, _, _ := ask(t, "GET", "/admin", basic("alice", "secret"))
	require.Equal(t, 400, status, "plain HTTP")
}
