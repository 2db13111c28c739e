package exporter

import (
	"testing"

	"github.com/outrigger-dev/outrigger/e2e/pod"
)

func TestMain(m *testing.M) {
	pod.Main(m,
		"/usr/bin/prometheus-elasticsearch-exporter", "/usr/bin/prometheus-redis-exporter",
		"/usr/bin/prometheus-postgres-exporter", "/usr/bin/prometheus-nginx-exporter",
		"/usr/bin/redis-server", "/usr/bin/pg_ctlcluster", "/usr/sbin/nginx", "/usr/sbin/pgbouncer",
		"bin/pgbouncer_exporter")
}
