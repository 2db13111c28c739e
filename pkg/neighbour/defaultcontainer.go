package neighbour

import "github.com/outrigger-dev/outrigger/pkg/sidecar"

// defaultContainer keeps kubectl logs and exec with the app where ordinary
// containers join it: later patches may move them to the front of the list.
func defaultContainer(w *sidecar.Workload, a sidecar.Asked) ([]sidecar.Edit, sidecar.Findings) {
	if a.Placement != sidecar.Beside || len(a.Change.Containers) == 0 || w.Pod.Annotations[sidecar.DefaultContainerKey] != "" {
		return nil, nil
	}
	return []sidecar.Edit{{Owner: a.Name, Object: w.Ref, Value: a.App.Name,
		Path: w.Template.To("metadata", "annotations", sidecar.DefaultContainerKey)}}, nil
}
