package release

import (
	"debug/elf"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/made"
)

// The program of one source is the same, byte for byte, in whatever folder it's built. It tells nothing of the folder,
// and needs nothing of the machine on which it runs. What else a release has, "make e2e-runners" compares.
func TestReproducible(t *testing.T) {
	one, two := made.Clone(t), made.Clone(t)
	require.NotEqual(t, one, two)
	require.Equal(t, build(t, one), build(t, two))
	program := filepath.Join(one, "bin/outrigger")
	checkStatic(t, program)
	text, err := os.ReadFile(program)
	require.NoError(t, err)
	again, err := os.ReadFile(filepath.Join(two, "bin/outrigger"))
	require.NoError(t, err)
	require.True(t, string(text) == string(again), "the program of another folder differs")
	require.NotContains(t, string(text), filepath.Dir(one))
}

// checkStatic checks that a program needs no library.
func checkStatic(t *testing.T, path string) {
	t.Helper()
	program, err := elf.Open(path)
	require.NoError(t, err)
	defer program.Close()
	libraries, err := program.ImportedLibraries()
	require.NoError(t, err)
	require.Empty(t, libraries)
	for _, part := range program.Progs {
		require.NotEqual(t, elf.PT_INTERP, part.Type, "it needs a loader")
	}
}
