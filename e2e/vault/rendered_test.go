package vault

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/e2e/rendered"
	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/vault"
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
func launch(t *testing.T, s *server, edit func(*vault.Vault), token string, files ...vault.VaultFile) *fetcher {
	t.Helper()
	p := &vault.Vault{Address: address, Role: "shop", CA: &pattern.CABundle{SecretName: "vault-ca"}, Files: files}
	edit(p)
	out := rendered.Render(t, app, config.Entry{Vault: p})
	require.Len(t, out, 2)
	f := &fetcher{t: t, spec: out.Pod(t).InitContainers[0], files: pod.EmptyVolume(t)}
	f.Container = pod.Launch(t, f.spec, map[string]*pod.Volume{
		"/vault/secrets":       f.files,
		"/etc/outrigger/vault": pod.NewVolume(t, out.Data(t)),
		"/etc/outrigger/token": pod.NewVolume(t, map[string]string{"token": token}),
		"/etc/outrigger/ca":    pod.NewVolume(t, map[string]string{"ca.crt": s.ca}),
		pod.Programs:           pod.ExistingVolume(t, pod.Built()),
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
