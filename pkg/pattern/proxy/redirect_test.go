package proxy

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

func redirect(p *TLSProxy) { p.Mode, p.Rebind = ModeRedirect, nil }

// The app keeps its port, and all others see the proxy there.
func TestRedirect(t *testing.T) {
	w := patterntest.NewElasticsearch()
	c := change(t, proxy(redirect), w)
	require.Equal(t, []sidecar.Takeover{{Port: 9200, AppPort: 9200, Redirected: true, Scheme: corev1.URISchemeHTTPS}},
		c.Takeovers)
	require.Equal(t, []sidecar.Claim{{Port: 8443, For: "sidecar tls-proxy"}}, c.Claims)
	require.Equal(t, sidecar.App{DrainSeconds: 5}, c.App)
	require.Empty(t, c.Containers[0].Ports, "nobody needs its port")
	require.Equal(t, int32(8443), c.Containers[0].StartupProbe.TCPSocket.Port.IntVal)
	require.Contains(t, string(c.Objects[0].RawMessage), "proxy_pass http://127.0.0.1:9200;")
	require.Empty(t, c.Pod.Sysctls)

	require.Equal(t, sidecar.PhaseKernel, c.InitPhase, "before everything that may listen")
	require.Equal(t, sidecar.PhaseProxy, c.Phase)
	require.Len(t, c.InitContainers, 1)
	require.Equal(t, "tls-proxy-redirect", c.InitContainers[0].Name)
	require.Equal(t, []string{"9200", "8443"}, c.InitContainers[0].Args)

	several := change(t, proxy(redirect, func(p *TLSProxy) {
		p.ListenPort, p.MorePorts = 9443, []MorePort{{Port: 9300, ListenPort: 9444, Protocol: sidecar.TCP}}
	}), patterntest.NewElasticsearch(func(w *sidecar.Workload) {
		w.App.Ports = append(w.App.Ports, corev1.ContainerPort{ContainerPort: 9300})
	}))
	require.Equal(t, []string{"9200", "9443", "9300", "9444"}, several.InitContainers[0].Args)
	require.Equal(t, sidecar.TCP, several.Takeovers[1].Protocol)
}

// A port that only root could listen on needs no sysctl: the proxy's own is another.
func TestRedirectPrivilegedPort(t *testing.T) {
	w := patterntest.NewElasticsearch(func(w *sidecar.Workload) { w.App.Ports[0].ContainerPort = 80 })
	require.Empty(t, change(t, proxy(redirect, func(p *TLSProxy) { p.Port = 80 }), w).Pod.Sysctls)
}

// Without port, all of the app's ports are redirected.
func TestRedirectDeclaredPorts(t *testing.T) {
	w := patterntest.NewElasticsearch(func(w *sidecar.Workload) {
		w.App.Ports = []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}, {Name: "tcp-raw", ContainerPort: 8443},
			{Name: "https", ContainerPort: 9443}, {Name: "dns", ContainerPort: 53, Protocol: corev1.ProtocolUDP}}
	})
	c := change(t, proxy(redirect, func(p *TLSProxy) { p.Port = 0 }), w)
	require.Equal(t, []string{"8080", "8444", "8443", "8445"}, c.InitContainers[0].Args)
}

// The kubelet has no password, so it gets a listener of its own, as in mode takeover.
func TestRedirectAuthProxy(t *testing.T) {
	w := patterntest.NewElasticsearch(func(w *sidecar.Workload) { w.Name = "auth-proxy" })
	p := &AuthProxy{Base: proxy(redirect).Base, Basic: &Basic{SecretName: "users"}}
	c := patterntest.BuildChange(t, p, w)
	require.True(t, c.Takeovers[0].Redirected && c.Takeovers[0].Authenticated)
	require.Equal(t, int32(16000), c.Takeovers[0].HealthPort)
	require.Equal(t, []corev1.ContainerPort{{ContainerPort: 16000}}, c.Containers[0].Ports)
	require.Equal(t, "auth-proxy-redirect", c.InitContainers[0].Name)
	require.Contains(t, p.ContainerNames("auth-proxy"), "auth-proxy-redirect")
}

func TestRedirectFindings(t *testing.T) {
	at := func(level string) *sidecar.Workload {
		return patterntest.NewElasticsearch(func(w *sidecar.Workload) { w.PodSecurity = level })
	}
	for _, level := range []string{"", "privileged"} {
		lines := patterntest.FindingLines(t, proxy(redirect), at(level))
		require.Len(t, lines, 1)
		require.Contains(t, lines[0], "warning redirect-privileged: mode: ")
	}
	for _, level := range []string{"baseline", "restricted"} {
		_, err := sidecar.Build(proxy(redirect), at(level))
		require.ErrorContains(t, err, "pod-security.kubernetes.io/enforce: "+level)
		require.ErrorContains(t, err, "write rebind or mode: front")
	}
	_, err := sidecar.Build(proxy(redirect), patterntest.NewElasticsearch(func(w *sidecar.Workload) {
		w.Pod.Labels = map[string]string{"sidecar.istio.io/inject": "true"}
	}))
	require.ErrorContains(t, err, "Istio redirects the ports of these pods too")
	for field, edit := range map[string]func(*TLSProxy){
		"rebind":        func(p *TLSProxy) { p.Rebind = &Rebind{Port: 9201} },
		"networkPolicy": func(p *TLSProxy) { p.NetworkPolicy = &NetworkPolicy{} },
		"listenPort":    func(p *TLSProxy) { p.ListenPort = 9200 },
	} {
		fs := proxy(redirect, edit).Validate()
		require.Len(t, fs, 1, field)
		require.Equal(t, field, fs[0].Field)
	}
}

// The presets that no argument moves say what works in their place.
func TestRefusedPresetsNameRedirect(t *testing.T) {
	for _, name := range []string{"nginx", "tomcat", "couchdb", "vault", "openbao", "rabbitmq-management"} {
		fs := proxy(func(p *TLSProxy) { p.Rebind = &Rebind{Preset: name} }).Validate()
		require.Len(t, fs, 1, name)
		require.Equal(t, "preset-refused", fs[0].Code)
		require.Contains(t, fs[0].Hint, "mode: redirect", name)
	}
}

// A message and its hint have one "; " between them, so neither has one of its own.
func TestRefusalsOfPresetsAreTwoParts(t *testing.T) {
	for name, preset := range rebindPresets() {
		if preset.Refuse == "" {
			continue
		}
		fs := proxy(func(p *TLSProxy) { p.Rebind = &Rebind{Preset: name} }).Validate()
		require.Equal(t, "preset-refused", fs[0].Code, name)
		require.NotContains(t, fs[0].Message, "; ", name)
		require.NotContains(t, fs[0].Hint, "; ", name)
		require.NotEmpty(t, fs[0].Hint, name)
	}
}
