package nginx

import (
	"encoding/json"
	"fmt"
	"path"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

const (
	port    = 9200
	appPort = 9201
)

// rendered is what a pod gets.
type rendered struct {
	conf              string
	confDir, certsDir string
	container         corev1.Container
	sysctls           []corev1.Sysctl
	port              int32
}

func (r rendered) address() string { return fmt.Sprintf("127.0.0.1:%d", r.port) }

// renderedConf is what the pattern renders for an app, for the nginx of Debian 12.
func renderedConf(t *testing.T, edits ...func(*pattern.TLSProxy)) rendered {
	t.Helper()
	p := &pattern.TLSProxy{
		Port: port, SecretName: "search-tls", AccessLog: pattern.JSONAccessLog,
		Rebind: &pattern.Rebind{Port: appPort, Args: []string{"--listen=127.0.0.1:9201"}},
	}
	for _, edit := range edits {
		edit(p)
	}
	w := &sidecar.Workload{
		Ref: sidecar.Ref{Group: "apps", Kind: "Deployment", Name: "search"},
		Pod: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
			Containers: []corev1.Container{{Name: "search", Ports: []corev1.ContainerPort{{ContainerPort: p.Port}}}},
		}},
		Name: "tls-proxy", Placement: sidecar.Native, Kubernetes: sidecar.Version{Major: 1, Minor: 33},
		Override: &corev1.Container{Image: "docker.io/library/nginx:1.22.1"},
	}
	w.App = &w.Pod.Spec.Containers[0]
	c, err := p.Change(w)
	require.NoError(t, err)

	var config corev1.ConfigMap
	require.NoError(t, json.Unmarshal(c.Objects[0].RawMessage, &config))
	r := rendered{conf: config.Data["nginx.conf"], container: c.Containers[0], sysctls: c.Pod.Sysctls, port: p.Port}
	r.confDir, r.certsDir = r.mount("tls-proxy-config"), r.mount("tls-proxy-certs")
	require.Contains(t, r.container.Command, path.Join(r.confDir, "nginx.conf"))
	require.Equal(t, "/tmp", r.mount("tls-proxy-tmp"))
	return r
}

// mount is where a volume is mounted.
func (r rendered) mount(volume string) string {
	for _, m := range r.container.VolumeMounts {
		if m.Name == volume {
			return m.MountPath
		}
	}
	return ""
}
