package verify_test

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
	"github.com/outrigger-dev/outrigger/pkg/verify"
)

// Two containers of one pod can't listen on the same port.
func Example() {
	w := &sidecar.Workload{
		Ref:      sidecar.Ref{Group: "apps", Kind: "Deployment", Name: "shop"},
		Template: sidecar.Fields("spec", "template"),
	}
	port := []corev1.ContainerPort{{ContainerPort: 8080}}
	w.Pod.Spec.Containers = []corev1.Container{{Name: "shop", Image: "shop:1", Ports: port}}
	w.App = &w.Pod.Spec.Containers[0]
	for _, f := range verify.Check(w, []sidecar.Answer{{
		Name: "agent", Placement: sidecar.Beside, App: w.App,
		Change: &sidecar.Change{Containers: []corev1.Container{{Name: "agent", Image: "agent:1", Ports: port}}},
	}}) {
		fmt.Printf("%s: %s: %s\n%s\n%s\n", f.Code, f.Object, f.Sidecar, f.Message, f.Hint)
	}
	// Output:
	// port-conflict: Deployment shop: agent
	// port 8080/TCP is used by container shop and by container agent, and containers of a pod share one network
	// give one of them another port
}
