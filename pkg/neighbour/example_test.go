package neighbour_test

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/neighbour"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A proxy has taken the app's port over and speaks TLS there: the probe follows.
func Example() {
	w := &sidecar.Workload{
		Ref:      sidecar.Ref{Group: "apps", Kind: "Deployment", Name: "shop"},
		Template: sidecar.Fields("spec", "template"),
	}
	w.Pod.Spec.Containers = []corev1.Container{{
		Name: "shop", Image: "shop:1", Ports: []corev1.ContainerPort{{ContainerPort: 8080}},
		ReadinessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{
			HTTPGet: &corev1.HTTPGetAction{Path: "/ready", Port: intstr.FromInt32(8080)},
		}},
	}}
	w.App = &w.Pod.Spec.Containers[0]
	result := neighbour.Follow(w, []sidecar.Answer{{
		Name: "tls-proxy", Placement: sidecar.Native, App: w.App,
		Change: &sidecar.Change{
			Containers: []corev1.Container{{Name: "tls-proxy", Image: "nginx:1"}},
			Takeovers:  []sidecar.Takeover{{Port: 8080, AppPort: 8081, Scheme: corev1.URISchemeHTTPS}},
		},
	}})
	for _, e := range result.Edits {
		fmt.Println(e.Path, e.Value)
	}
	// Output:
	// spec.template.spec.containers[name=shop].readinessProbe.httpGet.scheme HTTPS
}
