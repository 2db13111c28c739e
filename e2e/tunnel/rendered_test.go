package tunnel

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/e2e/rendered"
	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/tunnel"
)

var app = rendered.Deployment("shop", `      initContainers:
        - name: migrate
          image: shop:1
          env:
            - name: REDIS_HOST
              value: redis.db.example
`)

// renderTunnel is the tunnel's container in the pod of an app, as the whole program
// renders it, and the pod.
func renderTunnel(t *testing.T, edits ...func(*tunnel.Tunnel)) (corev1.Container, corev1.PodSpec) {
	t.Helper()
	spec := renderObjects(t, edits...).Pod(t)
	require.Len(t, spec.InitContainers, 2)
	require.Equal(t, "tunnel", spec.InitContainers[0].Name, "before the init container that needs it")
	return spec.InitContainers[0], spec
}

// renderObjects returns the objects after a run.
func renderObjects(t *testing.T, edits ...func(*tunnel.Tunnel)) rendered.Objects {
	t.Helper()
	p := &tunnel.Tunnel{
		ListenPort: 6379, Host: serverName, Port: 6380,
		CA:  &pattern.CABundle{ConfigMapName: "db-ca"},
		Env: map[string]string{"REDIS_HOST": "127.0.0.1", "REDIS_PORT": "6379"},
	}
	for _, edit := range edits {
		edit(p)
	}
	return rendered.Render(t, app, config.Entry{Tunnel: p})
}

// volumes are the container's mounts: the CA, and the client's certificate where
// there is one.
func volumes(t *testing.T, ca, client map[string]string) map[string]*pod.Volume {
	t.Helper()
	mounts := map[string]*pod.Volume{
		"/etc/outrigger/ca": pod.NewVolume(t, ca),
		pod.Programs:        pod.ExistingVolume(t, pod.Built()),
	}
	if client != nil {
		mounts["/etc/outrigger/client"] = pod.NewVolume(t, client)
	}
	return mounts
}
