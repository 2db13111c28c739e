package migrate

import (
	"os"
	"testing"

	"github.com/outrigger-dev/outrigger/e2e/made"
	"github.com/outrigger-dev/outrigger/e2e/pod"
)

const programs = "OUTRIGGER_E2E_PROGRAMS" // the folder of golang-migrate

func TestMain(m *testing.M) {
	pod.Main(m, func() error {
		for program, install := range map[string]string{"/usr/bin/pg_ctlcluster": "postgresql", "/usr/bin/busybox": "busybox-static"} {
			if err := pod.Needs(program, install); err != nil {
				return err
			}
		}
		bin, err := made.Make("bin/migrate")
		if err != nil {
			return err
		}
		return os.Setenv(programs, bin)
	})
}
