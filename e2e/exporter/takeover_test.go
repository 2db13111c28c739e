package exporter

import (
	"crypto/tls"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/certs"
	"github.com/outrigger-dev/outrigger/e2e/pod"
)

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
		"/etc/outrigger/certs": pod.NewVolume(t, certs.NewAuthority(t, "nobody trusts it").IssueServer(t, "search.example")),
		"/tmp":                 nil,
	})
	c := launch(t, spec, elasticsearchExporter)
	scraped(t, c, spec, `elasticsearch_cluster_health_up 1`)

	trusting := &tls.Config{InsecureSkipVerify: true} // it's about the way only
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trusting}}
	pod.Poll(t, "the app through TLS", func() bool {
		r, err := http.NewRequest(http.MethodGet, "https://"+pod.IP+":9200/_cluster/health", nil)
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
