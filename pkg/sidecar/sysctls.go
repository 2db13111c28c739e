package sidecar

import "strings"

// sysctls finds kernel settings that would be the node's: the API server refuses
// those of the network in a pod that has the node's.
func sysctls(w *Workload, asked []Asked) Findings {
	if !w.Pod.Spec.HostNetwork {
		return nil
	}
	var fs Findings
	for _, a := range asked {
		for _, s := range a.Change.Pod.Sysctls {
			if strings.HasPrefix(strings.ReplaceAll(s.Name, "/", "."), "net.") { // it may be written either way
				fs = append(fs, Finding{Severity: Error, Code: "host-network", Object: w.Ref, Sidecar: a.Name,
					Message: "sysctl " + s.Name + " is the node's here, as the pod has hostNetwork",
					Hint:    "take hostNetwork off, or leave this workload out"})
			}
		}
	}
	return fs
}
