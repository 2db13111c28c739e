package verify

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// checkMounts finds mounts of volumes that aren't declared: the API server refuses such a
// pod. A StatefulSet's claims are volumes, too. What the manifest's own containers mount so
// isn't the sidecars' fault: Istio, say, adds volumes at admission.
func checkMounts(w *sidecar.Workload, answers []sidecar.Answer) (fs sidecar.Findings) {
	there := map[string]bool{}
	for _, v := range w.Pod.Spec.Volumes {
		there[v.Name] = true
	}
	for _, name := range w.Claims {
		there[name] = true
	}
	for i := range answers {
		for _, v := range answers[i].Change.Volumes {
			there[v.Name] = true
		}
	}
	generated := sidecar.ContainerNames(answers)
	for c := range w.AllContainers() {
		for _, m := range c.VolumeMounts {
			there[m.Name] = there[m.Name] || !generated[c.Name]
		}
	}
	for i := range answers {
		a := &answers[i]
		check := func(container string, mounts []corev1.VolumeMount) {
			for _, m := range mounts {
				if !there[m.Name] {
					fs = append(fs, sidecar.Finding{Severity: sidecar.Error, Code: "mount-dangling", Object: w.Ref, Sidecar: a.Name,
						Message: "container " + container + " mounts volume " + m.Name + ", which isn't declared",
						Hint:    "declare it in volumes, or correct the name"})
				}
			}
		}
		for c := range a.Change.AllContainers() {
			check(c.Name, c.VolumeMounts)
		}
		check(a.App.Name, a.Change.App.VolumeMounts)
	}
	return fs
}

// checkVolumeClaims finds volumes of sidecars that have the name of a claim: the controller
// of StatefulSets replaces a volume of that name by the claim, so the sidecar would read
// other files.
func checkVolumeClaims(w *sidecar.Workload, answers []sidecar.Answer) (fs sidecar.Findings) {
	for i := range answers {
		for _, v := range answers[i].Change.Volumes {
			if v.PersistentVolumeClaim == nil && slices.Contains(w.Claims, v.Name) {
				fs = append(fs, sidecar.Finding{Severity: sidecar.Error, Code: "volume-conflict", Object: w.Ref,
					Sidecar: answers[i].Name, Field: "spec.volumeClaimTemplates",
					Message: "the claim " + v.Name + " would replace the sidecar's volume of that name",
					Hint:    "rename the claim, or give the sidecar another name"})
			}
		}
	}
	return fs
}
