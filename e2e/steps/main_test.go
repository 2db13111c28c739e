package steps

import (
	"encoding/json"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/rig"
)

func TestMain(m *testing.M) {
	pod.Main(m, func() error {
		for program, install := range map[string]string{"/usr/bin/busybox": "busybox-static", "/usr/bin/curl": "curl", "/usr/bin/rclone": "rclone"} {
			if err := pod.Needs(program, install); err != nil {
				return err
			}
		}
		return nil
	})
}

// rendered is the init container of an entry in the pod of an app, as the whole
// program renders it.
func rendered(t *testing.T, entry config.Entry, podSpec string) corev1.Container {
	t.Helper()
	asked, err := json.Marshal(config.Sidecars{APIVersion: config.APIVersion, Kind: config.Kind, Spec: config.Spec{
		Select:   []config.Selector{{Kind: "Deployment"}},
		Patterns: []config.Entry{entry},
	}})
	require.NoError(t, err)
	conf, fs := config.Read(asked, "")
	require.NoError(t, fs.Err())
	app := "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{name: web, image: web:1}]" + podSpec + "}}}\n"
	if strings.HasPrefix(podSpec, "{") {
		app = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: " + podSpec + "}}\n"
	}
	out := rig.Run([]rig.File{{Text: app}}, conf, rig.Options{})
	require.NoError(t, out.Findings.Err())
	var v any
	require.NoError(t, yaml.Unmarshal([]byte(strings.Split(out.Files()[0].Text, "\n---\n")[0]), &v))
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	var d appsv1.Deployment
	require.NoError(t, json.Unmarshal(raw, &d))
	require.Len(t, d.Spec.Template.Spec.InitContainers, 1)
	return d.Spec.Template.Spec.InitContainers[0]
}

// programs are those of the images, of which there is one here that is all of them:
// busybox. curl, rclone and flock, which Debian's busybox lacks, are themselves.
func programs(t *testing.T) *pod.Volume {
	t.Helper()
	dir, err := os.MkdirTemp(pod.Roots, "programs")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	for _, name := range []string{"sh", "cat", "chown", "find", "mv", "nc", "rm", "sha256sum", "sleep", "stat", "timeout", "true"} {
		require.NoError(t, os.Symlink("/usr/bin/busybox", filepath.Join(dir, name)))
	}
	return pod.Folder(t, dir)
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
	return pod.NewVolume(t, map[string]string{"ca.crt": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))})
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
