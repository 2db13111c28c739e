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
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/pattern"
)

// A user's gcp-iap-auth is asked with the assertion alone, and what it says counts.
// In its place is a server of the test's: it fetches Google's keys when it starts.
func TestIAPImage(t *testing.T) {
	containers, files := rendered(t, &pattern.AuthProxy{GoogleIAP: &pattern.GoogleIAP{Audience: "/projects/1/apps/reports", Image: "registry.example.com/gcp-iap-auth:1"}})
	require.Len(t, containers, 2)
	l, err := net.Listen("tcp", "127.0.0.1:4180")
	require.NoError(t, err)
	asked := make(chan *http.Request, 100)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r
		if r.URL.Path != "/auth" || r.Header.Get("X-Goog-Iap-Jwt-Assertion") != "good" {
			w.WriteHeader(401)
		}
	})}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	serve(t)
	launch(t, containers[1], map[string]*pod.Volume{"/etc/outrigger/nginx": pod.NewVolume(t, files), "/tmp": nil})

	with := func(assertion string) map[string]string {
		h := pretended(map[string]string{"X-Goog-Authenticated-User-Email": "root", "X-Goog-Authenticated-User-Id": "root", "Cookie": "a=b"})
		if assertion != "" {
			h["X-Goog-Iap-Jwt-Assertion"] = assertion
		}
		return h
	}
	for assertion, want := range map[string]int{"": 401, "bad": 401, "good": 200} {
		status, _, got := ask(t, "GET", "/admin", with(assertion))
		require.Equal(t, want, status)
		question := pod.Receive(t, "the question", asked)
		require.Empty(t, question.Header.Get("Cookie"))
		require.NotContains(t, strings.Join(values(question.Header), " "), "root")
		require.NotContains(t, strings.Join(values(got.Header), " "), "root")
	}
	_ = server.Close()
	status, _, _ := ask(t, "GET", "/admin", with("good"))
	require.Equal(t, 500, status, "nobody comes in when nobody can be asked")
}

// Authentication and TLS are one nginx.
func TestBasicTLS(t *testing.T) {
	containers, files := rendered(t, &pattern.AuthProxy{Gate: pattern.Gate{SecretName: "reports-tls"}, Basic: &pattern.Basic{SecretName: "users"}})
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
