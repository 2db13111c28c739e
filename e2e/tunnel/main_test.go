package tunnel

import (
	"testing"

	"github.com/outrigger-dev/outrigger/e2e/pod"
)

func TestMain(m *testing.M) {
	pod.Main(m, map[string]string{
		"/usr/bin/redis-server":  "redis-server",
		"/usr/sbin/pgbouncer":    "pgbouncer",
		"/usr/bin/pg_ctlcluster": "postgresql",
	}, "bin/ghostunnel")
}
