package neighbour

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// defaultContainer keeps kubectl logs and exec with the app where ordinary
// containers join it: later patches may move them to the front of the list.
func defaultContainer(w *sidecar.Workload, a sidecar.Asked) ([]sidecar.Edit, sidecar.Findings) {
	if a.Placement != sidecar.Beside || len(a.Change.Containers) == 0 || w.Pod.Annotations[sidecar.DefaultContainerKey] != "" {
		return nil, nil
	}
	app := a.App.Name
	if !slices.ContainsFunc(w.Pod.Spec.Containers, func(c corev1.Container) bool { return c.Name == app }) {
		app = w.Pod.Spec.Containers[0].Name // an init container is served
	}
	return []sidecar.Edit{{Owner: a.Name, Object: w.Ref, Value: app,
		Path: w.Template.To("metadata", "annotations", sidecar.DefaultContainerKey)}}, nil
}
