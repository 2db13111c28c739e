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

// withPorts returns the Base with the ports that are found, if none is named. The proxy's
// ports begin with listenPort, or are free ones by default. Ports with TLS are left out, and
// so are those in front of which another sidecar stands.
func (p *Base) withPorts(w *sidecar.Workload) Base {
	g := *p
	if p.Port != 0 || !p.leavesApp() || w.App == nil || len(w.Apps) > 1 {
		return g
	}
	g.undeclaredToo, g.withTLS = besidesDeclared(w)
	g.leavesGuarded = g.withTLS == nil
	used := usedPorts(w)
	next := cmp.Or(p.ListenPort, defaultListenPort)
	for _, port := range withTaken(appPorts(w), w) {
		for p.ListenPort == 0 && used[next] { // a configured port stays, even if it conflicts
			next++
		}
		isTaken := func(t sidecar.Takeover) bool { return t.ClientPort() == port.ContainerPort }
		protocol := protocolOfPort(w, port, next)
		switch {
		case slices.ContainsFunc(w.Takeovers, isTaken):
			next++
			continue
		case protocol == "":
			g.withTLS = append(slices.Clip(g.withTLS), port.ContainerPort)
			g.leavesGuarded = g.leavesGuarded && strings.Contains(port.Name, "webhook")
			continue
		case !sidecar.DeclaresPort(w.App, port.ContainerPort):
			// a later run finds it by its declaration: Services lead to the proxy then
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
	for _, t := range w.Takeovers { // the app must declare all or none: see checkPortRoute
		if g.undeclared != nil && !t.MovesApp() {
			g.undeclared = append(slices.Clip(g.undeclared), t.ClientPort())
		}
	}
	slices.Sort(g.undeclared)
	g.undeclared = slices.Compact(g.undeclared)
	return g
}

// besidesDeclared returns the ports of [undeclaredPorts] that aren't [appPorts] and that no
// sidecar serves, without TLS and with it.
func besidesDeclared(w *sidecar.Workload) (plain, withTLS []int32) {
	if isOwnerClear(w) {
		return nil, nil
	}
	for _, port := range undeclaredPorts(w) {
		reaches := func(t sidecar.Takeover) bool { return t.Reaches(port) }
		switch {
		case slices.ContainsFunc(w.Takeovers, reaches):
		case protocolOfPort(w, corev1.ContainerPort{ContainerPort: port}, port) == "":
			withTLS = append(withTLS, port)
		default:
			plain = append(plain, port)
		}
	}
	return plain, withTLS
}

// usedPorts returns the TCP ports of the pod that others listen on: those that containers of
// the manifest declare, and those to which Services lead. The config's own sidecars don't
// count, so that a run over its own output finds the same.
func usedPorts(w *sidecar.Workload) map[int32]bool {
	used, ours := map[int32]bool{}, map[int32]bool{}
	for c := range w.AllContainers() {
		in := used
		if c.Name == w.Name || slices.Contains(w.Added, c.Name) {
			in = ours
		}
		for _, port := range c.Ports {
			in[port.ContainerPort] = in[port.ContainerPort] || sidecar.IsTCP(port.Protocol)
		}
	}
	for port := range servicePorts(w) {
		target := w.TargetPort(port)
		used[target] = used[target] || !ours[target]
	}
	return used
}

// isOwnerClear reports whether ports that no container declares can only be the app's: it
// declares none, or it's alone with sidecars.
func isOwnerClear(w *sidecar.Workload) bool {
	others := slices.DeleteFunc(pattern.RunningContainers(w), func(c corev1.Container) bool {
		isMesh := func(m *sidecar.Mesh) bool { return m.Container == c.Name }
		return c.Name == w.App.Name || slices.Contains(w.Added, c.Name) || slices.ContainsFunc(sidecar.Meshes(), isMesh)
	})
	return len(others) == 0 || pattern.DescribeTCPPorts(w.App) == nil
}

// appPorts returns the TCP ports that the app declares, and those to which Services lead by
// number, if no other container may have them: Kubernetes needs no declaration. They're in
// order of their numbers, as what is declared by a run stands elsewhere in the next one.
func appPorts(w *sidecar.Workload) (out []corev1.ContainerPort) {
	for _, port := range w.App.Ports {
		if sidecar.IsTCP(port.Protocol) {
			out = append(out, port)
		}
	}
	if isOwnerClear(w) {
		for _, port := range undeclaredPorts(w) {
			out = append(out, corev1.ContainerPort{ContainerPort: port})
		}
	}
	return inOrder(out)
}

// withTaken returns ports with those that other sidecars take, in order. No proxy stands in
// front of them, but they have their place: the others keep the proxy's ports, whichever
// sidecar comes first.
func withTaken(ports []corev1.ContainerPort, w *sidecar.Workload) []corev1.ContainerPort {
	for _, t := range w.Takeovers {
		ports = append(ports, corev1.ContainerPort{ContainerPort: t.ClientPort()})
	}
	return inOrder(ports)
}

// inOrder sorts ports by their numbers, of which each is there once. Those that no port has
// are left out: the API server refuses the manifest for them.
func inOrder(ports []corev1.ContainerPort) []corev1.ContainerPort {
	ports = slices.DeleteFunc(ports, func(p corev1.ContainerPort) bool {
		return p.ContainerPort < 1 || p.ContainerPort > 65535
	})
	slices.SortStableFunc(ports, func(a, b corev1.ContainerPort) int {
		return cmp.Compare(a.ContainerPort, b.ContainerPort)
	})
	return slices.CompactFunc(ports, func(a, b corev1.ContainerPort) bool { return a.ContainerPort == b.ContainerPort })
}

// undeclaredPorts returns the TCP ports to which Services lead, and which no container
// declares, in order: that of the Services says nothing.
func undeclaredPorts(w *sidecar.Workload) (out []int32) {
	seen := map[int32]bool{0: true}
	for c := range sidecar.PodContainers(&w.Pod.Spec) {
		for _, port := range c.Ports { // of another container, or the app's for another protocol
			seen[port.ContainerPort] = true
		}
	}
	for port := range servicePorts(w) {
		if target := w.TargetPort(port); !seen[target] {
			seen[target] = true
			out = append(out, target)
		}
	}
	slices.Sort(out)
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
	var found []sidecar.Protocol
	for sp, service := range servicePorts(w) {
		target := w.TargetPort(sp)
		protocol, says := protocolOfServicePort(sp)
		switch hasTLS := sp.Port == 443 || says && protocol == ""; {
		case target == port.ContainerPort && hasTLS && !service.IsPublic():
			return ""
		case target == port.ContainerPort || target == listen:
			found = append(found, protocol)
		}
	}
	for _, protocol := range []sidecar.Protocol{sidecar.HTTP, sidecar.GRPC, sidecar.TCP} {
		if slices.Contains(found, protocol) { // whatever Service comes first
			return protocol
		}
	}
	return sidecar.HTTP
}

// protocolOfServicePort returns what a Service says of a port: by appProtocol, or else by
// its name. An appProtocol of HTTP doesn't count: a run makes it one over TLS, which says no
// more what the app speaks.
func protocolOfServicePort(port corev1.ServicePort) (protocol sidecar.Protocol, says bool) {
	if port.AppProtocol != nil {
		if protocol, says = protocolOfName(strings.ToLower(*port.AppProtocol)); protocol != "" &&
			protocol != sidecar.HTTP {
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
		why, hint := describeNoPort(w)
		fs.AddUnfit(sidecar.Error, "port-unknown", "port", why, hint)
	}
	p.checkMesh(w, fs)
}

// describeNoPort says why no port of the app was found, and what to do.
func describeNoPort(w *sidecar.Workload) (why, hint string) {
	name, hint := w.App.Name, "write port, or declare the port in the container"
	declared, led := pattern.DescribeTCPPorts(w.App), undeclaredPorts(w)
	kinds := "with TLS"
	if len(w.Takeovers) > 0 {
		kinds = "with TLS or with a sidecar in front"
	}
	switch {
	case len(w.Apps) > 1:
		return fmt.Sprintf("%d containers are served, so it isn't clear whose ports are meant", len(w.Apps)), "write port"
	case declared != nil && len(appPorts(w)) == 0:
		return fmt.Sprintf("container %s declares only what can't be a port, %s", name, strings.Join(declared, ", ")), hint
	case declared == nil && len(w.Services) == 0:
		return fmt.Sprintf("container %s declares no TCP port", name), hint
	case declared == nil && led == nil:
		return fmt.Sprintf("container %s declares no TCP port, and no Service leads to one by number", name), hint
	case declared == nil:
		return fmt.Sprintf("container %s declares no TCP port, and Services lead only to ports %s, %s", name, kinds,
			joinPorts(led)), hint
	}
	return fmt.Sprintf("container %s declares only ports %s, %s", name, kinds, strings.Join(declared, ", ")), hint
}

// checkLeft reports ports that were found, and that are reachable as before. Those with TLS
// need no proxy, unless it asks for credentials.
func (p *Base) checkLeft(w *sidecar.Workload, authenticates bool, fs *sidecar.Findings) {
	if p.Port == 0 {
		return // there is no proxy
	}
	severity, open := sidecar.Info, ""
	if authenticates {
		open = ", without credentials"
	}
	if authenticates && !p.leavesGuarded {
		severity = sidecar.Warning
	}
	if p.withTLS != nil {
		fs.Add(severity, "port-left", "port",
			fmt.Sprintf("numbers or names say that port %s has TLS already, so it stays open as it is%s",
				joinPorts(p.withTLS), open), "write port, and morePorts, for others")
	}
	if p.undeclaredToo != nil {
		fs.Add(sidecar.Warning, "port-left", "port",
			fmt.Sprintf("Services also lead to port %s, which container %s doesn't declare: it stays open as it is%s",
				joinPorts(p.undeclaredToo), w.App.Name, open), "declare it in the container, if it's the app's")
	}
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
