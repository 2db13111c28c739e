package vault

import (
	"os"
	"testing"

	"github.com/outrigger-dev/outrigger/e2e/made"
	"github.com/outrigger-dev/outrigger/e2e/pod"
)

const programs = "OUTRIGGER_E2E_PROGRAMS" // the folder of vault

func TestMain(m *testing.M) {
	pod.Main(m, func() error {
		if err := pod.Needs("/usr/bin/busybox", "busybox-static"); err != nil {
			return err
		}
		bin, err := made.Make("bin/vault")
		if err != nil {
			return err
		}
		return os.Setenv(programs, bin)
	})
}
