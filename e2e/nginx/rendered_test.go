package nginx

import (
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/e2e/rendered"
	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/pattern/proxy"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

const (
	port       = 9200
	appPort    = 9201
	serverName = "search.prod.svc"
)

// renderedProxy is what a pod gets.
type renderedProxy struct {
	files             map[string]string // of the ConfigMap
	confDir, certsDir string
	more              map[string]*pod.Volume // further volumes, by their place
	container         corev1.Container
	sysctls           []corev1.Sysctl
	port              int32
}

func (r renderedProxy) address() string { return fmt.Sprintf("127.0.0.1:%d", r.port) }

// renderProxy is what the whole program renders for an app, for the nginx of
// Debian 12.
func renderProxy(t *testing.T, edits ...func(*proxy.TLSProxy)) renderedProxy {
	t.Helper()
	p := &proxy.TLSProxy{Base: proxy.Base{
		Port: port, SecretName: "search-tls", AccessLog: proxy.JSONAccessLog,
		Rebind: &proxy.Rebind{Port: appPort, Args: []string{"--listen=127.0.0.1:9201"}},
	}}
	for _, edit := range edits {
		edit(p)
	}
	probes := probes
	switch p.Protocol {
	case sidecar.TCP:
		probes = "" // they'd be refused
	case sidecar.GRPC:
		probes = grpcProbes
	}
	fields := fmt.Sprintf("          args: [serve]\n          ports:\n            - containerPort: %d\n", p.Port)
	for _, m := range p.MorePorts {
		fields += fmt.Sprintf("            - containerPort: %d\n", m.Port)
	}
	debian12 := &corev1.Container{Image: "docker.io/library/nginx:1.22.1"}
	app := rendered.Deployment("search", fields+probes)
	out := rendered.Render(t, app, config.Entry{TLSProxy: p, Override: debian12})
	require.Len(t, out, map[bool]int{false: 2, true: 3}[p.Mode == proxy.ModeFront], "and a NetworkPolicy")
	spec := out.Pod(t)
	require.Len(t, spec.InitContainers, 1)
	r := renderedProxy{
		files:     out.Data(t),
		container: spec.InitContainers[0],
		port:      spec.InitContainers[0].Ports[0].ContainerPort,
		more:      map[string]*pod.Volume{},
	}
	if strings.Contains(r.files["nginx.conf"], "\nstream {") { // a module of its own in Debian, built in elsewhere
		r.files["nginx.conf"] = "load_module /usr/lib/nginx/modules/ngx_stream_module.so;\n" + r.files["nginx.conf"]
	}
	if spec.SecurityContext != nil {
		r.sysctls = spec.SecurityContext.Sysctls
	}
	r.confDir, r.certsDir = r.mount("tls-proxy-config"), r.mount("tls-proxy-certs")
	if p.Clients == nil {
		require.Contains(t, r.container.Command, path.Join(r.confDir, "nginx.conf"))
	}
	require.Equal(t, "/tmp", r.mount("tls-proxy-tmp"))
	return r
}

// probes are what the kubelet asks of the app, for its listener.
const probes = `          readinessProbe:
            httpGet: {path: "/healthz?full=1", port: 9200}
`

// mount is where a volume is mounted.
func (r renderedProxy) mount(volume string) string {
	for _, m := range r.container.VolumeMounts {
		if m.Name == volume {
			return m.MountPath
		}
	}
	return ""
}
