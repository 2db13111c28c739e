package image

import (
	"flag"
	"testing"

	"github.com/outrigger-dev/outrigger/e2e/made"
	"github.com/outrigger-dev/outrigger/e2e/packages"
	"github.com/outrigger-dev/outrigger/e2e/program"
)

var update = flag.Bool("update", false, "write the expected files of examples/kpt that run the image")

// The packages of examples/kpt that run an image give what their .expected folders have. They name the image that
// `make image` makes.
func TestPackages(t *testing.T) {
	program.Output(t, "", podman, "tag", Name, "ghcr.io/outrigger-dev/outrigger:dev")
	made.EachKpt(t, checkPackages)
}

func checkPackages(t *testing.T) {
	t.Helper()
	choosePodman(t)
	for _, p := range packages.Find(t, "../../examples/kpt", true) {
		t.Run(p.Name, func(t *testing.T) { p.RunTwice(t, *update) })
	}
	*update = false // written under the pinned kpt, which comes first; others give the same
}
