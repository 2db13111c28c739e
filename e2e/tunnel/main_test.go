package tunnel

import (
	"testing"

	"github.com/outrigger-dev/outrigger/e2e/pod"
)

func TestMain(m *testing.M) {
	pod.Main(m, "/usr/bin/redis-server", "/usr/sbin/pgbouncer", "/usr/bin/pg_ctlcluster", "bin/ghostunnel")
}
