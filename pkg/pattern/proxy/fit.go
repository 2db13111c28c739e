package proxy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// withPorts returns the Base with the ports that the app declares, if none is named. The
// proxy's ports begin with listenPort, or are free ones by default. The protocol is read
// from a port's name in the convention of Kubernetes' Services and Istio
// (<protocol>[-<suffix>]). Ports named for TLS are left out.
func (p *Base) withPorts(w *sidecar.Workload) Base {
	g := *p
	if p.Port != 0 || !p.leavesApp() || w.App == nil {
		return g
	}
	taken := map[int32]bool{}
	for _, c := range pattern.RunningContainers(w) {
		for _, port := range c.Ports {
			taken[port.ContainerPort] = taken[port.ContainerPort] || c.Name != w.Name && sidecar.IsTCP(port.Protocol)
		}
	}
	next := cmp.Or(p.ListenPort, defaultListenPort)
	free := func() { // a configured port stays, even if it conflicts
		for p.ListenPort == 0 && taken[next] {
			next++
		}
	}
	for _, port := range w.App.Ports {
		protocol := protocolOfName(port.Name)
		if !sidecar.IsTCP(port.Protocol) || protocol == "" {
			continue
		}
		free()
		if g.Port == 0 {
			g.Port, g.Protocol, g.ListenPort = port.ContainerPort, protocol, next
		} else {
			g.MorePorts = append(slices.Clip(g.MorePorts),
				MorePort{Port: port.ContainerPort, ListenPort: next, Protocol: protocol})
		}
		next++
	}
	return g
}

// protocolOfName returns the protocol in a port's name, or "" for one with TLS.
func protocolOfName(name string) sidecar.Protocol {
	if strings.HasSuffix(name, "https") || strings.HasSuffix(name, "-tls") { // as in metricshttps
		return ""
	}
	first, _, _ := strings.Cut(name, "-")
	switch first {
	case "https", "tls", "grpcs":
		return ""
	case "grpc":
		return sidecar.GRPC
	case "tcp", "redis", "mongo", "amqp", "kafka", "memcached", "mqtt", "mysql", "postgres", "postgresql", "ldap", "smtp",
		"nats":
		return sidecar.TCP
	}
	return sidecar.HTTP
}

// checkFit finds workloads that can't have a proxy.
func (p *Base) checkFit(w *sidecar.Workload, fs *sidecar.Findings) {
	if w.IsJob() && w.Placement == sidecar.Beside {
		fs.AddUnfit(sidecar.Error, "job-never-ends", "",
			"a container beside the app's never ends, so the Job would never complete", w.HintForBeside(""))
	}
	if p.Port == 0 && p.leavesApp() {
		fs.AddUnfit(sidecar.Error, "port-unknown", "port",
			fmt.Sprintf("container %s declares no TCP port without TLS", w.App.Name),
			"write port, or declare the port in the container")
	}
	p.checkMesh(w, fs)
}

// checkMesh finds pods that have another proxy, or get one.
func (p *Base) checkMesh(w *sidecar.Workload, fs *sidecar.Findings) {
	switch mesh := w.InjectingMesh(); {
	case mesh == nil:
	case p.isModeRedirect():
		fs.AddUnfit(sidecar.Error, "service-mesh", "",
			mesh.Name+" redirects the ports of these pods too, to its own proxy: one of the two would be bypassed",
			"exclude this workload, remove it from the mesh, or use another mode")
	default:
		fs.AddUnfit(sidecar.Warning, "service-mesh", "",
			mesh.Name+" injects a proxy into these pods too, so TLS would be applied twice",
			"exclude this workload, or remove it from the mesh")
	}
	if !p.leavesApp() || p.Port == 0 {
		return
	}
	for _, m := range sidecar.Meshes() {
		if c := w.Container(m.Container); c != nil && c.Name != w.Name {
			fs.AddUnfit(sidecar.Error, "service-mesh", "", fmt.Sprintf("container %s is already a proxy", c.Name),
				"exclude this workload")
			return
		}
	}
}
