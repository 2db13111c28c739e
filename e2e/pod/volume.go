package pod

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A Volume is the directory of a Secret's or ConfigMap's volume, as the kubelet
// writes it: files are links into ..data, a link that is replaced at once.
type Volume struct {
	t        *testing.T
	Dir      string
	Writable bool // the container may write to it
	version  int
}

// NewVolume writes one.
func NewVolume(t *testing.T, files map[string]string) *Volume {
	t.Helper()
	dir, err := os.MkdirTemp(Roots, "volume")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	v := &Volume{t: t, Dir: dir}
	v.WriteFiles(files)
	for name := range files {
		require.NoError(t, os.Symlink("..data/"+name, filepath.Join(dir, name)))
	}
	return v
}

// ExistingVolume is one that is there already.
func ExistingVolume(t *testing.T, dir string) *Volume { return &Volume{t: t, Dir: dir} }

// EmptyVolume is an empty one to which containers write.
func EmptyVolume(t *testing.T) *Volume {
	t.Helper()
	dir, err := os.MkdirTemp(Roots, "space")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o777)) // as an emptyDir
	return &Volume{t: t, Dir: dir, Writable: true}
}

// NewApplets is a folder of programs for [Programs]: those of busybox by their names, as
// small images have them.
func NewApplets(t *testing.T, names ...string) *Volume {
	t.Helper()
	dir, err := os.MkdirTemp(Roots, "applets")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	for _, name := range names {
		require.NoError(t, os.Symlink("/usr/bin/busybox", filepath.Join(dir, name)))
	}
	return ExistingVolume(t, dir)
}

// WriteFiles replaces all files at once.
func (v *Volume) WriteFiles(files map[string]string) {
	v.t.Helper()
	v.version++
	name := fmt.Sprintf("..2026_%d", v.version)
	require.NoError(v.t, os.Mkdir(filepath.Join(v.Dir, name), 0o755))
	for file, text := range files {
		require.NoError(v.t, os.WriteFile(filepath.Join(v.Dir, name, file), []byte(text), 0o644))
	}
	require.NoError(v.t, os.Symlink(name, filepath.Join(v.Dir, "..data_tmp")))
	require.NoError(v.t, os.Rename(filepath.Join(v.Dir, "..data_tmp"), filepath.Join(v.Dir, "..data")))
	if v.version > 1 {
		require.NoError(v.t, os.RemoveAll(filepath.Join(v.Dir, fmt.Sprintf("..2026_%d", v.version-1))))
	}
}
