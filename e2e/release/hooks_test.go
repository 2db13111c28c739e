package release

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/outrigger-dev/outrigger/e2e/made"
	"github.com/outrigger-dev/outrigger/e2e/program"
)

// The hooks for pre-commit are command lines that the program has: the check fails until the other hook has run.
func TestHooks(t *testing.T) {
	bin, err := made.Make("build")
	require.NoError(t, err)
	text, err := os.ReadFile("../../.pre-commit-hooks.yaml")
	require.NoError(t, err)
	var hooks []struct {
		ID, Entry, Language string
		Args                []string
		PassFilenames       *bool `json:"pass_filenames"`
	}
	require.NoError(t, yaml.Unmarshal(text, &hooks))
	dir := t.TempDir()
	for _, name := range []string{"elasticsearch.yaml", "sidecars.yaml"} {
		text, err := os.ReadFile("../../examples/argocd/app/" + name)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o644))
	}
	t.Chdir(dir)
	codes := map[string]func() int{}
	for _, h := range hooks {
		words := slices.Concat(strings.Fields(h.Entry), h.Args)
		require.Equal(t, "outrigger", words[0])
		require.Equal(t, "golang", h.Language)
		require.False(t, *h.PassFilenames, "-w names a folder")
		codes[h.ID] = func() int { return program.Run(t, "", filepath.Join(bin, words[0]), words[1:]...).Code }
	}
	require.Len(t, codes, 2)
	require.Equal(t, 3, codes["outrigger-check"]())
	require.Equal(t, 0, codes["outrigger-inject"]())
	require.Equal(t, 0, codes["outrigger-check"]())
}
