package otel

import (
	"os"
	"testing"

	"github.com/outrigger-dev/outrigger/e2e/made"
	"github.com/outrigger-dev/outrigger/e2e/pod"
)

const programs = "OUTRIGGER_E2E_PROGRAMS" // the folder of otelcol

func TestMain(m *testing.M) {
	pod.Main(m, func() error {
		bin, err := made.Make("bin/otelcol")
		if err != nil {
			return err
		}
		return os.Setenv(programs, bin)
	})
}
