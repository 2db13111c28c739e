//go:build cluster

package cluster

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// search is the article's Elasticsearch, with a probe and what a strict namespace asks for.
var search = deployment("elasticsearch", "runAsUser: 1000, runAsGroup: 1000", `      containers:
        - name: elasticsearch
          image: docker.io/library/elasticsearch:7.9.3
          env: [{name: discovery.type, value: single-node}]
          ports: [{name: http, containerPort: 9200}]
          readinessProbe: {httpGet: {path: /_cluster/health, port: http}, periodSeconds: 1}
          resources: {requests: {cpu: 5m, memory: 16Mi}, limits: {memory: 64Mi}}
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
`) + service("elasticsearch", "port: 9200, targetPort: 9200")

// searchTLS puts a TLS proxy in front of it.
const searchTLS = `
    - override: {image: ` + nginxImage + `, resources: {requests: {cpu: 5m}}}
      tlsProxy:
        port: 9200
        secretName: elasticsearch-tls
        rebind: {port: 9201, env: {network.host: 127.0.0.1, http.port: "9201"}}
`

const searchExporter = `
    - override: {resources: {requests: {cpu: 5m}}}
      exporter: {preset: elasticsearch}
`

// scraped asserts what an exporter tells of the app that it has asked.
func (n *namespace) scraped(url, metric string) {
	n.t.Helper()
	becomes(n.t, metric+" at "+url, "there", func() string {
		for line := range strings.Lines(body(url)) {
			if strings.HasPrefix(line, metric) && strings.HasSuffix(strings.TrimSpace(line), " 1") {
				return "there"
			}
		}
		return "missing"
	})
}

// TestExporter scrapes through the Service, by the name of its port.
func TestExporter(t *testing.T) {
	for _, placement := range []string{"native", "beside"} {
		t.Run(placement, func(t *testing.T) {
			n := newNamespace(t)
			n.inject(sidecars("Deployment", "elasticsearch", searchExporter+"      placement: "+placement+"\n"), search)
			n.rolledOut("elasticsearch")
			host := n.host("elasticsearch")
			require.Equal(t, "9114", n.field("service/elasticsearch", `.spec.ports[?(@.name=="http-prometheus")].port`))
			n.scraped("http://"+host+":9114/metrics", "elasticsearch_cluster_health_number_of_nodes")
			n.answers("the app", "200", "http://"+host+":9200/")
			n.calm()
		})
	}
}

// TestExporterBehindTLS has the exporter ask where the proxy's takeover has moved the
// app, and nobody else.
func TestExporterBehindTLS(t *testing.T) {
	images(t)
	n := newNamespace(t)
	host, ca := n.host("elasticsearch"), n.certify("elasticsearch")
	n.inject(sidecars("Deployment", "elasticsearch", searchExporter+strings.TrimLeft(searchTLS, "\n")), search)
	n.rolledOut("elasticsearch")
	pod := n.pod("elasticsearch")
	n.scraped("http://"+host+":9114/metrics", "elasticsearch_cluster_health_number_of_nodes")
	require.Contains(t, n.logs(pod, "elasticsearch"), "/_cluster/health from 127.0.0.1")
	n.refused(n.address(pod) + ":9201")
	n.answers("the app by TLS", "200", ca.trusted("https://"+host+":9200/")...)
	n.calm()
}

// TestRedisExporter asks a real Redis.
func TestRedisExporter(t *testing.T) {
	n := newNamespace(t)
	plain := strings.NewReplacer(
		redisOverTLS, `--port, "6379"`,
		"6380", "6379",
		"          volumeMounts: [{name: tls, mountPath: /tls, readOnly: true}]\n", "",
		"      volumes: [{name: tls, secret: {secretName: redis-tls}}]\n", "",
		"          readinessProbe", "          ports: [{containerPort: 6379}]\n          readinessProbe",
	).Replace(redis)
	n.inject(sidecars("Deployment", "redis", `
    - override: {resources: {requests: {cpu: 5m}}}
      exporter: {preset: redis}
`), plain)
	n.rolledOut("redis")
	n.scraped("http://"+n.host("redis")+":9121/metrics", "redis_up")
	n.calm()
}
