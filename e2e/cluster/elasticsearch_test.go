//go:build cluster

package cluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// example renders an example by kustomize, with words of its files replaced: each must be
// there.
func example(t *testing.T, name string, words map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "examples", name))))
	for old, changed := range words {
		found := false
		require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".yaml" {
				return err
			}
			text := string(contents(t, path))
			found = found || strings.Contains(text, old)
			return os.WriteFile(path, []byte(strings.ReplaceAll(text, old, changed)), 0o600)
		}))
		require.True(t, found, old)
	}
	overlay := filepath.Join(dir, "overlay")
	cmd := exec.Command(filepath.Join(bin, "kustomize"), "build", "--enable-alpha-plugins", "--enable-exec", overlay)
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	require.NoError(t, err, errs.String())
	return string(out)
}

// TestElasticsearch has all of the article in one document: the node's setting, TLS,
// metrics and the log. It's measured, updated under load, and deleted. The stand-in for
// Elasticsearch knows network.host only; the nginx is an older one.
func TestElasticsearch(t *testing.T) {
	images(t)
	get, set := nodeSetting(t, mapCount)
	set(65530)
	n := newNamespaceAt(t, "privileged") // for the sysctl alone
	host, ca := n.host("elasticsearch"), n.certify("elasticsearch")
	manifests := example(t, "elasticsearch-complete", map[string]string{
		"preset: elasticsearch7}": `env: {network.host: 127.0.0.1, http.port: '9201'}}
      override: {image: ` + nginxImage + `}`,
		"cpu: 500m":         "cpu: 5m",
		"namespace: search": "namespace: " + n.name,
	})
	logSeconds(t, "ready", func() {
		n.apply(manifests)
		n.rolledOut("elasticsearch")
	})

	n.answers("HTTPS through the Service, verified", "200", ca.trusted("https://"+host+":9200/")...)
	n.answers("plain HTTP", "400", "http://"+host+":9200/")
	n.scraped("http://"+host+":9114/metrics", "elasticsearch_cluster_health_number_of_nodes")
	require.Equal(t, 262144, get())
	pod := strings.TrimPrefix(n.kc("get", "pods", "-o", "name"), "pod/")
	n.refused(n.address(pod) + ":9201")
	require.Contains(t, n.logs(pod, "logs"), `"message":"started, publish_address {127.0.0.1:9201}"`)
	logging := n.exec(pod, "elasticsearch", "cat", "/usr/share/elasticsearch/config/log4j2.properties")
	require.Contains(t, logging, "appender")
	require.Contains(t, n.logs(pod, "sysctl"), "vm/max_map_count is 65530 and is raised to 262144")
	n.calm()

	n.loss(t, "https://"+host+":9200", func() { n.restart("elasticsearch") }, "-slow", "/_cluster/health")
	n.calm()
	n.remove("elasticsearch", "--all")
}
