package verify_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
	"github.com/outrigger-dev/outrigger/pkg/sidecar/sidecartest"
	"github.com/outrigger-dev/outrigger/pkg/verify"
)

func TestPorts(t *testing.T) {
	w := sidecartest.Workload()
	proxy := func(port int32, name string) *sidecar.Change {
		return &sidecar.Change{Containers: []corev1.Container{{Name: "proxy",
			Ports: []corev1.ContainerPort{{Name: name, ContainerPort: port}}}}}
	}
	taken := proxy(9200, "http")
	taken.Takeovers = []sidecar.Takeover{{Port: 9200, AppPort: 9201}}
	taken.Claims = []sidecar.Claim{{Port: 9201, For: "app on loopback"}}
	require.Empty(t, verify.Check(w, []sidecar.Answer{sidecartest.Answer(w, "proxy", taken)}),
		"a takeover moves number and name")
	require.Empty(t, verify.Check(w, []sidecar.Answer{sidecartest.Answer(w, "proxy", proxy(7000, ""))}),
		"an init container that ends has no port")
	udp := proxy(8080, "")
	udp.Containers[0].Ports[0].Protocol = corev1.ProtocolUDP
	require.Empty(t, verify.Check(w, []sidecar.Answer{sidecartest.Answer(w, "proxy", udp)}))

	fs := verify.Check(w, []sidecar.Answer{sidecartest.Answer(w, "proxy", proxy(8080, "")),
		sidecartest.Answer(w, "claims", &sidecar.Change{Claims: []sidecar.Claim{{Port: 8080}}}),
		sidecartest.Answer(w, "named", proxy(1, "http"))})
	require.Len(t, fs, 4, "all at once: %v", fs)
	require.Equal(t, "Deployment prod/web: proxy: port 8080/TCP is used by container other and by container proxy, "+
		"and containers of a pod share one network; give one of them another port", fs[0].String())
	require.Contains(t, fs[3].String(), "port name http is used by container app and by container proxy")
}

// A port that one sidecar declares in the app's container isn't free for another one.
func TestDeclaredPort(t *testing.T) {
	w := sidecartest.Workload()
	declares := &sidecar.Change{App: sidecar.App{Ports: []int32{8443}}}
	listens := &sidecar.Change{Containers: []corev1.Container{{Name: "proxy",
		Ports: []corev1.ContainerPort{{ContainerPort: 8443}}}}}
	require.Empty(t, verify.Check(w, []sidecar.Answer{sidecartest.Answer(w, "a", declares),
		sidecartest.Answer(w, "b", declares)}))
	require.Contains(t, verify.Check(w, []sidecar.Answer{sidecartest.Answer(w, "proxy", listens),
		sidecartest.Answer(w, "a", declares)}).Error(), "port 8443/TCP is used by container app and by container proxy")
}

// A container may declare a port under several names. Two sidecars in front of apps mustn't choose one port.
func TestPortOfOneContainer(t *testing.T) {
	w := sidecartest.Workload()
	front := func(names ...string) *sidecar.Change {
		c := corev1.Container{Name: names[0]}
		for _, name := range names[1:] {
			c.Ports = append(c.Ports, corev1.ContainerPort{Name: name, ContainerPort: 8443})
		}
		return &sidecar.Change{Containers: []corev1.Container{c},
			Takeovers: []sidecar.Takeover{{Port: 8443, AppPort: 9200, Front: true}}}
	}
	one := sidecartest.Answer(w, "one", front("one", "a", "b"))
	require.Empty(t, verify.Check(w, []sidecar.Answer{one}))
	require.Contains(t, verify.Check(w, []sidecar.Answer{one, sidecartest.Answer(w, "two", front("two", "c"))}).Error(),
		"port 8443/TCP is used by container one and by container two, and containers of a pod share one network; "+
			"give one of them another listenPort")
}

// Two containers of a person have one name for their ports, and a sidecar takes over one of them: that isn't its fault.
func TestPortNamesOfPeople(t *testing.T) {
	w := sidecartest.Workload()
	other := &w.Pod.Spec.Containers[1]
	other.Ports = append(other.Ports, corev1.ContainerPort{Name: "http", ContainerPort: 9301})
	proxy := func(name string) *sidecar.Change {
		return &sidecar.Change{
			Containers: []corev1.Container{{Name: "proxy", Ports: []corev1.ContainerPort{{Name: name, ContainerPort: 9200}}}},
			Takeovers:  []sidecar.Takeover{{Port: 9200, AppPort: 9201}},
		}
	}
	require.Empty(t, verify.Check(w, []sidecar.Answer{sidecartest.Answer(w, "proxy", proxy("http"))}))
	other.Ports[len(other.Ports)-1].Name = "new"
	require.Contains(t, verify.Check(w, []sidecar.Answer{sidecartest.Answer(w, "proxy", proxy("new"))}).Error(),
		"port name new is used by container other and by container proxy", "the sidecar brings the name")
}

func TestPortsOfTheNode(t *testing.T) {
	w := sidecartest.Workload()
	w.App.Ports[0].HostPort = 443
	probe := &corev1.Probe{}
	probe.TCPSocket = &corev1.TCPSocketAction{Port: intstr.FromInt32(5000)}
	w.Pod.Spec.Containers[1].ReadinessProbe = probe
	on := func(port, host int32, ip string) *sidecar.Change {
		return &sidecar.Change{Containers: []corev1.Container{{Name: "proxy",
			Ports: []corev1.ContainerPort{{ContainerPort: port, HostPort: host, HostIP: ip}}}}}
	}
	require.Empty(t, verify.Check(w, []sidecar.Answer{sidecartest.Answer(w, "proxy", on(5000, 5000, ""))}),
		"what only a probe names is nobody's")
	require.Equal(t, "Deployment prod/web: proxy: port 443/TCP of the node is used by container app and by container "+
		"proxy; give one of them another hostPort, or remove it",
		verify.Check(w, []sidecar.Answer{sidecartest.Answer(w, "proxy", on(5000, 443, "10.0.0.1"))}).Error())
	w.App.Ports[0].HostIP = "10.0.0.2"
	require.Empty(t, verify.Check(w, []sidecar.Answer{sidecartest.Answer(w, "proxy", on(5000, 443, "10.0.0.1"))}))
}

func TestPortsOfTakeovers(t *testing.T) {
	w := sidecartest.Workload()
	taken := func(to int32, claims ...sidecar.Claim) *sidecar.Change {
		return &sidecar.Change{Takeovers: []sidecar.Takeover{{Port: 9200, AppPort: to}}, Claims: claims}
	}
	require.Contains(t, verify.Check(w, []sidecar.Answer{sidecartest.Answer(w, "a", taken(8080))}).Error(),
		"a: port 8080/TCP is used by container other and by container app, moved to 127.0.0.1")
	require.Len(t, verify.Check(w, []sidecar.Answer{sidecartest.Answer(w, "a", taken(8080, sidecar.Claim{Port: 8080}))}),
		1, "said once")
	require.Contains(t, verify.Check(w, []sidecar.Answer{sidecartest.Answer(w, "a", taken(9201)),
		sidecartest.Answer(w, "b", &sidecar.Change{Claims: []sidecar.Claim{{Port: 9201, For: "its metrics"}}})}).Error(),
		"b: port 9201/TCP is used by container app, moved to 127.0.0.1 and by its metrics")
}

// A port that is redirected belongs to one sidecar, and to the app within the pod.
func TestPortsRedirected(t *testing.T) {
	w := sidecartest.Workload()
	take := func(name string, t sidecar.Takeover, listen int32) sidecar.Answer {
		return sidecartest.Answer(w, name, &sidecar.Change{Takeovers: []sidecar.Takeover{t},
			Claims: []sidecar.Claim{{Port: listen}}})
	}
	redirected := sidecar.Takeover{Port: 9200, AppPort: 9200, Redirected: true}
	require.Empty(t, verify.Check(w, []sidecar.Answer{take("a", redirected, 8443)}))
	require.Contains(t, verify.Check(w, []sidecar.Answer{take("a", redirected, 8080)}).Error(),
		"a: port 8080/TCP is used by container other and by sidecar a", "where the sidecar listens")
	front := sidecar.Takeover{Port: 8443, AppPort: 9200, Front: true}
	require.Empty(t, verify.Check(w, []sidecar.Answer{take("a", redirected, 8444), take("b", front, 8443)}))
	for _, other := range []sidecar.Takeover{redirected, {Port: 9200, AppPort: 9201}} {
		for _, answers := range [][]sidecar.Answer{
			{take("a", redirected, 8443), take("b", other, 8444)}, {take("a", other, 8443), take("b", redirected, 8444)},
		} {
			fs := verify.Check(w, answers)
			require.Len(t, fs, 1)
			require.Contains(t, fs.Error(), "b: port 9200 is taken by sidecar a already")
		}
	}
	moved := sidecar.Takeover{Port: 9200, AppPort: 9201}
	for _, answers := range [][]sidecar.Answer{
		{take("a", moved, 8443), take("b", front, 8444)}, {take("a", front, 8443), take("b", moved, 8444)},
	} {
		require.Contains(t, verify.Check(w, answers).Error(), "b: port 9200 is taken by sidecar a already")
	}
	require.Empty(t, verify.Check(w, []sidecar.Answer{take("a", front, 8443), take("b", front, 8444)}))
}
