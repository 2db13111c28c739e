package pattern_test

import (
	"fmt"
	"log"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// The pattern custom is what it adds, in the words of every pattern's answer.
func Example() {
	w := &sidecar.Workload{Ref: sidecar.Ref{Group: "apps", Kind: "Deployment", Name: "shop"}, Name: "agent"}
	w.Pod.Spec.Containers = []corev1.Container{{Name: "shop", Image: "shop:1"}}
	w.App = &w.Pod.Spec.Containers[0]
	change, err := sidecar.Build(&pattern.Custom{
		Containers: []corev1.Container{{Name: "agent", Image: "agent:1"}},
	}, w)
	if err != nil {
		log.Fatal(err)
	}
	for c := range change.AllContainers() {
		fmt.Println(c.Name, c.Image)
	}
	// Output:
	// agent agent:1
}
