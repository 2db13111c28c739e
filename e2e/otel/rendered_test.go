package otel

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

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  template:
    spec:
      containers:
        - name: shop
          image: shop:1
`

// values are what Secrets and fields of the pod would give the container.
var values = map[string]string{"POD_NAME": "shop-1", "POD_NAMESPACE": "prod", "POD_UID": "0-0", "NODE_NAME": "node-7", "HEADER_0": "Bearer of-something: {n, y} $1 #"}

// rendered is the collector's container, as the whole program renders it, its files and
// the app's container.
func rendered(t *testing.T, p pattern.OTelAgent) (c corev1.Container, files map[string]string, app corev1.Container) {
	t.Helper()
	asked, err := json.Marshal(config.Sidecars{APIVersion: config.APIVersion, Kind: config.Kind, Spec: config.Spec{
		Select:   []config.Selector{{Kind: "Deployment"}},
		Patterns: []config.Entry{{OTelAgent: &p, Name: "otel"}},
	}})
	require.NoError(t, err)
	conf, fs := config.Read(asked, "")
	require.NoError(t, fs.Err())
	out := rig.Run([]rig.File{{Text: deployment}}, conf, rig.Options{})
	require.NoError(t, out.Findings.Err())
	texts := strings.Split(out.Files()[0].Text, "\n---\n")
	var d appsv1.Deployment
	decode(t, texts[0], &d)
	var m corev1.ConfigMap
	decode(t, texts[1], &m)
	c = d.Spec.Template.Spec.InitContainers[0]
	for i, e := range c.Env {
		if e.ValueFrom != nil {
			require.Contains(t, values, e.Name)
			c.Env[i].Value = values[e.Name]
		}
	}
	require.Empty(t, c.Command, "the image's entrypoint")
	c.Command = []string{"otelcol"}
	return c, m.Data, d.Spec.Template.Spec.Containers[0]
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

// mounts are the container's: its configuration, and the CA where there is one.
func mounts(t *testing.T, files map[string]string, ca string) map[string]*pod.Volume {
	t.Helper()
	all := map[string]*pod.Volume{
		"/etc/outrigger/otel": pod.NewVolume(t, files),
		pod.Programs:          pod.Folder(t, os.Getenv(programs)),
	}
	if ca != "" {
		all["/etc/outrigger/ca"] = pod.NewVolume(t, map[string]string{"ca.crt": ca})
	}
	return all
}
