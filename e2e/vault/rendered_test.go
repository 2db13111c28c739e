package vault

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/rig"
)

const app = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
  namespace: prod
spec:
  template:
    spec:
      serviceAccountName: shop
      securityContext:
        runAsUser: 4711
        runAsGroup: 4712
      containers:
        - name: shop
          image: shop:1
`

// A fetcher is a rendered container that runs, and the files that it writes.
type fetcher struct {
	*pod.Container
	t     *testing.T
	spec  corev1.Container
	files *pod.Volume
}

// launch runs what the whole program renders for files: the container, with its
// volumes as the kubelet makes them.
func launch(t *testing.T, s *server, edit func(*pattern.Vault), token string, files ...pattern.VaultFile) *fetcher {
	t.Helper()
	p := &pattern.Vault{Address: address, Role: "shop", CA: &pattern.CABundle{SecretName: "vault-ca"}, Files: files}
	edit(p)
	asked, err := json.Marshal(config.Sidecars{APIVersion: config.APIVersion, Kind: config.Kind, Spec: config.Spec{
		Select:   []config.Selector{{Kind: "Deployment"}},
		Patterns: []config.Entry{{Vault: p}},
	}})
	require.NoError(t, err)
	conf, fs := config.Read(asked, "")
	require.NoError(t, fs.Err())
	out := rig.Run([]rig.File{{Text: app}}, conf, rig.Options{})
	require.NoError(t, out.Findings.Err())
	texts := strings.Split(out.Files()[0].Text, "\n---\n")
	require.Len(t, texts, 2)
	var d appsv1.Deployment
	decode(t, texts[0], &d)
	var m corev1.ConfigMap
	decode(t, texts[1], &m)

	f := &fetcher{t: t, spec: d.Spec.Template.Spec.InitContainers[0], files: pod.Space(t)}
	f.Container = pod.Launch(t, f.spec, map[string]*pod.Volume{
		"/vault/secrets":       f.files,
		"/etc/outrigger/vault": pod.NewVolume(t, m.Data),
		"/etc/outrigger/token": pod.NewVolume(t, map[string]string{"token": token}),
		"/etc/outrigger/ca":    pod.NewVolume(t, map[string]string{"ca.crt": s.ca}),
		pod.Programs:           pod.Folder(t, os.Getenv(programs)),
	})
	return f
}

// ready is what the startup probe says.
func (f *fetcher) ready() bool {
	return f.Command(f.spec.StartupProbe.Exec.Command...).Run() == nil
}

// text is what a file has; it has to be there, and to be the app's alone.
func (f *fetcher) text(name string) string {
	f.t.Helper()
	file := filepath.Join(f.files.Dir, name)
	raw, err := os.ReadFile(file)
	require.NoError(f.t, err)
	info, err := os.Stat(file)
	require.NoError(f.t, err)
	require.Equal(f.t, os.FileMode(0o400), info.Mode().Perm())
	require.EqualValues(f.t, 4711, info.Sys().(*syscall.Stat_t).Uid)
	return string(raw)
}

// decode reads YAML into an API type.
func decode(t *testing.T, text string, into any) {
	t.Helper()
	var v any
	require.NoError(t, yaml.Unmarshal([]byte(text), &v))
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, into))
}
