package verify

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A listener is a user of a port of the pod.
type listener struct {
	who    string // the name of a container, or a description
	words  bool   // who is a description
	own    string // the sidecar's name; "" for the manifest's containers
	name   string // of the port
	port   int32
	prot   corev1.Protocol
	host   int32 // port of the node, or 0
	hostIP string
	taken  bool // a takeover gave the name to a sidecar, so what else has it had it before
	front  bool // a sidecar in front of the app chose the port for clients
}

// isAlias reports whether two listeners are one port of one container, under two names.
func (l *listener) isAlias(other *listener) bool {
	return !l.words && !other.words && l.own == other.own && l.who == other.who && l.name != other.name
}

func (l *listener) String() string {
	if l.words {
		return l.who
	}
	return "container " + l.who
}

// checkPorts finds ports, and names of ports, that are used twice: all containers of a pod
// share one network namespace, and the API server only warns. A port that a takeover moves
// belongs to the sidecar, and the app's new port is in use. Containers of an earlier run
// aren't counted twice. A port that only a probe names has no user.
func checkPorts(w *sidecar.Workload, answers []sidecar.Answer) sidecar.Findings {
	var all []listener
	moved := map[int32]string{} // the app's container by port
	ours := map[string]bool{}
	for i := range answers {
		c := answers[i].Change
		for _, t := range c.Takeovers {
			if t.MovesApp() {
				moved[t.Port] = answers[i].App.Name
			}
		}
		for j := range c.Containers {
			ours[c.Containers[j].Name] = true
		}
		for j := range c.InitContainers {
			ours[c.InitContainers[j].Name] = true
		}
	}
	theirs := func(c *corev1.Container) {
		for _, p := range c.Ports {
			if !ours[c.Name] && (moved[p.ContainerPort] != c.Name || !sidecar.IsTCP(p.Protocol)) {
				all = append(all, listenerOf(c, "", p))
			}
		}
	}
	spec := &w.Pod.Spec
	for i := range spec.Containers {
		theirs(&spec.Containers[i])
	}
	for i := range spec.InitContainers {
		if c := &spec.InitContainers[i]; sidecar.RunsWithPod(c) { // others have ended before the app starts
			theirs(c)
		}
	}
	for i := range answers { // as they are in a second run
		for _, c := range answers[i].ServedApps() {
			theirs(&corev1.Container{Name: c.Name, Ports: declaredBy(&answers[i], w.Container(c.Name))})
		}
	}
	manifest := len(all)
	for i := range answers {
		all = append(all, sidecarListeners(&answers[i])...)
	}
	for i := manifest; i < len(all); i++ {
		l := &all[i]
		l.taken = l.name != "" && moved[l.port] != "" && hadName(w, l, moved[l.port])
	}
	return append(comparePorts(w, all, manifest), checkTaken(w, answers)...)
}

// declaredBy returns the ports that a sidecar declares in a container that lacks them.
func declaredBy(a *sidecar.Answer, c *corev1.Container) (out []corev1.ContainerPort) {
	for _, port := range a.Change.App.Ports {
		if c != nil && !sidecar.DeclaresPort(c, port) {
			out = append(out, corev1.ContainerPort{ContainerPort: port})
		}
	}
	return out
}

// checkTaken finds ports that two sidecars take, of which one wouldn't reach the app.
func checkTaken(w *sidecar.Workload, answers []sidecar.Answer) (fs sidecar.Findings) {
	type taker struct {
		name string
		sidecar.Takeover
	}
	taken := map[int32][]taker{}
	for i := range answers {
		for _, t := range answers[i].Change.Takeovers {
			port := t.ClientPort()
			for _, first := range taken[port] {
				if isCutOff(&first.Takeover, &t) {
					fs = append(fs, sidecar.Finding{Severity: sidecar.Error, Code: "port-conflict", Object: w.Ref,
						Sidecar: answers[i].Name, Message: fmt.Sprintf("port %d is taken by sidecar %s already", port, first.name),
						Hint: "remove one of them, or give it other ports"})
				}
			}
			taken[port] = append(taken[port], taker{answers[i].Name, t})
		}
	}
	return fs
}

// isCutOff reports whether one of two sidecars that take a port doesn't reach the app. Of two that get the app's port
// itself, their containers' ports tell. One in front of the app still reaches it where the port is redirected.
func isCutOff(a, b *sidecar.Takeover) bool {
	if a.MovesApp() && b.MovesApp() || a.Front && b.Front {
		return false
	}
	return a.MovesApp() || b.MovesApp() || a.Redirected && b.Redirected
}

// hadName reports whether the app's port had the listener's name before the sidecar, or the sidecar has it already.
func hadName(w *sidecar.Workload, l *listener, app string) bool {
	for c := range w.AllContainers() {
		for _, p := range c.Ports {
			if (c.Name == app || c.Name == l.who) && p.ContainerPort == l.port && p.Name == l.name {
				return true
			}
		}
	}
	return false
}

func listenerOf(c *corev1.Container, own string, p corev1.ContainerPort) listener {
	return listener{who: c.Name, own: own, name: p.Name, port: p.ContainerPort, prot: sidecar.ProtocolOf(p.Protocol),
		host: p.HostPort, hostIP: p.HostIP}
}

// sidecarListeners returns all listeners of one sidecar.
func sidecarListeners(a *sidecar.Answer) []listener {
	var all []listener
	for i := range a.Change.Containers {
		c := &a.Change.Containers[i]
		for _, p := range c.Ports {
			l := listenerOf(c, a.Name, p)
			for _, t := range a.Change.Takeovers {
				l.front = l.front || t.Front && t.Port == l.port
			}
			all = append(all, l)
		}
	}
	claimed := map[int32]bool{}
	for _, c := range a.Change.Claims {
		who := c.For
		if who == "" {
			who = "sidecar " + a.Name
		}
		claimed[c.Port] = claimed[c.Port] || sidecar.IsTCP(c.Protocol)
		all = append(all, listener{who: who, words: true, own: a.Name, port: c.Port, prot: sidecar.ProtocolOf(c.Protocol)})
	}
	for _, t := range a.Change.Takeovers {
		if !claimed[t.AppPort] && t.MovesApp() {
			all = append(all, listener{who: "container " + a.App.Name + ", moved to 127.0.0.1", words: true, own: a.Name,
				port: t.AppPort, prot: corev1.ProtocolTCP})
		}
	}
	return all
}

// comparePorts compares the sidecars' listeners, which begin at index from, with all before
// them. It doesn't compare the manifest's containers with each other.
func comparePorts(w *sidecar.Workload, all []listener, from int) sidecar.Findings {
	var fs sidecar.Findings
	add := func(b *listener, code, message, hint string) {
		fs = append(fs, sidecar.Finding{Severity: sidecar.Error, Code: code, Object: w.Ref, Sidecar: b.own, Message: message,
			Hint: hint})
	}
	for i := from; i < len(all); i++ {
		b := &all[i]
		for j := range all[:i] {
			a := &all[j]
			if *a == *b {
				continue
			}
			if a.port == b.port && a.prot == b.prot && !a.isAlias(b) {
				hint := "give one of them another port"
				if b.front || a.front {
					hint = "give one of them another listenPort"
				}
				add(b, "port-conflict", fmt.Sprintf("port %d/%s is used by %s and by %s, and containers of a pod share one network",
					b.port, b.prot, a, b), hint)
				continue
			}
			if had := b.taken && a.own == ""; a.name != "" && a.name == b.name && !had {
				add(b, "port-name-conflict", fmt.Sprintf("port name %s is used by %s and by %s, so Services and probes can't "+
					"distinguish them", b.name, a, b),
					"rename one of them")
			}
			if a.host != 0 && a.host == b.host && a.prot == b.prot && addressesOverlap(a.hostIP, b.hostIP) {
				add(b, "port-conflict", fmt.Sprintf("port %d/%s of the node is used by %s and by %s", b.host, b.prot, a, b),
					"give one of them another hostPort, or remove it")
			}
		}
	}
	return fs
}

// addressesOverlap reports whether two host IPs include a common address.
func addressesOverlap(a, b string) bool { return a == b || isAnyAddress(a) || isAnyAddress(b) }

func isAnyAddress(ip string) bool { return ip == "" || ip == "0.0.0.0" || ip == "::" }
