package exporter

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
)

// certificate makes a Secret of type kubernetes.io/tls that nobody trusts.
func certificate(t *testing.T) map[string]string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"search.example"}}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return map[string]string{
		"tls.crt": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})),
		"tls.key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	}
}

const both = `    - exporter: {preset: elasticsearch, credentials: {secretName: monitor}}
    - tlsProxy: {port: 9200, secretName: search-tls, rebind: {preset: elasticsearch}}
      override: {image: "docker.io/library/nginx:1.22.1"}
`

// Behind a TLS proxy of the same document, the exporter asks the app where that has
// moved to, in plain, while clients come in by TLS.
func TestBehindTLS(t *testing.T) {
	containers, files := renderExporters(t, 9200, both, login)
	spec, proxy := containers["exporter"], containers["tls-proxy"]
	require.True(t, slices.Contains(spec.Args, "--es.uri=http://127.0.0.1:9201"), spec.Args)
	elasticsearch(t, "127.0.0.1:9201")
	pod.Launch(t, *proxy, map[string]*pod.Volume{
		"/etc/outrigger/nginx": pod.NewVolume(t, files),
		"/etc/outrigger/certs": pod.NewVolume(t, certificate(t)),
		"/tmp":                 nil,
	})
	c := launch(t, spec, elasticsearchExporter)
	scraped(t, c, spec, `elasticsearch_cluster_health_up 1`)

	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} // it's about the way only
	pod.Poll(t, "the app through TLS", func() bool {
		r, err := http.NewRequest(http.MethodGet, "https://"+podIP+":9200/_cluster/health", nil)
		require.NoError(t, err)
		r.SetBasicAuth(login["username"], login["password"])
		resp, err := client.Do(r)
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}
