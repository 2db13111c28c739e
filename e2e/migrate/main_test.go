package migrate

import (
	"testing"

	"github.com/outrigger-dev/outrigger/e2e/pod"
)

func TestMain(m *testing.M) { pod.Main(m, "/usr/bin/pg_ctlcluster", "/usr/bin/busybox", "bin/migrate") }
