package pattern

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// discovered is a Gate for the ports that the app declares, where none is named:
// the proxy's first is listenPort, the others follow. What is spoken there is told
// by the name, as Kubernetes' own convention for Services and Istio's have it
// (<protocol>[-<suffix>]); a port whose name says that it has TLS already is left.
func (p *Gate) discovered(w *sidecar.Workload) Gate {
	g := *p
	if p.Port != 0 || !p.front() || w.App == nil {
		return g
	}
	next := orPort(p.ListenPort, defaultListenPort)
	for _, port := range w.App.Ports {
		protocol := spoken(port.Name)
		if !isTCP(port) || protocol == "" {
			continue
		}
		if g.Port == 0 {
			g.Port, g.Protocol, g.ListenPort = port.ContainerPort, protocol, next
		} else {
			g.MorePorts = append(slices.Clip(g.MorePorts), MorePort{Port: port.ContainerPort, ListenPort: next, Protocol: protocol})
		}
		next++
	}
	return g
}

// spoken is what a port's name says that is spoken there; "" where TLS is there
// already.
func spoken(name string) sidecar.Protocol {
	first, _, _ := strings.Cut(name, "-")
	switch first {
	case "https", "tls", "grpcs":
		return ""
	case "grpc":
		return sidecar.GRPC
	case "tcp", "redis", "mongo", "amqp", "kafka", "memcached", "mqtt":
		return sidecar.TCP
	}
	return sidecar.HTTP
}

// checkFit finds workloads that aren't for a proxy at all.
func (p *Gate) checkFit(w *sidecar.Workload, fs *sidecar.Findings) {
	if w.IsJob() && w.Placement == sidecar.Beside {
		fs.AddUnfit(sidecar.Error, "job-never-ends", "", "a container beside the app's never ends, and so the Job wouldn't either", "use placement native")
	}
	if p.Port == 0 && p.front() {
		fs.AddUnfit(sidecar.Error, "port-unknown", "port", fmt.Sprintf("container %s declares no TCP port without TLS", w.App.Name), "write port, or declare the port in the container")
	}
	for _, m := range []struct{ name, key, value string }{
		{"Istio", "sidecar.istio.io/inject", "true"}, {"Linkerd", "linkerd.io/inject", "enabled"}, {"Linkerd", "linkerd.io/inject", "ingress"},
	} {
		if w.Pod.Annotations[m.key] == m.value || w.Pod.Labels[m.key] == m.value {
			fs.AddUnfit(sidecar.Warning, "service-mesh", "", m.name+" puts a proxy into these pods too: TLS would be spoken twice", "leave this workload out, or take it out of the mesh")
		}
	}
	if p.front() && p.Port != 0 {
		for _, c := range []*corev1.Container{w.Container("istio-proxy"), w.Container("linkerd-proxy")} {
			if c != nil && c.Name != w.Name {
				fs.AddUnfit(sidecar.Error, "service-mesh", "", "container "+c.Name+" is a proxy already", "leave this workload out")
			}
		}
	}
}
