//go:build cluster

package cluster

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestElasticsearch has all of the article in one document: the node's setting, TLS,
// metrics and the log. It's measured, updated under load, and deleted.
func TestElasticsearch(t *testing.T) {
	images(t)
	get, set := nodeSetting(t, mapCount)
	set(65530)
	n := newNamespaceAt(t, "privileged") // for the sysctl alone
	host := "elasticsearch." + n.name + ".svc.cluster.local"
	ca := newAuthority(t)
	ca.issue("server", host)
	n.apply(ca.secret("elasticsearch-tls", "server") + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: elasticsearch-logging}\ndata: {log4j2.properties: 'status = error'}\n")
	all := strings.TrimLeft(searchTLS, "\n") + strings.TrimLeft(searchExporter, "\n") + `    - name: logs
      logTail:
        directory: /var/log/elasticsearch
        files: [docker-cluster_server.json]
        sizeLimit: 64Mi
        appConfig: {configMapName: elasticsearch-logging, mountPath: /usr/share/elasticsearch/config/log4j2.properties}
` + strings.TrimLeft(maps262144(""), "\n")
	begin := time.Now()
	n.inject(sidecars("Deployment", "elasticsearch", all), strings.NewReplacer("env: [", "env: [{name: path.logs, value: /var/log/elasticsearch}, ", "spec:\n  selector", "spec:\n  replicas: 2\n  selector").Replace(search))
	n.kc("wait", "--for=condition=Ready", "pod", "-l", "app=elasticsearch", "--timeout=60s")
	t.Logf("two pods were ready after %.1f s", time.Since(begin).Seconds())
	n.rolledOut("elasticsearch")

	becomes(t, "HTTPS through the Service, verified", "200", func() string { return n.curl("--cacert", ca.file("ca.crt"), "https://"+host+":9200/") })
	becomes(t, "plain HTTP", "400", func() string { return n.curl("http://" + host + ":9200/") })
	n.scraped("http://"+host+":9114/metrics", "elasticsearch_cluster_health_number_of_nodes")
	require.GreaterOrEqual(t, get(), 262144)
	for pod := range strings.FieldsSeq(n.kc("get", "pods", "-l", "app=elasticsearch", "-o", "jsonpath={.items[*].metadata.name}")) {
		n.refused(n.address(pod) + ":9201")
		require.Contains(t, n.logs(pod, "logs"), `"message":"started, publish_address {127.0.0.1:9201}"`)
		require.Equal(t, "status = error", n.exec(pod, "elasticsearch", "cat", "/usr/share/elasticsearch/config/log4j2.properties"))
		require.Contains(t, n.logs(pod, "sysctl"), "vm/max_map_count is ")
	}
	n.calm()

	t.Run("rolling update", func(t *testing.T) {
		n.loss(t, "https://"+host+":9200", func() {
			n.kc("rollout", "restart", "deployment/elasticsearch")
			n.rolledOut("elasticsearch")
		}, "-slow", "/_cluster/health")
	})
	n.calm()

	begin = time.Now()
	n.kc("delete", "deployment", "elasticsearch", "--cascade=foreground", "--timeout=60s")
	n.kc("wait", "--for=delete", "pod", "-l", "app=elasticsearch", "--timeout=60s")
	t.Logf("they were gone after %.1f s", time.Since(begin).Seconds())
}
