package sidecar

import (
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// claimed finds volumes of sidecars that have the name of a claim: a StatefulSet's
// controller puts the claim in the place of a volume of that name, so the sidecar would
// read what somebody else has written there.
func claimed(w *Workload, asked []Asked) (fs Findings) {
	for i := range asked {
		for _, v := range asked[i].Change.Volumes {
			if v.PersistentVolumeClaim == nil && slices.Contains(w.Claims, v.Name) {
				fs = append(fs, Finding{Severity: Error, Code: "volume-conflict", Object: w.Ref, Sidecar: asked[i].Name, Field: "spec.volumeClaimTemplates",
					Message: "claims a volume named " + v.Name + ", which would take the place of the sidecar's", Hint: "rename the claim, or give the sidecar another name"})
			}
		}
	}
	return fs
}

// wavering finds variables that the app of a takeover is given twice, with different
// values: the kubelet takes the last one, so it can't be told where the app listens.
func wavering(w *Workload, asked []Asked) (fs Findings) {
	for i := range asked {
		a := &asked[i]
		if len(a.Change.Takeovers) == 0 {
			continue
		}
		first := map[string]*corev1.EnvVar{}
		for j := range a.App.Env {
			e := &a.App.Env[j]
			if before := first[e.Name]; before == nil {
				first[e.Name] = e
			} else if !reflect.DeepEqual(before, e) {
				fs = append(fs, Finding{Severity: Error, Code: "env-twice", Object: w.Ref, Sidecar: a.Name,
					Message: "container " + a.App.Name + " has the variable " + e.Name + " twice, with different values, so which one counts can't be told", Hint: "keep one"})
			}
		}
	}
	return fs
}
