package exporter_test

import (
	"fmt"
	"log"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern/exporter"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// An exporter reads the app's numbers and has a port of its own.
func Example() {
	w := &sidecar.Workload{Ref: sidecar.Ref{Group: "apps", Kind: "Deployment", Name: "shop"}, Name: "metrics"}
	w.Pod.Spec.Containers = []corev1.Container{{
		Name: "shop", Image: "shop:1", Ports: []corev1.ContainerPort{{ContainerPort: 8080}},
	}}
	w.App = &w.Pod.Spec.Containers[0]
	change, err := sidecar.Build(&exporter.Exporter{Preset: "redis", Port: 8080, Monitor: exporter.ByNone}, w)
	if err != nil {
		log.Fatal(err)
	}
	for c := range change.AllContainers() {
		fmt.Println(c.Name)
	}
	for _, p := range change.ServicePorts {
		fmt.Println(p.Name, p.Port)
	}
	// Output:
	// metrics
}
