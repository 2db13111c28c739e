package sidecar

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// A listener is somebody who uses a port of the pod.
type listener struct {
	who    string // of a container, its name; else what listens, in words
	words  bool
	own    string // the sidecar's name; "" for the manifest's containers
	name   string // of the port
	port   int32
	prot   corev1.Protocol
	host   int32 // port of the node, or 0
	hostIP string
}

func (l *listener) String() string {
	if l.words {
		return l.who
	}
	return "container " + l.who
}

// Ports finds ports, and names of ports, that two want: all containers of a pod
// share one network namespace, and the API server only warns. A port that a
// takeover moves belongs to the sidecar from then on, and the port that the app
// gets for it is in use; containers that an earlier run added aren't counted
// twice. Ports that only a probe names are nobody's.
func Ports(w *Workload, asked []Asked) Findings {
	var all []listener
	moved := map[int32]string{} // to whom the port belonged
	ours := map[string]bool{}
	for i := range asked {
		c := asked[i].Change
		for _, t := range c.Takeovers {
			if !t.Front {
				moved[t.Port] = asked[i].App.Name
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
			if !ours[c.Name] && (moved[p.ContainerPort] != c.Name || !tcp(p.Protocol)) {
				all = append(all, listens(c, "", p))
			}
		}
	}
	spec := &w.Pod.Spec
	for i := range spec.Containers {
		theirs(&spec.Containers[i])
	}
	for i := range spec.InitContainers {
		if c := &spec.InitContainers[i]; runs(c) { // others have ended when ports matter
			theirs(c)
		}
	}
	manifest := len(all)
	for i := range asked {
		all = append(all, asked[i].listeners()...)
	}
	return clashes(w, all, manifest)
}

func listens(c *corev1.Container, own string, p corev1.ContainerPort) listener {
	return listener{who: c.Name, own: own, name: p.Name, port: p.ContainerPort, prot: norm(p.Protocol), host: p.HostPort, hostIP: p.HostIP}
}

// listeners are all of one sidecar.
func (a *Asked) listeners() []listener {
	var all []listener
	for i := range a.Change.Containers {
		c := &a.Change.Containers[i]
		for _, p := range c.Ports {
			all = append(all, listens(c, a.Name, p))
		}
	}
	claimed := map[int32]bool{}
	for _, c := range a.Change.Claims {
		who := c.For
		if who == "" {
			who = "sidecar " + a.Name
		}
		claimed[c.Port] = claimed[c.Port] || tcp(c.Protocol)
		all = append(all, listener{who: who, words: true, own: a.Name, port: c.Port, prot: norm(c.Protocol)})
	}
	for _, t := range a.Change.Takeovers {
		if !claimed[t.AppPort] && !t.Front {
			all = append(all, listener{who: "container " + a.App.Name + ", moved to 127.0.0.1", words: true, own: a.Name, port: t.AppPort, prot: corev1.ProtocolTCP})
		}
	}
	return all
}

// clashes compares the sidecars' listeners, those from the given number on, with
// all before them: what the manifest's containers do to each other is its own
// affair.
func clashes(w *Workload, all []listener, from int) Findings {
	var fs Findings
	add := func(b *listener, code, message, hint string) {
		fs = append(fs, Finding{Severity: Error, Code: code, Object: w.Ref, Sidecar: b.own, Message: message, Hint: hint})
	}
	for i := from; i < len(all); i++ {
		b := &all[i]
		for j := range all[:i] {
			a := &all[j]
			if *a == *b {
				continue
			}
			if a.port == b.port && a.prot == b.prot {
				add(b, "port-conflict", fmt.Sprintf("port %d/%s is wanted by %s and by %s; containers of a pod share one network", b.port, b.prot, a, b),
					"give one of them another port")
				continue
			}
			if a.name != "" && a.name == b.name {
				add(b, "port-name-conflict", fmt.Sprintf("port name %s is used by %s and by %s; Services and probes couldn't tell them apart", b.name, a, b),
					"rename one of them")
			}
			if a.host != 0 && a.host == b.host && a.prot == b.prot && overlap(a.hostIP, b.hostIP) {
				add(b, "port-conflict", fmt.Sprintf("port %d/%s of the node is wanted by %s and by %s", b.host, b.prot, a, b),
					"give one of them another hostPort, or none")
			}
		}
	}
	return fs
}

// overlap reports whether two addresses of a node have one in common.
func overlap(a, b string) bool { return a == b || anyAddress(a) || anyAddress(b) }

func anyAddress(ip string) bool { return ip == "" || ip == "0.0.0.0" || ip == "::" }

func norm(p corev1.Protocol) corev1.Protocol {
	if p == "" {
		return corev1.ProtocolTCP
	}
	return p
}

// runs reports whether an init container runs as long as the pod.
func runs(c *corev1.Container) bool {
	return c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
}
