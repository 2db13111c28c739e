package reload

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/e2e/rendered"
	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/pattern/agent"
)

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      securityContext: {runAsUser: 3000, runAsGroup: 3000}
      containers:
        - name: web
          image: nginx:1
          ports: [{containerPort: 8080}]
          volumeMounts:
            - {name: config, mountPath: /etc/web}
            - {name: secret, mountPath: /etc/secret}
      volumes:
        - {name: config, configMap: {name: web}}
        - {name: secret, secret: {secretName: web}}
`

// A rendered watcher is its container and its script.
type watcher struct {
	corev1.Container
	files map[string]string
	spec  corev1.PodSpec
}

// renderWatcher is what the whole program makes of a config; more are other entries of it.
func renderWatcher(t *testing.T, p agent.ConfigReload, more ...config.Entry) (w watcher) {
	t.Helper()
	p.PeriodSeconds = 1
	out := rendered.Render(t, deployment, append(more, config.Entry{Name: "watch", ConfigReload: &p})...)
	w.spec = out.Pod(t)
	for _, c := range w.spec.InitContainers {
		if c.Name == "watch" {
			w.Container = c
		}
	}
	for _, m := range rendered.Decode[corev1.ConfigMap](t, out, "ConfigMap") {
		if m.Name == "web-watch" {
			w.files = m.Data
		}
	}
	require.NotEmpty(t, w.files)
	return w
}

// launch runs the watcher over the app's volumes, and waits until it has looked at
// them: it's asleep then.
func (w watcher) launch(t *testing.T, config, secret *pod.Volume) *pod.Container {
	t.Helper()
	c := pod.Launch(t, w.Container, map[string]*pod.Volume{
		pod.Programs:                  pod.NewApplets(t, "sh", "sleep", "readlink", "pidof", "sed", "id"),
		"/etc/outrigger/reload":       pod.NewVolume(t, w.files),
		"/etc/outrigger/watch/config": config,
		"/etc/outrigger/watch/secret": secret,
	})
	pod.Poll(t, "the watcher to look", func() bool { return len(children(t, c.Cmd.Process.Pid, "sleep")) > 0 })
	return c
}
