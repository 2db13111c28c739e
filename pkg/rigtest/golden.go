package rigtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// CheckGolden compares with what a file holds, or rewrites it.
func CheckGolden(t *testing.T, name, have string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(name, []byte(have), 0o644))
		return
	}
	want, err := os.ReadFile(name)
	require.NoError(t, err, "to write it: make golden, or -update in this test")
	require.Equal(t, string(want), have, "if this is meant: make golden, or -update in this test, and look at the diff")
}

// DiffTexts returns the output of diff -u for two texts that differ. Every Debian has diffutils.
func DiffTexts(t *testing.T, before, after string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"before.yaml": before, "after.yaml": after} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	cmd := exec.Command("diff", "-u", "--label", "before.yaml", "--label", "after.yaml", "before.yaml", "after.yaml")
	cmd.Dir = dir
	out, err := cmd.Output()
	require.Equal(t, 1, cmd.ProcessState.ExitCode(), "the two don't differ, or diff failed: %v", err)
	return string(out)
}
