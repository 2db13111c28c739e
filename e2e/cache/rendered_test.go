package cache

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/e2e/rendered"
	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/pattern/agent"
)

const maxMemory = 32 << 20

// renderCache is the cache's container in the pod of an app, as the whole program
// renders it, and the app's.
func renderCache(t *testing.T, p agent.RedisCache) (cache, app corev1.Container) {
	t.Helper()
	p.MaxMemory = new(resource.MustParse("32Mi"))
	spec := rendered.Render(t, rendered.Deployment("shop", ""), config.Entry{Name: "cache", RedisCache: &p}).Pod(t)
	require.Len(t, spec.InitContainers, 1)
	return spec.InitContainers[0], spec.Containers[0]
}

// launch runs a cache and waits until the startup probe succeeds, in the container as
// the kubelet would have it.
func launch(t *testing.T, spec corev1.Container, socket *pod.Volume) *pod.Container {
	t.Helper()
	mounts := map[string]*pod.Volume{pod.Programs: pod.NewApplets(t, "sh", "printf", "nc", "grep", "test")}
	if socket != nil {
		mounts["/run/outrigger/cache"] = socket
	}
	c := pod.Launch(t, spec, mounts)
	for _, probe := range []*corev1.Probe{spec.StartupProbe, spec.LivenessProbe} {
		c.WaitFor("the probe", func() bool { return c.Command(probe.Exec.Command...).Run() == nil })
	}
	return c
}
