package verify

import "github.com/outrigger-dev/outrigger/pkg/sidecar"

// checkSysctls finds kernel settings that would be the node's: the API server refuses
// those of a namespace that the pod shares with it.
func checkSysctls(w *sidecar.Workload, asked []sidecar.Answer) sidecar.Findings {
	var fs sidecar.Findings
	for _, a := range asked {
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
					Message: "sysctl " + s.Name + " is the node's here, as the pod has " + field,
					Hint:    "take " + field + " off, or leave this workload out"})
			}
		}
	}
	return fs
}
