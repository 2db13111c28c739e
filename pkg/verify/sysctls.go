package verify

import "github.com/outrigger-dev/outrigger/pkg/sidecar"

// checkSysctls finds sysctls of a kernel namespace that the pod shares with the node: the API
// server refuses these.
func checkSysctls(w *sidecar.Workload, answers []sidecar.Answer) sidecar.Findings {
	var fs sidecar.Findings
	for _, a := range answers {
		for _, s := range a.Change.Pod.Sysctls {
			field := ""
			switch sidecar.SysctlNamespace(s.Name) {
			case sidecar.NetNamespace:
				if w.Pod.Spec.HostNetwork {
					field = "hostNetwork"
				}
			case sidecar.IPCNamespace:
				if w.Pod.Spec.HostIPC {
					field = "hostIPC"
				}
			}
			if field != "" {
				fs = append(fs, sidecar.Finding{Severity: sidecar.Error, Code: "host-network", Object: w.Ref, Sidecar: a.Name,
					Message: "sysctl " + s.Name + " would change the node, since the pod has " + field,
					Hint:    "remove " + field + ", or exclude this workload"})
			}
		}
	}
	return fs
}
