package steps

import (
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/e2e/rendered"
	"github.com/outrigger-dev/outrigger/pkg/config"
)

func TestMain(m *testing.M) { pod.Main(m, "/usr/bin/busybox", "/usr/bin/curl", "/usr/bin/rclone") }

// renderStep is the init container of an entry in the pod of an app, as the whole
// program renders it.
func renderStep(t *testing.T, entry config.Entry, podSpec string) corev1.Container {
	t.Helper()
	if !strings.HasPrefix(podSpec, "{") {
		podSpec = "{containers: [{name: web, image: web:1}]" + podSpec + "}"
	}
	app := "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: " + podSpec + "}}\n"
	spec := rendered.Render(t, app, entry).Pod(t)
	require.Len(t, spec.InitContainers, 1)
	return spec.InitContainers[0]
}

// programs are those of the images, of which there is one here that is all of them:
// busybox. curl, rclone and flock, which Debian's busybox lacks, are themselves.
func programs(t *testing.T) *pod.Volume {
	t.Helper()
	dir, err := os.MkdirTemp(pod.Roots, "programs")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	for name := range strings.FieldsSeq("sh cat chown find mv nc rm sha256sum sleep stat timeout true") {
		require.NoError(t, os.Symlink("/usr/bin/busybox", filepath.Join(dir, name)))
	}
	return pod.ExistingVolume(t, dir)
}

// launch runs an init container with its mounts, by their paths.
func launch(t *testing.T, c corev1.Container, mounts map[string]*pod.Volume) *pod.Container {
	t.Helper()
	all := map[string]*pod.Volume{pod.Programs: programs(t)}
	for path, v := range mounts {
		all[path] = v
	}
	return pod.Launch(t, c, all)
}

// bundle is a ConfigMap with the authority of a server.
func bundle(t *testing.T, s *httptest.Server) *pod.Volume {
	t.Helper()
	block := &pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}
	return pod.NewVolume(t, map[string]string{"ca.crt": string(pem.EncodeToMemory(block))})
}

// content is a file's, and whether it's there.
func content(t *testing.T, v *pod.Volume, name string) (text string, there bool) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(v.Dir, name))
	if os.IsNotExist(err) {
		return "", false
	}
	require.NoError(t, err)
	return string(b), true
}

// says wants a container to have written a text.
func says(t *testing.T, c *pod.Container, text string) {
	t.Helper()
	pod.Poll(t, "it to say "+text, func() bool { return strings.Contains(c.Log.String(), text) })
}
