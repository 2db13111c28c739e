package neighbour

import "github.com/outrigger-dev/outrigger/pkg/sidecar"

// defaultContainer keeps kubectl logs and exec with the container that they take
// today, the first one, where ordinary containers join it: later patches may move
// them to the front of the list. It isn't the one that the sidecar serves: entries
// without app go by this annotation, and the next run would read another answer.
func defaultContainer(w *sidecar.Workload, a sidecar.Answer) ([]sidecar.Edit, sidecar.Findings) {
	if a.Placement != sidecar.Beside || len(a.Change.Containers) == 0 || w.Pod.Annotations[sidecar.DefaultContainerKey] != "" {
		return nil, nil
	}
	return []sidecar.Edit{{Owner: a.Name, Object: w.Ref, Value: w.Pod.Spec.Containers[0].Name,
		Path: w.Template.To("metadata", "annotations", sidecar.DefaultContainerKey)}}, nil
}
