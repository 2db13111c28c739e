package exporter

import (
	"testing"

	"github.com/outrigger-dev/outrigger/e2e/pod"
)

func TestMain(m *testing.M) {
	pod.Main(m, map[string]string{
		"/usr/bin/prometheus-elasticsearch-exporter": "prometheus-elasticsearch-exporter",
		"/usr/bin/prometheus-redis-exporter":         "prometheus-redis-exporter",
		"/usr/bin/prometheus-postgres-exporter":      "prometheus-postgres-exporter",
		"/usr/bin/prometheus-nginx-exporter":         "prometheus-nginx-exporter",
		"/usr/bin/redis-server":                      "redis-server",
		"/usr/bin/pg_ctlcluster":                     "postgresql",
		"/usr/sbin/nginx":                            "nginx-light libnginx-mod-stream",
	})
}
