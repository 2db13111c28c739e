package neighbour

import (
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

// keepEvictable keeps pods evictable: a volume on the node's disk keeps the cluster
// autoscaler from taking the node away, unless the annotation names it. All
// sidecars of a pod extend the one list. Where nobody has written one, whether
// what is in the volumes may go isn't ours to say.
func keepEvictable(s *scene, r *Result) {
	w, answers := s.workload, s.answers
	list, some := w.Pod.Annotations[evictVolumesKey]
	if !some || w.Pod.Annotations[evictKey] != "" { // which speaks for all volumes
		return
	}
	own := map[string]bool{}
	for _, v := range w.Pod.Spec.Volumes {
		own[v.Name] = true
	}
	added, owner := list, ""
	for i := range answers {
		for j := range answers[i].Change.Volumes {
			if v := &answers[i].Change.Volumes[j]; isLocalVolume(v) && !own[v.Name] && !slices.Contains(splitList(added), v.Name) {
				added, owner = addToList(added, v.Name), answers[i].Name
			}
		}
	}
	if owner == "" {
		return
	}
	r.addEdits(sidecar.Edit{Owner: owner, Object: w.Ref, Path: w.Template.To("metadata", "annotations", evictVolumesKey),
		Value: added, Was: list})
}

// isLocalVolume reports whether the cluster autoscaler takes a volume for one on the
// node's disk (cluster-autoscaler utils/drain, isLocalVolume).
func isLocalVolume(v *corev1.Volume) bool {
	return v.HostPath != nil || v.EmptyDir != nil && v.EmptyDir.Medium != corev1.StorageMediumMemory
}
