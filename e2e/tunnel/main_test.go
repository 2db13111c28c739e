package tunnel

import (
	"os"
	"testing"

	"github.com/outrigger-dev/outrigger/e2e/made"
	"github.com/outrigger-dev/outrigger/e2e/pod"
)

const programs = "OUTRIGGER_E2E_PROGRAMS" // the folder of ghostunnel

func TestMain(m *testing.M) {
	pod.Main(m, func() error {
		for program, install := range map[string]string{"/usr/bin/redis-server": "redis-server", "/usr/sbin/pgbouncer": "pgbouncer", "/usr/bin/pg_ctlcluster": "postgresql"} {
			if err := pod.Needs(program, install); err != nil {
				return err
			}
		}
		bin, err := made.Make("bin/ghostunnel")
		if err != nil {
			return err
		}
		return os.Setenv(programs, bin)
	})
}
