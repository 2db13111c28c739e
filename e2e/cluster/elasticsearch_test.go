//go:build cluster

package cluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
	cmd := exec.Command(
		filepath.Join(bin, "kustomize"),
		"build",
		"--enable-alpha-plugins",
		"--enable-exec",
		filepath.Join(dir, "overlay"),
	)
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
	host := "elasticsearch." + n.name + ".svc.cluster.local"
	ca := newAuthority(t)
	ca.issue("server", host)
	n.apply(ca.secret("elasticsearch-tls", "server"))
	manifests := example(t, "elasticsearch-complete", map[string]string{
		"preset: elasticsearch7}": "env: {network.host: 127.0.0.1, http.port: '9201'}}\n      override: {image: " + nginxImage + "}",
		"cpu: 500m":               "cpu: 5m",
		"namespace: search":       "namespace: " + n.name,
	})
	begin := time.Now()
	n.apply(manifests)
	n.rolledOut("elasticsearch")
	t.Logf("ready after %.1f s", time.Since(begin).Seconds())

	becomes(
		t,
		"HTTPS through the Service, verified",
		"200",
		func() string { return n.curl("--cacert", ca.file("ca.crt"), "https://"+host+":9200/") },
	)
	becomes(t, "plain HTTP", "400", func() string { return n.curl("http://" + host + ":9200/") })
	n.scraped("http://"+host+":9114/metrics", "elasticsearch_cluster_health_number_of_nodes")
	require.Equal(t, 262144, get())
	pod := strings.TrimPrefix(n.kc("get", "pods", "-o", "name"), "pod/")
	n.refused(n.address(pod) + ":9201")
	require.Contains(t, n.logs(pod, "logs"), `"message":"started, publish_address {127.0.0.1:9201}"`)
	require.Contains(
		t,
		n.exec(pod, "elasticsearch", "cat", "/usr/share/elasticsearch/config/log4j2.properties"),
		"appender",
	)
	require.Contains(t, n.logs(pod, "sysctl"), "vm/max_map_count is 65530 and is raised to 262144")
	n.calm()

	n.loss(t, "https://"+host+":9200", func() {
		n.kc("rollout", "restart", "deployment/elasticsearch")
		n.rolledOut("elasticsearch")
	}, "-slow", "/_cluster/health")
	n.calm()

	begin = time.Now()
	n.kc("delete", "deployment", "elasticsearch", "--cascade=foreground", "--timeout=60s")
	n.kc("wait", "--for=delete", "pod", "--all", "--timeout=60s")
	t.Logf("gone after %.1f s", time.Since(begin).Seconds())
}
