package kpt

import (
	"flag"
	"testing"

	"github.com/outrigger-dev/outrigger/e2e/made"
	"github.com/outrigger-dev/outrigger/e2e/packages"
)

var update = flag.Bool("update", false, "write the expected files of examples/kpt")

// The packages of examples/kpt give what their .expected folders have. Those that run an image are in e2e/image.
func TestPackages(t *testing.T) { made.EachKpt(t, checkPackages) }

func checkPackages(t *testing.T) {
	t.Helper()
	for _, p := range packages.Find(t, "../../examples/kpt", false) {
		t.Run(p.Name, func(t *testing.T) { p.RunTwice(t, *update) })
	}
	*update = false // written under the pinned kpt, which comes first; others give the same
}
