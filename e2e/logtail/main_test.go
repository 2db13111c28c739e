package logtail

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
)

const busybox = "/usr/bin/busybox"

func TestMain(m *testing.M) { pod.Main(m, busybox) }

// programs are those of the image: all of them are busybox.
func programs(t *testing.T) *pod.Volume {
	t.Helper()
	dir := folder(t, "programs", 0, 0o755)
	for _, name := range []string{"busybox", "sh", "sleep", "stat", "id"} {
		require.NoError(t, os.Symlink(busybox, filepath.Join(dir, name)))
	}
	return pod.ExistingVolume(t, dir)
}

// folder is an empty one of a user.
func folder(t *testing.T, name string, user int, mode os.FileMode) string {
	t.Helper()
	dir, err := os.MkdirTemp(pod.Roots, name)
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, mode))
	require.NoError(t, os.Chown(dir, user, user))
	return dir
}
