package proxy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// discovered is a Gate for the ports that the app declares, where none is named:
// the proxy's first is listenPort, the others follow; by default they're free ones. What is spoken there is told
// by the name, as Kubernetes' own convention for Services and Istio's have it
// (<protocol>[-<suffix>]); a port whose name says that it has TLS already is left.
func (p *Gate) discovered(w *sidecar.Workload) Gate {
	g := *p
	if p.Port != 0 || !p.front() || w.App == nil {
		return g
	}
	taken := map[int32]bool{}
	for _, c := range pattern.RunningContainers(w) {
		for _, port := range c.Ports {
			taken[port.ContainerPort] = taken[port.ContainerPort] || c.Name != w.Name && sidecar.IsTCP(port.Protocol)
		}
	}
	next := cmp.Or(p.ListenPort, defaultListenPort)
	free := func() { // a port that was asked for isn't changed: it's a conflict then
		for p.ListenPort == 0 && taken[next] {
			next++
		}
	}
	for _, port := range w.App.Ports {
		protocol := spoken(port.Name)
		if !sidecar.IsTCP(port.Protocol) || protocol == "" {
			continue
		}
		free()
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
	p.checkMesh(w, fs)
}
