// Package verify finds what can't work in a pod with its sidecars, whatever their patterns
// are. It reads the workload and the answers, and no YAML.
package verify

import (
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// checks has all checks.
var checks = []func(*sidecar.Workload, []sidecar.Answer) sidecar.Findings{
	checkPorts, checkContainerNames, checkSleeps, checkDrains, checkSysctls, checkVolumeClaims, checkEnvTwice,
	checkMounts, checkReferences, checkNeededEnv, checkDeadlocks, checkStartOrder, checkPlacements,
}

// Check finds ports that are used twice, preStop hooks that outlast the grace period, sysctls
// of the node, mounts of undeclared volumes, names that kustomize has changed, sidecars that
// keep a Job from completing or that init containers wait for in vain, and placements that the
// cluster doesn't support.
func Check(w *sidecar.Workload, answers []sidecar.Answer) (fs sidecar.Findings) {
	for _, check := range checks {
		fs = append(fs, check(w, answers)...)
	}
	return fs
}

// checkPlacements finds placements that the Job or the cluster doesn't allow.
func checkPlacements(w *sidecar.Workload, answers []sidecar.Answer) (fs sidecar.Findings) {
	add := func(a *sidecar.Answer, code, message, hint string) {
		fs = append(fs, sidecar.Finding{Severity: sidecar.Error, Code: code, Object: w.Ref, Sidecar: a.Name,
			Message: message, Hint: hint})
	}
	for i := range answers {
		a := &answers[i]
		if len(a.Change.Containers) == 0 {
			continue
		}
		switch {
		case a.Placement == sidecar.Beside && w.IsJob():
			add(a, "job-never-ends", "an ordinary container never exits, so the Job would never complete",
				w.HintForBeside(a.Change.AsInit))
		case a.Placement == sidecar.Native && !w.Kubernetes.HasNativeSidecars():
			hint := "use placement beside"
			if w.IsJob() {
				hint = w.HintForBeside(a.Change.AsInit)
			}
			add(a, "kubernetes-version", "native sidecars need Kubernetes 1.29, but spec.kubernetesVersion is "+
				w.Kubernetes.String(), hint)
		}
	}
	return fs
}
