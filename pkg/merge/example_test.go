package merge_test

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// The answers of all patterns become edits of one pod.
func Example() {
	w := &sidecar.Workload{
		Ref:      sidecar.Ref{Group: "apps", Kind: "Deployment", Name: "shop"},
		Template: sidecar.Fields("spec", "template"),
	}
	w.Pod.Spec.Containers = []corev1.Container{{Name: "shop", Image: "shop:1"}}
	w.App = &w.Pod.Spec.Containers[0]
	edits, findings := merge.Edits(w, []sidecar.Answer{{
		Name: "agent", Placement: sidecar.Native, App: w.App,
		Change: &sidecar.Change{
			Containers: []corev1.Container{{Name: "agent", Image: "agent:1"}},
			App:        sidecar.App{Env: sidecar.Vars(corev1.EnvVar{Name: "AGENT", Value: "127.0.0.1:4317"})},
		},
	}})
	fmt.Println(findings)
	for _, e := range edits {
		fmt.Println(e.Path)
	}
	// Output:
	// spec.template.spec.containers[name=shop].env[name=AGENT]
	// spec.template.spec.initContainers[name=agent]
	// metadata.annotations["outrigger.dev/patterns"]
	// metadata.annotations["outrigger.dev/phases"]
	// spec.template.metadata.annotations["outrigger.dev/patterns"]
}
