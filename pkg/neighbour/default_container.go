package neighbour

import "github.com/outrigger-dev/outrigger/pkg/sidecar"

// keepDefaultContainer keeps kubectl logs and exec with the container that they take
// today, the first one, where ordinary containers join it: later patches may move
// them to the front of the list. It isn't the one that the sidecar serves: entries
// without app go by this annotation, and the next run would read another answer.
func keepDefaultContainer(s *scene, r *Result) {
	w := s.workload
	if w.Pod.Annotations[sidecar.DefaultContainerKey] != "" {
		return
	}
	for i := range s.answers {
		if a := &s.answers[i]; a.Placement == sidecar.Beside && len(a.Change.Containers) > 0 {
			r.addEdits(sidecar.Edit{Owner: a.Name, Object: w.Ref, Value: w.Pod.Spec.Containers[0].Name,
				Path: w.Template.To("metadata", "annotations", sidecar.DefaultContainerKey)})
		}
	}
}
