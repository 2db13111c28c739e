package merge_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// What a person or another document wrote into the annotations stays in its order;
// entries of the sidecars that are asked are made right.
func TestMarkers(t *testing.T) {
	w := &sidecar.Workload{Annotations: map[string]string{
		sidecar.PatternsKey: " other, proxy ,,last", sidecar.PhasesKey: "other=30, proxy=1, plain=7,last",
	}, Template: sidecar.Fields("spec", "template"), Pod: corev1.PodTemplateSpec{}}
	w.Pod.Spec.Containers = []corev1.Container{{Name: "app"}}
	w.App = &w.Pod.Spec.Containers[0]
	proxy := &sidecar.Change{Phase: sidecar.PhaseProxy, Containers: []corev1.Container{{Name: "proxy"}}}
	both := &sidecar.Change{Containers: []corev1.Container{{Name: "run"}},
		InitContainers: []corev1.Container{{Name: "prepare"}}}
	answers := []sidecar.Answer{
		{Name: "both", Placement: sidecar.Native, App: w.App, Change: both},
		{Name: "proxy", Placement: sidecar.Native, App: w.App, Change: proxy},
		{Name: "plain", Placement: sidecar.Beside, App: w.App,
			Change: &sidecar.Change{Containers: []corev1.Container{{Name: "plain"}}}},
	}
	edits, fs := merge.Edits(w, answers)
	require.NoError(t, fs.Err())
	have := map[string]any{}
	for _, e := range edits {
		if n := len(e.Path); e.Path[n-1].Field == sidecar.PatternsKey || e.Path[n-1].Field == sidecar.PhasesKey {
			have[e.Path.String()] = e.Value
		}
	}
	require.Equal(t, map[string]any{
		`metadata.annotations["outrigger.dev/patterns"]`:               "other,proxy,last,both,plain",
		`metadata.annotations["outrigger.dev/phases"]`:                 "other=30,proxy=80,last,both=60/70",
		`spec.template.metadata.annotations["outrigger.dev/patterns"]`: "both,proxy,plain",
	}, have)
}
