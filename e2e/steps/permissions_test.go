package steps

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/pattern/step"
)

// An archive is a volume with a history: folders that only others may enter, hidden
// files, links to the outside.
func archive(t *testing.T) *pod.Volume {
	t.Helper()
	v := pod.EmptyVolume(t)
	require.NoError(t, os.Chmod(v.Dir, 0o755))
	deep := filepath.Join(v.Dir, "a", "b")
	require.NoError(t, os.MkdirAll(deep, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(deep, ".hidden file"), nil, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(v.Dir, "-R"), nil, 0o600))
	require.NoError(t, os.Symlink("/etc/hosts", filepath.Join(v.Dir, "link")))
	for _, name := range []string{"a/b/.hidden file", "a/b", "a"} {
		require.NoError(t, os.Chown(filepath.Join(v.Dir, name), 4711, 4711))
	}
	require.NoError(t, os.Chmod(filepath.Join(v.Dir, "a"), 0o700))
	return v
}

func giving(t *testing.T, p *step.Permissions) corev1.Container {
	t.Helper()
	p.Volumes = []string{"archive"}
	return renderStep(t, config.Entry{Permissions: p}, `{
	  containers: [{name: web, image: web:1, securityContext: {runAsUser: 1000},
	    volumeMounts: [{name: archive, mountPath: /srv/archive}]}],
	  volumes: [{name: archive, nfs: {server: nas.example, path: /archive}}]}`)
}

// owners are user and group of a file, itself where it's a link.
func owners(t *testing.T, name string) [2]uint32 {
	t.Helper()
	info, err := os.Lstat(name)
	require.NoError(t, err)
	s := info.Sys().(*syscall.Stat_t)
	return [2]uint32{s.Uid, s.Gid}
}

// All of a volume becomes the app's, once; nothing that a link leads to does.
func TestPermissionsChown(t *testing.T) {
	v := archive(t)
	c := giving(t, &step.Permissions{RunAsGroup: new(int64(2000))})
	mounts := map[string]*pod.Volume{"/volumes/srv/archive": v}
	outside := owners(t, "/etc/hosts")
	first := launch(t, c, mounts)
	first.RequireSuccess()
	says(t, first, "/volumes/srv/archive belongs to 1000:2000 now")
	n := 0
	require.NoError(t, filepath.Walk(v.Dir, func(path string, _ os.FileInfo, err error) error {
		require.NoError(t, err)
		require.Equal(t, [2]uint32{1000, 2000}, owners(t, path), path)
		n++
		return nil
	}))
	require.Equal(t, 6, n)
	require.Equal(t, outside, owners(t, "/etc/hosts"))

	// A folder that is right is left alone, whatever is in it.
	require.NoError(t, os.Chown(filepath.Join(v.Dir, "a"), 0, 0))
	again := launch(t, c, mounts)
	again.RequireSuccess()
	says(t, again, "/volumes/srv/archive belongs to 1000:2000 already")
	require.Equal(t, [2]uint32{0, 0}, owners(t, filepath.Join(v.Dir, "a")))

	// One that was left half done has its own owner still: it comes last.
	require.NoError(t, os.Chown(v.Dir, 0, 0))
	launch(t, c, mounts).RequireSuccess()
	require.Equal(t, [2]uint32{1000, 2000}, owners(t, filepath.Join(v.Dir, "a")))
}

// A group that nobody named stays.
func TestPermissionsUserOnly(t *testing.T) {
	v := archive(t)
	launch(t, giving(t, &step.Permissions{}), map[string]*pod.Volume{"/volumes/srv/archive": v}).RequireSuccess()
	require.Equal(t, [2]uint32{1000, 0}, owners(t, v.Dir))
	require.Equal(t, [2]uint32{1000, 4711}, owners(t, filepath.Join(v.Dir, "a", "b", ".hidden file")))
}

// Where a volume can't be given away, as with a server that is root's to nobody, the
// container fails, and says why.
func TestPermissionsRefused(t *testing.T) {
	v := archive(t)
	v.Writable = false
	c := launch(t, giving(t, &step.Permissions{}), map[string]*pod.Volume{"/volumes/srv/archive": v})
	c.RequireFailure()
	says(t, c, "Read-only file system")
	require.Equal(t, [2]uint32{0, 0}, owners(t, v.Dir))
}

// The container of user root has two capabilities, and no more.
func TestPermissionsCapabilities(t *testing.T) {
	c := giving(t, &step.Permissions{})
	c.Command, c.Args = []string{"sh", "-c", "cat /proc/self/status"}, nil
	run := launch(t, c, map[string]*pod.Volume{"/volumes/srv/archive": archive(t)})
	run.RequireSuccess()
	says(t, run, "CapEff:\t0000000000000003") // CHOWN is 1, DAC_OVERRIDE 2
	says(t, run, "CapBnd:\t0000000000000003")
}
