package sidecar

import (
	corev1 "k8s.io/api/core/v1"
)

// dangling finds mounts of volumes that nobody declares: the API server refuses
// such a pod. A StatefulSet's claims are volumes, too.
func dangling(w *Workload, asked []Asked) (fs Findings) {
	there := map[string]bool{}
	for _, v := range w.Pod.Spec.Volumes {
		there[v.Name] = true
	}
	for _, name := range w.Claims {
		there[name] = true
	}
	for i := range asked {
		for _, v := range asked[i].Change.Volumes {
			there[v.Name] = true
		}
	}
	for i := range asked {
		a := &asked[i]
		check := func(container string, mounts []corev1.VolumeMount) {
			for _, m := range mounts {
				if !there[m.Name] {
					fs = append(fs, Finding{Severity: Error, Code: "mount-dangling", Object: w.Ref, Sidecar: a.Name,
						Message: "container " + container + " mounts volume " + m.Name + ", which nobody declares", Hint: "declare it in volumes, or correct the name"})
				}
			}
		}
		for _, list := range [][]corev1.Container{a.Change.InitContainers, a.Change.Containers} {
			for j := range list {
				check(list[j].Name, list[j].VolumeMounts)
			}
		}
		check(a.App.Name, a.Change.App.VolumeMounts)
	}
	return fs
}
