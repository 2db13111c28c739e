package neighbour

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Annotations of pods that let the cluster autoscaler remove their node although they have volumes on it
// (cluster-autoscaler's FAQ).
const (
	evictKey        = "cluster-autoscaler.kubernetes.io/safe-to-evict"
	evictVolumesKey = evictKey + "-local-volumes"
)

// keepEvictable keeps pods evictable: a volume on the node's disk keeps the cluster autoscaler from removing the node,
// unless the annotation names it. All sidecars of a pod extend one list. Without a list, nobody has said that data on
// the node may be lost, so none is written.
func keepEvictable(s *scene, r *Result) {
	w, answers := s.workload, s.answers
	list, ok := w.Pod.Annotations[evictVolumesKey]
	if !ok || w.Pod.Annotations[evictKey] != "" { // evictKey is about all volumes
		return
	}
	own := map[string]bool{}
	for _, v := range w.Pod.Spec.Volumes {
		own[v.Name] = true
	}
	added, owner := list, ""
	for i := range answers {
		for j := range answers[i].Change.Volumes {
			v := &answers[i].Change.Volumes[j]
			if isLocalVolume(v) && !own[v.Name] && !slices.Contains(splitList(added), v.Name) {
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

// isLocalVolume reports whether the cluster autoscaler treats a volume as one on the node's disk (cluster-autoscaler
// utils/drain, isLocalVolume).
func isLocalVolume(v *corev1.Volume) bool {
	return v.HostPath != nil || v.EmptyDir != nil && v.EmptyDir.Medium != corev1.StorageMediumMemory
}
