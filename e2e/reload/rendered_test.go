package reload

import (
	"encoding/json"
	"strings"
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

// rendered is what the whole program makes of a config; more are other entries of it.
func rendered(t *testing.T, p pattern.ConfigReload, more ...config.Entry) (w watcher) {
	t.Helper()
	p.PeriodSeconds = 1
	asked, err := json.Marshal(config.Sidecars{APIVersion: config.APIVersion, Kind: config.Kind, Spec: config.Spec{
		Select:   []config.Selector{{Kind: "Deployment"}},
		Patterns: append(more, config.Entry{Name: "watch", ConfigReload: &p}),
	}})
	require.NoError(t, err)
	conf, fs := config.Read(asked, "")
	require.NoError(t, fs.Err())
	out := rig.Run([]rig.File{{Text: deployment}}, conf, rig.Options{})
	require.NoError(t, out.Findings.Err())
	texts := strings.Split(out.Files()[0].Text, "\n---\n")
	var d appsv1.Deployment
	decode(t, texts[0], &d)
	w.spec = d.Spec.Template.Spec
	for _, c := range w.spec.InitContainers {
		if c.Name == "watch" {
			w.Container = c
		}
	}
	var m corev1.ConfigMap
	decode(t, texts[len(texts)-1], &m)
	require.Equal(t, "web-watch", m.Name)
	w.files = m.Data
	return w
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

// launch runs the watcher over the app's volumes, and waits until it has looked at
// them: it's asleep then.
func (w watcher) launch(t *testing.T, config, secret *pod.Volume) *pod.Container {
	t.Helper()
	c := pod.Launch(t, w.Container, map[string]*pod.Volume{
		pod.Programs:                  pod.Applets(t, "sh", "sleep", "readlink", "pidof", "sed", "id"),
		"/etc/outrigger/reload":       pod.NewVolume(t, w.files),
		"/etc/outrigger/watch/config": config,
		"/etc/outrigger/watch/secret": secret,
	})
	pod.Poll(t, "the watcher to look", func() bool { return len(children(t, c.Cmd.Process.Pid, "sleep")) > 0 })
	return c
}
