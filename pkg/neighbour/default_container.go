package neighbour

import "github.com/outrigger-dev/outrigger/pkg/sidecar"

// keepDefaultContainer makes kubectl logs and exec keep their default container, the first one, when ordinary
// containers join it: a later patch may move those to the front of the list. It isn't the container that the sidecar
// serves: this annotation decides which app an entry without app means, so the next run would choose another one.
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
