package tunnel

import (
	"encoding/json"
	"os"
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

const app = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  template:
    spec:
      initContainers:
        - name: migrate
          image: shop:1
          env:
            - name: REDIS_HOST
              value: redis.db.example
      containers:
        - name: shop
          image: shop:1
`

// rendered is the tunnel's container in the pod of an app, as the whole program
// renders it, and the pod.
func rendered(t *testing.T, edits ...func(*pattern.Tunnel)) (corev1.Container, corev1.PodSpec) {
	t.Helper()
	var d appsv1.Deployment
	decode(t, render(t, edits...)[0], &d)
	spec := d.Spec.Template.Spec
	require.Len(t, spec.InitContainers, 2)
	require.Equal(t, "tunnel", spec.InitContainers[0].Name, "before the init container that needs it")
	return spec.InitContainers[0], spec
}

// render gives the objects after a run.
func render(t *testing.T, edits ...func(*pattern.Tunnel)) []string {
	t.Helper()
	p := &pattern.Tunnel{
		ListenPort: 6379, Host: serverName, Port: 6380,
		CA:  &pattern.CABundle{ConfigMapName: "db-ca"},
		Env: map[string]string{"REDIS_HOST": "127.0.0.1", "REDIS_PORT": "6379"},
	}
	for _, edit := range edits {
		edit(p)
	}
	asked, err := json.Marshal(config.Sidecars{APIVersion: config.APIVersion, Kind: config.Kind, Spec: config.Spec{
		Select:   []config.Selector{{Kind: "Deployment"}},
		Patterns: []config.Entry{{Tunnel: p}},
	}})
	require.NoError(t, err)
	conf, fs := config.Read(asked, "")
	require.NoError(t, fs.Err())
	out := rig.Run([]rig.File{{Text: app}}, conf, rig.Options{})
	require.NoError(t, out.Findings.Err())
	return strings.Split(out.Files()[0].Text, "\n---\n")
}

// renderedFiles is the content of the ConfigMap of a rendered tunnel.
func renderedFiles(t *testing.T, texts []string) map[string]string {
	t.Helper()
	require.Len(t, texts, 2)
	var m corev1.ConfigMap
	decode(t, texts[1], &m)
	return m.Data
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

// volumes are the container's mounts: the CA, and the client's certificate where
// there is one.
func volumes(t *testing.T, ca, client map[string]string) map[string]*pod.Volume {
	t.Helper()
	mounts := map[string]*pod.Volume{
		"/etc/outrigger/ca": pod.NewVolume(t, ca),
		pod.Programs:        pod.Folder(t, os.Getenv(programs)),
	}
	if client != nil {
		mounts["/etc/outrigger/client"] = pod.NewVolume(t, client)
	}
	return mounts
}
