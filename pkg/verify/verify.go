// Package verify finds what can't work in a pod with its sidecars, whatever the patterns
// are: it looks at the workload and at what was answered, and never at YAML.
package verify

import (
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// checks is the table of what is looked for.
var checks = []func(*sidecar.Workload, []sidecar.Answer) sidecar.Findings{
	checkPorts, checkContainerNames, checkSleeps, checkDrains, checkSysctls, checkVolumeClaims, checkEnvTwice,
	checkMounts, checkDeadlocks, checkStartOrder, checkPlacements,
}

// Check finds ports that two want, hooks that outlast the pod, kernel settings that
// would be the node's, mounts of volumes that nobody declares, sidecars that keep a Job
// from ending or that init containers wait for in vain, and placements that the cluster
// doesn't know.
func Check(w *sidecar.Workload, asked []sidecar.Answer) (fs sidecar.Findings) {
	for _, check := range checks {
		fs = append(fs, check(w, asked)...)
	}
	return fs
}

// checkPlacements finds containers that don't run where they're placed.
func checkPlacements(w *sidecar.Workload, asked []sidecar.Answer) (fs sidecar.Findings) {
	add := func(a *sidecar.Answer, code, message, hint string) {
		fs = append(fs, sidecar.Finding{Severity: sidecar.Error, Code: code, Object: w.Ref, Sidecar: a.Name,
			Message: message, Hint: hint})
	}
	for i := range asked {
		a := &asked[i]
		if len(a.Change.Containers) == 0 {
			continue
		}
		switch {
		case a.Placement == sidecar.Beside && w.IsJob():
			add(a, "job-never-ends", "an ordinary container never exits, so the Job would never complete",
				"use placement native")
		case a.Placement == sidecar.Native && !w.Kubernetes.AtLeast(1, 29): // KEP-753: on by default since 1.29
			add(a, "kubernetes-version", "native sidecars need Kubernetes 1.29, spec.kubernetesVersion says "+
				w.Kubernetes.String(), "use placement beside")
		}
	}
	return fs
}
