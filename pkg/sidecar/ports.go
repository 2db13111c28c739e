package sidecar

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// A listener is somebody who uses a port of the pod.
type listener struct {
	who  string // "container web", "sidecar tls-proxy"
	own  string // the sidecar's name; "" for the manifest's containers
	name string // of the port
	port int32
	prot corev1.Protocol
}

// Ports finds ports, and names of ports, that two want: all containers of a pod
// share one network namespace, and the API server only warns. A port that a
// takeover moves belongs to the sidecar from then on; containers that an earlier
// run added aren't counted twice.
func Ports(w *Workload, asked []Asked) Findings {
	var all []listener
	moved := map[int32]string{} // to whom the port belonged
	ours := map[string]bool{}
	for _, a := range asked {
		for _, t := range a.Change.Takeovers {
			moved[t.Port] = a.App.Name
		}
		for _, c := range slices.Concat(a.Change.Containers, a.Change.InitContainers) {
			ours[c.Name] = true
		}
	}
	for _, c := range slices.Concat(w.Pod.Spec.Containers, long(w.Pod.Spec.InitContainers)) {
		if ours[c.Name] {
			continue
		}
		for _, p := range c.Ports {
			if moved[p.ContainerPort] != c.Name || !tcp(p.Protocol) {
				all = append(all, listener{"container " + c.Name, "", p.Name, p.ContainerPort, p.Protocol})
			}
		}
	}
	for _, a := range asked {
		for _, c := range a.Change.Containers {
			for _, p := range c.Ports {
				all = append(all, listener{"container " + c.Name, a.Name, p.Name, p.ContainerPort, p.Protocol})
			}
		}
		for _, c := range a.Change.Claims {
			who := c.For
			if who == "" {
				who = "sidecar " + a.Name
			}
			all = append(all, listener{who, a.Name, "", c.Port, c.Protocol})
		}
	}
	return clashes(w, all)
}

func clashes(w *Workload, all []listener) Findings {
	var fs Findings
	for i, b := range all {
		for _, a := range all[:i] {
			switch {
			case a.own == "" && b.own == "": // the manifest's own affair
			case a.port == b.port && norm(a.prot) == norm(b.prot) && a != b:
				fs = append(fs, Finding{Severity: Error, Code: "port-conflict", Object: w.Ref, Sidecar: b.own,
					Message: fmt.Sprintf("port %d/%s is wanted by %s and by %s; containers of a pod share one network", b.port, norm(b.prot), a.who, b.who),
					Hint:    "give one of them another port"})
			case a.name != "" && a.name == b.name:
				fs = append(fs, Finding{Severity: Error, Code: "port-name-conflict", Object: w.Ref, Sidecar: b.own,
					Message: fmt.Sprintf("port name %s is used by %s and by %s; Services and probes couldn't tell them apart", b.name, a.who, b.who),
					Hint:    "rename one of them"})
			}
		}
	}
	return fs
}

func norm(p corev1.Protocol) corev1.Protocol {
	if p == "" {
		return corev1.ProtocolTCP
	}
	return p
}

// long are those init containers that run as long as the pod.
func long(inits []corev1.Container) []corev1.Container {
	return slices.DeleteFunc(slices.Clone(inits), func(c corev1.Container) bool {
		return c.RestartPolicy == nil || *c.RestartPolicy != corev1.ContainerRestartPolicyAlways
	})
}
