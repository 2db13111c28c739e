package proxy

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

func port(name string, number int32) corev1.ContainerPort {
	return corev1.ContainerPort{Name: name, ContainerPort: number}
}

func servicePort(name string, number, target int32) corev1.ServicePort {
	return corev1.ServicePort{Name: name, Port: number, TargetPort: intstr.FromInt32(target)}
}

func withAppProtocol(protocol string, port corev1.ServicePort) corev1.ServicePort {
	port.AppProtocol = &protocol
	return port
}

// What is spoken on a port is said by its name, or the name of a Service's port. Numbers and Services tell of TLS.
func TestFoundPorts(t *testing.T) {
	for name, c := range map[string]struct {
		ports    []corev1.ContainerPort
		services []corev1.ServicePort
		public   bool
		own      bool // the proxy is there already
		want     string
		declared int    // how many ports the Change declares
		beside   string // another container
	}{
		"all":                      {ports: []corev1.ContainerPort{port("", 80), port("x", 81)}, want: "80 http 81 http "},
		"a name":                   {ports: []corev1.ContainerPort{port("grpc-api", 80)}, want: "80 grpc "},
		"a webhook":                {ports: []corev1.ContainerPort{port("webhook", 9443)}, want: ""},
		"a webhook without a name": {ports: []corev1.ContainerPort{port("", 8443)}, want: ""},
		"a webhook that isn't the API server's": {ports: []corev1.ContainerPort{port("webhook", 7000)},
			services: []corev1.ServicePort{servicePort("webhook", 7000, 7000)}, want: "7000 http "},
		"the API server's webhook": {ports: []corev1.ContainerPort{port("webhook", 7000)},
			services: []corev1.ServicePort{servicePort("", 443, 7000)}, want: ""},
		"a name against a number": {ports: []corev1.ContainerPort{port("http", 8443)}, want: "8443 http "},
		"a Service's name": {ports: []corev1.ContainerPort{port("", 6379)}, services: []corev1.ServicePort{
			servicePort("tcp-redis", 6379, 6379)}, want: "6379 tcp "},
		"a Service's name, through the proxy": {ports: []corev1.ContainerPort{port("", 6379)}, own: true,
			services: []corev1.ServicePort{servicePort("tcp-redis", 6379, 8443)}, want: "6379 tcp "},
		"a name against a Service's": {ports: []corev1.ContainerPort{port("http", 80)}, services: []corev1.ServicePort{
			servicePort("https", 443, 80)}, want: "80 http "},
		"both, with TLS": {ports: []corev1.ContainerPort{port("", 80), port("metrics", 81)}, services: []corev1.ServicePort{
			servicePort("http", 80, 80), servicePort("https", 443, 80)}, want: "81 http "},
		"TLS of a load balancer": {ports: []corev1.ContainerPort{port("", 80)}, public: true,
			services: []corev1.ServicePort{servicePort("https", 443, 80)}, want: "80 http "},
		"a suffix": {ports: []corev1.ContainerPort{port("otlp-grpc", 80)}, want: "80 grpc "},
		"an appProtocol": {ports: []corev1.ContainerPort{port("", 80)}, services: []corev1.ServicePort{
			withAppProtocol("grpc", servicePort("http", 80, 80))}, want: "80 grpc "},
		"an appProtocol over TLS": {ports: []corev1.ContainerPort{port("", 80)}, services: []corev1.ServicePort{
			withAppProtocol("HTTPS", servicePort("grpc", 80, 80))}, want: "80 grpc "},
		"an appProtocol that says nothing": {ports: []corev1.ContainerPort{port("", 80)}, services: []corev1.ServicePort{
			withAppProtocol("example.com/own", servicePort("redis", 80, 80))}, want: "80 tcp "},
		"undeclared": {services: []corev1.ServicePort{servicePort("", 80, 80)}, want: "80 http ", declared: 1},
		"undeclared, several": {services: []corev1.ServicePort{servicePort("", 9, 80), servicePort("grpc", 81, 81),
			servicePort("", 8, 80)}, want: "80 http 81 grpc ", declared: 2},
		"undeclared, with TLS": {services: []corev1.ServicePort{servicePort("", 443, 7000), servicePort("", 80, 80)},
			want: "80 http ", declared: 1},
		"undeclared, by name": {services: []corev1.ServicePort{
			{Port: 80, TargetPort: intstr.FromString("http")}}},
		"undeclared, of another container": {services: []corev1.ServicePort{servicePort("", 80, 8443)}, own: true},
		"undeclared, for UDP":              {services: []corev1.ServicePort{{Port: 53, Protocol: corev1.ProtocolUDP}}},
		"undeclared, declared for UDP": {ports: []corev1.ContainerPort{{ContainerPort: 53, Protocol: corev1.ProtocolUDP}},
			services: []corev1.ServicePort{servicePort("", 53, 53)}},
		"undeclared, without a Service": {},
		"no ports at all": {ports: []corev1.ContainerPort{port("", 70000), port("", 80)}, services: []corev1.ServicePort{
			servicePort("", 81, 99999), servicePort("", 82, -1)}, want: "80 http "},
		"declared, and another one in a Service": {ports: []corev1.ContainerPort{port("", 80)},
			services: []corev1.ServicePort{servicePort("", 81, 81)}, want: "80 http 81 http ", declared: 1},
		"declared, and one that another container may have": {ports: []corev1.ContainerPort{port("", 80)}, beside: "other",
			services: []corev1.ServicePort{servicePort("", 81, 81)}, want: "80 http "},
		"declared, beside a mesh's proxy": {ports: []corev1.ContainerPort{port("", 80)}, beside: "istio-proxy",
			services: []corev1.ServicePort{servicePort("", 81, 81)}, want: "80 http 81 http ", declared: 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := patterntest.NewElasticsearch(func(w *sidecar.Workload) {
				if c.beside != "" {
					w.Pod.Spec.Containers = append(w.Pod.Spec.Containers, corev1.Container{Name: c.beside})
					w.App = &w.Pod.Spec.Containers[0]
				}
				w.App.Ports = c.ports
				w.Services = []sidecar.Service{{Ref: sidecar.Ref{Kind: "Service", Name: "s"},
					Spec: corev1.ServiceSpec{Ports: c.services}}}
				if c.public {
					w.Services[0].Spec.Type = corev1.ServiceTypeLoadBalancer
				}
				w.Name = "tls-proxy"
				if c.own {
					w.Pod.Spec.InitContainers = append(w.Pod.Spec.InitContainers, corev1.Container{Name: w.Name,
						Ports: []corev1.ContainerPort{port("https", 8443)}})
				}
			})
			var got string
			p := &Base{Mode: ModeFront}
			if found := p.withPorts(w); found.Port != 0 {
				for _, d := range found.portRoutes() {
					got += fmt.Sprintf("%d %s ", d.port, d.protocol)
				}
			}
			require.Equal(t, c.want, got)
			found := p.withPorts(w)
			require.Len(t, found.appMigration(w).Ports, c.declared)
		})
	}
}

// Clients of a headless Service go past the proxy. A Service that doesn't lead to the app's ports, or that only
// Prometheus reads, has no such clients.
func TestHeadlessServices(t *testing.T) {
	for name, c := range map[string]struct {
		port corev1.ServicePort
		ip   string
		want int
	}{
		"headless":       {servicePort("http", 9200, 9200), corev1.ClusterIPNone, 1},
		"after a run":    {servicePort("http", 9200, 8443), corev1.ClusterIPNone, 1},
		"not headless":   {servicePort("http", 9200, 9200), "", 0},
		"another port":   {servicePort("http", 9300, 9300), corev1.ClusterIPNone, 0},
		"for Prometheus": {servicePort("http-metrics", 9200, 9200), corev1.ClusterIPNone, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := patterntest.NewElasticsearch(func(w *sidecar.Workload) {
				spec := corev1.ServiceSpec{ClusterIP: c.ip, Ports: []corev1.ServicePort{c.port}}
				w.Services = []sidecar.Service{{Ref: sidecar.Ref{Kind: "Service", Name: "s"}, Spec: spec},
					{Ref: sidecar.Ref{Kind: "Service", Name: "t"}, Spec: spec}}
			})
			p := &Base{Mode: ModeFront, Port: 9200}
			var fs sidecar.Findings
			p.checkHeadless(w, &fs)
			require.Len(t, fs, c.want, "one for all Services")
			if c.want > 0 {
				require.Equal(t, "clients of the headless Service s, t connect to the pods directly, on the app's port, not "+
					"on 8443", fs[0].Message)
			}
		})
	}
}

// Whoever isn't served is told why, and which ports stay open.
func TestLeftPorts(t *testing.T) {
	for name, c := range map[string]struct {
		ports     []corev1.ContainerPort
		services  []corev1.ServicePort
		takeovers []sidecar.Takeover
		tls, auth string // the findings
		beside    bool   // there's another container
	}{
		"none": {tls: "error: container es declares no TCP port"},
		"none, with a Service": {services: []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromString("http")}},
			tls: "error: container es declares no TCP port, and no Service leads to one by number"},
		"TLS": {ports: []corev1.ContainerPort{port("", 8443)}, tls: "error: container es declares only ports with TLS, 8443"},
		"TLS, undeclared": {services: []corev1.ServicePort{servicePort("", 443, 80)},
			tls: "error: container es declares no TCP port, and Services lead only to ports with TLS, 80"},
		"taken, undeclared": {services: []corev1.ServicePort{servicePort("", 80, 80)},
			takeovers: []sidecar.Takeover{{Port: 9000, AppPort: 80, Front: true}}, tls: "error: container es declares no TCP " +
				"port, and Services lead only to ports with TLS or with a sidecar in front, 80"},
		"TLS, too": {ports: []corev1.ContainerPort{port("", 80), port("https", 81)},
			tls:  "info: numbers or names say that port 81 has TLS already, so it stays open as it is",
			auth: "warning: numbers or names say that port 81 has TLS already, so it stays open as it is, without credentials"},
		"a webhook, too": {ports: []corev1.ContainerPort{port("", 80), port("webhook-server", 9443)},
			tls:  "info: numbers or names say that port 9443 has TLS already, so it stays open as it is",
			auth: "info: numbers or names say that port 9443 has TLS already, so it stays open as it is, without credentials"},
		"undeclared, too": {beside: true, ports: []corev1.ContainerPort{port("", 80)}, services: []corev1.ServicePort{
			servicePort("", 80, 80), servicePort("", 443, 8443), servicePort("", 9000, 9000), servicePort("", 1, 9100)},
			takeovers: []sidecar.Takeover{{Port: 9001, AppPort: 9000, Front: true}},
			tls: "info: numbers or names say that port 8443 has TLS already, so it stays open as it is; " +
				"warning: Services also lead to port 9100, which container es doesn't declare: it stays open as it is",
			auth: "warning: numbers or names say that port 8443 has TLS already, so it stays open as it is, without " +
				"credentials; warning: Services also lead to port 9100, which container es doesn't declare: it stays open as it " +
				"is, without credentials"},
	} {
		t.Run(name, func(t *testing.T) {
			w := patterntest.NewElasticsearch(func(w *sidecar.Workload) {
				w.App.Name, w.Name, w.App.Ports, w.Takeovers = "es", "proxy", c.ports, c.takeovers
				w.Services = nil
				if c.beside {
					w.Pod.Spec.Containers = append(w.Pod.Spec.Containers, corev1.Container{Name: "other"})
				}
				if c.services != nil {
					w.Services = []sidecar.Service{{Spec: corev1.ServiceSpec{Ports: c.services}}}
				}
			})
			require.Equal(t, c.tls, left(w, false))
			require.Equal(t, cmp.Or(c.auth, c.tls), left(w, true))
		})
	}
}

func left(w *sidecar.Workload, authenticates bool) string {
	p := (&Base{Mode: ModeFront}).withPorts(w)
	var fs sidecar.Findings
	p.checkFit(w, &fs)
	p.checkLeft(w, authenticates, &fs)
	var all []string
	for _, f := range fs {
		all = append(all, string(f.Severity)+": "+f.Message)
	}
	return strings.Join(all, "; ")
}

// A port that the config names is the app's, and the proxy's is one by default: a Service that leads there may mean
// either.
func TestListenPortOfAService(t *testing.T) {
	w := patterntest.NewElasticsearch(func(w *sidecar.Workload) {
		w.Services = []sidecar.Service{{Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{servicePort("", 443, 8443)}}}}
	})
	check := func(p Base) string {
		var fs sidecar.Findings
		p.checkListenPort(w, &fs)
		return fs.Error()
	}
	require.Contains(t, check(Base{Mode: ModeFront, Port: 9200}),
		"a Service leads to port 8443, which no container declares, and the proxy listens there")
	require.Contains(t, check(Base{Mode: ModeRedirect, Port: 9200}), "write listenPort")
	require.Empty(t, check(Base{Mode: ModeFront, Port: 9200, ListenPort: 8443}))
	require.Empty(t, check(Base{Mode: ModeTakeover, Port: 9200}))
	w.App.Ports = append(w.App.Ports, port("", 8443))
	require.Empty(t, check(Base{Mode: ModeFront, Port: 9200}), "package verify tells")
}
