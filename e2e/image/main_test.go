package image

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/made"
)

var podman string // the real one

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "outrigger-image-")
		if err != nil {
			return fail(err)
		}
		defer os.RemoveAll(dir)
		bin, err := made.Make("bin/kustomize")
		if err != nil {
			return fail(err)
		}
		os.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
		if podman, err = Build(dir); err != nil {
			return fail(err)
		}
		return m.Run()
	}())
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// calls notes from now on what the stand-ins for docker and podman are called
// with, and gives a function that tells which containers were run.
func calls(t *testing.T) (runs func() []string) {
	file := filepath.Join(t.TempDir(), "calls")
	t.Setenv(callsVar, file)
	return func() []string {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		return slices.DeleteFunc(strings.Split(strings.TrimSpace(string(b)), "\n"), func(call string) bool {
			return !strings.HasPrefix(call, "run ") // kpt asks for the version first
		})
	}
}
