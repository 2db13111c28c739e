package sidecar

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// servicePorts finds numbers that a Service would have under two names: the API
// server wants each once. Two values under one name are for Merge to find.
func servicePorts(w *Workload, asked []Asked) Findings {
	type port struct {
		number int32
		prot   corev1.Protocol
	}
	var fs Findings
	for _, s := range w.Services {
		names := map[port]string{}
		for _, p := range s.Spec.Ports {
			names[port{p.Port, norm(p.Protocol)}] = p.Name
		}
		for _, a := range asked {
			for _, p := range a.Change.ServicePorts {
				key := port{p.Port, norm(p.Protocol)}
				have, ok := names[key]
				if !ok {
					names[key] = p.Name
				} else if have != p.Name {
					if have == "" {
						have = "one without a name"
					}
					fs = append(fs, Finding{Severity: Error, Code: "port-conflict", Object: s.Ref, Sidecar: a.Name,
						Message: fmt.Sprintf("port %d/%s is wanted as %s, but the Service has it as %s", p.Port, key.prot, p.Name, have),
						Hint:    "let both have one name, or give one of them another number"})
				}
			}
		}
	}
	return fs
}
