package neighbour

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Annotations of pods by which the cluster autoscaler takes their node away
// although they have volumes on it (cluster-autoscaler's FAQ).
const (
	evictKey        = "cluster-autoscaler.kubernetes.io/safe-to-evict"
	evictVolumesKey = evictKey + "-local-volumes"
)

// evictable keeps pods evictable: a volume on the node's disk keeps the cluster
// autoscaler from taking the node away, unless the annotation names it. All
// sidecars of a pod extend the one list. Where nobody has written one, whether
// what is in the volumes may go isn't ours to say.
func evictable(w *sidecar.Workload, asked []sidecar.Asked) ([]sidecar.Edit, sidecar.Findings) {
	if w.Pod.Annotations[evictKey] != "" {
		return nil, nil // it speaks for all volumes
	}
	there := map[string]bool{}
	blocked := false
	for i := range w.Pod.Spec.Volumes {
		v := &w.Pod.Spec.Volumes[i]
		there[v.Name] = true
		blocked = blocked || local(v)
	}
	list, some := w.Pod.Annotations[evictVolumesKey]
	added, owner := list, ""
	for i := range asked {
		for j := range asked[i].Change.Volumes {
			if v := &asked[i].Change.Volumes[j]; local(v) && !there[v.Name] && !slices.Contains(split(added), v.Name) {
				added, owner = listed(added, v.Name), asked[i].Name
			}
		}
	}
	at := w.Template.To("metadata", "annotations", evictVolumesKey)
	switch {
	case owner == "":
		return nil, nil
	case some:
		return []sidecar.Edit{{Owner: owner, Object: w.Ref, Path: at, Value: added, Was: list}}, nil
	case blocked:
		return nil, nil // by a volume of its own, before
	}
	return nil, sidecar.Findings{{Severity: sidecar.Info, Code: "autoscaler-blocked", Object: w.Ref, Sidecar: owner, Field: at.String(),
		Message: "the cluster autoscaler doesn't take a node away whose pods have volumes on its disk, as these have now",
		Hint:    fmt.Sprintf("if what is in them may go, write %q", added)}}
}

// local reports whether the cluster autoscaler takes a volume for one on the
// node's disk (cluster-autoscaler utils/drain, isLocalVolume).
func local(v *corev1.Volume) bool {
	return v.HostPath != nil || v.EmptyDir != nil && v.EmptyDir.Medium != corev1.StorageMediumMemory
}
