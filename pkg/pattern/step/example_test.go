package step_test

import (
	"fmt"
	"log"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern/step"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// The app starts once an address answers.
func Example() {
	w := &sidecar.Workload{Ref: sidecar.Ref{Group: "apps", Kind: "Deployment", Name: "shop"}, Name: "wait"}
	w.Pod.Spec.Containers = []corev1.Container{{
		Name: "shop", Image: "shop:1", Ports: []corev1.ContainerPort{{ContainerPort: 8080}},
	}}
	w.App = &w.Pod.Spec.Containers[0]
	change, err := sidecar.Build(&step.WaitFor{Targets: []string{"db:5432"}}, w)
	if err != nil {
		log.Fatal(err)
	}
	for c := range change.AllContainers() {
		fmt.Println(c.Name)
	}
	// Output:
	// wait
}
