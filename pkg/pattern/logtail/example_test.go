package logtail_test

import (
	"fmt"
	"log"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern/logtail"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Each file has a container, whose output is the file's lines.
func Example() {
	w := &sidecar.Workload{Ref: sidecar.Ref{Group: "apps", Kind: "Deployment", Name: "shop"}, Name: "logs"}
	w.Pod.Spec.Containers = []corev1.Container{{
		Name: "shop", Image: "shop:1", Ports: []corev1.ContainerPort{{ContainerPort: 8080}},
	}}
	w.App = &w.Pod.Spec.Containers[0]
	change, err := sidecar.Build(&logtail.LogTail{Directory: "/var/log/shop", Files: []string{"app.log", "gc.log"}}, w)
	if err != nil {
		log.Fatal(err)
	}
	for c := range change.AllContainers() {
		fmt.Println(c.Name)
	}
	// Output:
	// logs-app
	// logs-gc
}
