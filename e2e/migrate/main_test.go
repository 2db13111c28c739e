package migrate

import (
	"testing"

	"github.com/outrigger-dev/outrigger/e2e/pod"
)

func TestMain(m *testing.M) {
	pod.Main(m, map[string]string{
		"/usr/bin/pg_ctlcluster": "postgresql",
		"/usr/bin/busybox":       "busybox-static",
	}, "bin/migrate")
}
