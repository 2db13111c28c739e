package oracle

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/made"
)

// Every example is rendered by the real programs, in both of the ways that the
// README names first. Examples are whole: no excuse for anything refused.
func TestExamples(t *testing.T) {
	bin, err := made.Make("build", "bin/kustomize")
	require.NoError(t, err)
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	configs, err := filepath.Glob("../../examples/*/sidecars*/sidecars.yaml")
	require.NoError(t, err)
	folders, err := os.ReadDir("../../examples")
	require.NoError(t, err)
	folders = slices.DeleteFunc(folders, func(f os.DirEntry) bool { return !f.IsDir() }) // the index
	require.NotEmpty(t, configs)
	var c census
	dirs := map[string]bool{}
	for _, config := range configs {
		sidecars := filepath.Dir(config)
		dir, variant := filepath.Dir(sidecars), strings.TrimPrefix(filepath.Base(sidecars), "sidecars")
		dirs[dir] = true
		t.Run(filepath.Base(dir)+variant, func(t *testing.T) {
			before := output(t, "", "kustomize", "build", dir+"/base")
			for _, after := range []string{
				output(t, "", "kustomize", "build", "--enable-alpha-plugins", "--enable-exec", dir+"/overlay"+variant),
				output(t, before, "outrigger", "inject", "-c", config),
			} {
				c.add(t, judge(t, before, after))
				secure(t, text(t, config), before, after)
			}
		})
	}
	require.Len(t, dirs, len(folders)-4, "each folder but argocd, helm, kpt and traps is such an example")
	c.log(t)
	require.Zero(t, c.refused)
	require.NotZero(t, c.accepted)
}

// output is what a program writes.
func output(t *testing.T, stdin, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	var stderr strings.Builder
	cmd.Stdin, cmd.Stderr = strings.NewReader(stdin), &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	return string(out)
}
