package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The program copies itself: the copy runs, replaces an older one even while that runs, and nothing else is left.
func TestInstallProgram(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "outrigger")
	require.NoError(t, os.WriteFile(path, []byte("an older one"), 0o600))
	self, err := os.Executable()
	require.NoError(t, err)
	code, out, stderr := call("", "install", dir)
	require.Equal(t, exitDone, code, stderr)
	require.Equal(t, path+"\n", out)

	reinstalled, err := exec.Command(path, "install", dir).Output() // by the copy itself, which runs
	require.NoError(t, err)
	require.Equal(t, path+"\n", string(reinstalled))
	require.Equal(t, text(t, self), text(t, path))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o755), info.Mode())
	all, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, all, 1)
}

// What can't be installed leaves nothing behind, and says why.
func TestInstallProgramFails(t *testing.T) {
	dir := t.TempDir()
	occupied := filepath.Join(dir, "occupied")
	require.NoError(t, os.MkdirAll(filepath.Join(occupied, "outrigger"), 0o700))
	plain := file(t, "plain", "")
	for name, says := range map[string]string{
		filepath.Join(dir, "none"): "there is no folder " + filepath.Join(dir, "none") + "\n  hint: make it, or mount",
		plain:                      plain + " isn't a folder\n  hint: name the one",
		occupied:                   "file exists",
	} {
		code, out, stderr := call("", "install", name)
		require.Equal(t, exitFailed, code, name)
		require.Empty(t, out)
		require.Contains(t, stderr, says)
	}
	all, err := os.ReadDir(occupied)
	require.NoError(t, err)
	require.Len(t, all, 1, "no part of a copy")
	for says, args := range map[string][]string{"no folder is given": {}, "one folder at a time": {dir, occupied},
		"the folder has no name": {""}, "a variable may be empty": {"--kustomize-plugin", ""}} {
		code, _, stderr := call("", append([]string{"install"}, args...)...)
		require.Equal(t, exitMisuse, code)
		require.Contains(t, stderr, says)
	}
}
