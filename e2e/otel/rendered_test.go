package otel

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/e2e/rendered"
	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/pattern/agent"
)

// values are what Secrets and fields of the pod would give the container.
var values = map[string]string{
	"POD_NAME":      "shop-1",
	"POD_NAMESPACE": "prod",
	"POD_UID":       "0-0",
	"NODE_NAME":     "node-7",
	"HEADER_0":      "Bearer of-something: {n, y} $1 #",
}

// renderCollector is the collector's container, as the whole program renders it, its files and
// the app's container.
func renderCollector(t *testing.T, p agent.OTelAgent) (
	c corev1.Container, files map[string]string, app corev1.Container,
) {
	t.Helper()
	out := rendered.Render(t, rendered.Deployment("shop", ""), config.Entry{OTelAgent: &p, Name: "otel"})
	spec := out.Pod(t)
	c = spec.InitContainers[0]
	for i, e := range c.Env {
		if e.ValueFrom != nil {
			require.Contains(t, values, e.Name)
			c.Env[i].Value = values[e.Name]
		}
	}
	require.Empty(t, c.Command, "the image's entrypoint")
	c.Command = []string{"otelcol"}
	return c, out.Data(t), spec.Containers[0]
}

// mounts are the container's: its configuration, and the CA where there is one.
func mounts(t *testing.T, files map[string]string, ca string) map[string]*pod.Volume {
	t.Helper()
	all := map[string]*pod.Volume{
		"/etc/outrigger/otel": pod.NewVolume(t, files),
		pod.Programs:          pod.ExistingVolume(t, pod.Built()),
	}
	if ca != "" {
		all["/etc/outrigger/ca"] = pod.NewVolume(t, map[string]string{"ca.crt": ca})
	}
	return all
}
