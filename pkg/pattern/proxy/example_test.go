package proxy_test

import (
	"fmt"
	"log"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern/proxy"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A proxy takes the app's port over, and the app moves to 127.0.0.1.
func Example() {
	w := &sidecar.Workload{Ref: sidecar.Ref{Group: "apps", Kind: "Deployment", Name: "shop"}, Name: "tls-proxy"}
	w.Pod.Spec.Containers = []corev1.Container{{
		Name: "shop", Image: "shop:1", Ports: []corev1.ContainerPort{{ContainerPort: 8080}},
	}}
	w.App = &w.Pod.Spec.Containers[0]
	change, err := sidecar.Build(&proxy.TLSProxy{Base: proxy.Base{
		Port: 8080, SecretName: "shop-tls",
		Rebind: &proxy.Rebind{Port: 8081, Args: []string{"--listen=127.0.0.1:8081"}},
	}}, w)
	if err != nil {
		log.Fatal(err)
	}
	for c := range change.AllContainers() {
		fmt.Println(c.Name)
	}
	for _, t := range change.Takeovers {
		fmt.Println(t.Scheme, t.Port, "->", t.AppPort)
	}
	// Output:
	// tls-proxy
	// HTTPS 8080 -> 8081
}
