package proxy

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// withPorts returns the Base with the ports that the app declares, if none is named. The
// proxy's ports begin with listenPort, or are free ones by default. Ports with TLS are left
// out, and so are those in front of which another sidecar stands.
func (p *Base) withPorts(w *sidecar.Workload) Base {
	g := *p
	if p.Port != 0 || !p.leavesApp() || w.App == nil || len(w.Apps) > 1 {
		return g
	}
	declares := pattern.DescribeTCPPorts(w.App) != nil
	taken := map[int32]bool{}
	for _, c := range pattern.RunningContainers(w) {
		for _, port := range c.Ports {
			taken[port.ContainerPort] = taken[port.ContainerPort] || c.Name != w.Name && sidecar.IsTCP(port.Protocol)
		}
	}
	next := cmp.Or(p.ListenPort, defaultListenPort)
	for _, port := range appPorts(w) {
		for p.ListenPort == 0 && taken[next] { // a configured port stays, even if it conflicts
			next++
		}
		protocol := protocolOfPort(w, port, next)
		isTaken := func(t sidecar.Takeover) bool { return t.ClientPort() == port.ContainerPort }
		if protocol == "" || slices.ContainsFunc(w.Takeovers, isTaken) {
			continue
		}
		if !declares { // by them a later run finds the ports: the Services lead to the proxy then
			g.undeclared = append(slices.Clip(g.undeclared), port.ContainerPort)
		}
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

// appPorts returns the TCP ports that the app declares. Without any, it's those to which
// Services lead, by number: Kubernetes needs no declaration.
func appPorts(w *sidecar.Workload) (out []corev1.ContainerPort) {
	for _, port := range w.App.Ports {
		if sidecar.IsTCP(port.Protocol) {
			out = append(out, port)
		}
	}
	if out != nil {
		return out
	}
	seen := map[int32]bool{0: true}
	for c := range sidecar.PodContainers(&w.Pod.Spec) {
		for _, port := range c.Ports { // of another container, or the app's for another protocol
			seen[port.ContainerPort] = true
		}
	}
	for port := range servicePorts(w) {
		if target := w.TargetPort(port); !seen[target] {
			seen[target] = true
			out = append(out, corev1.ContainerPort{ContainerPort: target})
		}
	}
	return out
}

// servicePorts visits the TCP ports of the workload's Services, with their Service.
func servicePorts(w *sidecar.Workload) iter.Seq2[corev1.ServicePort, *sidecar.Service] {
	return func(yield func(corev1.ServicePort, *sidecar.Service) bool) {
		for i := range w.Services {
			for _, port := range w.Services[i].Spec.Ports {
				if sidecar.IsTCP(port.Protocol) && !yield(port, &w.Services[i]) {
					return
				}
			}
		}
	}
}

// protocolOfPort returns the protocol on a port, or "" for TLS. The port's name says it, in
// the convention of Kubernetes' Services and Istio, or else the name of a Service's port
// that leads there, or to the proxy after an earlier run. Numbers like 9443 have TLS, and so
// has what a Service offers on 443, unless a load balancer may end TLS in front of it.
func protocolOfPort(w *sidecar.Workload, port corev1.ContainerPort, listen int32) sidecar.Protocol {
	if protocol, says := protocolOfName(port.Name); says {
		return protocol
	}
	if port.ContainerPort%1000 == 443 {
		return ""
	}
	found := sidecar.Protocol("")
	for sp, service := range servicePorts(w) {
		target := w.TargetPort(sp)
		protocol, says := protocolOfServicePort(sp)
		switch hasTLS := sp.Port == 443 || says && protocol == ""; {
		case target == port.ContainerPort && hasTLS && !service.IsPublic():
			return ""
		case target == port.ContainerPort || target == listen:
			found = cmp.Or(found, protocol)
		}
	}
	return cmp.Or(found, sidecar.HTTP)
}

// protocolOfServicePort returns what a Service says of a port: by appProtocol, or else by
// its name.
func protocolOfServicePort(port corev1.ServicePort) (protocol sidecar.Protocol, says bool) {
	if port.AppProtocol != nil {
		if protocol, says = protocolOfName(strings.ToLower(*port.AppProtocol)); says {
			return protocol, says
		}
	}
	return protocolOfName(port.Name)
}

// protocolOfName returns the protocol that the name of a port says, in the form
// <protocol>[-<suffix>], and whether it says one. It's "" for TLS.
func protocolOfName(name string) (protocol sidecar.Protocol, says bool) {
	switch {
	case strings.HasSuffix(name, "https"), strings.HasSuffix(name, "-tls"): // as in metricshttps
		return "", true
	case strings.HasSuffix(name, "-grpc"): // as in collector-grpc
		return sidecar.GRPC, true
	}
	first, _, _ := strings.Cut(name, "-")
	switch first {
	case "https", "tls", "grpcs":
		return "", true
	case "http", "http2", "ws":
		return sidecar.HTTP, true
	case "grpc":
		return sidecar.GRPC, true
	case "tcp", "redis", "mongo", "amqp", "kafka", "memcached", "mqtt", "mysql", "postgres", "postgresql", "ldap", "smtp",
		"nats":
		return sidecar.TCP, true
	}
	return "", false
}

// checkFit finds workloads that can't have a proxy.
func (p *Base) checkFit(w *sidecar.Workload, fs *sidecar.Findings) {
	if w.IsJob() && w.Placement == sidecar.Beside {
		fs.AddUnfit(sidecar.Error, "job-never-ends", "",
			"a container beside the app's never ends, so the Job would never complete", w.HintForBeside(""))
	}
	if p.Port == 0 && p.leavesApp() {
		fs.AddUnfit(sidecar.Error, "port-unknown", "port", describeNoPort(w),
			"write port, or declare the port in the container")
	}
	p.checkMesh(w, fs)
}

// describeNoPort says why no port of the app was found.
func describeNoPort(w *sidecar.Workload) string {
	declared := pattern.DescribeTCPPorts(w.App)
	switch {
	case len(w.Apps) > 1:
		return fmt.Sprintf("%d containers are served, so it isn't clear whose ports are meant", len(w.Apps))
	case declared == nil && len(w.Services) == 0:
		return fmt.Sprintf("container %s declares no TCP port", w.App.Name)
	case declared == nil:
		return fmt.Sprintf("container %s declares no TCP port, and no Service leads by number to one without TLS", w.App.Name)
	case len(w.Takeovers) > 0:
		return fmt.Sprintf("container %s declares only ports with TLS or with a sidecar in front, %s", w.App.Name,
			strings.Join(declared, ", "))
	}
	return fmt.Sprintf("container %s declares only ports with TLS, %s", w.App.Name, strings.Join(declared, ", "))
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
