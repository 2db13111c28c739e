package tunnel_test

import (
	"fmt"
	"log"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern/tunnel"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A tunnel verifies a server, and the app dials it on 127.0.0.1 in plain.
func Example() {
	w := &sidecar.Workload{Ref: sidecar.Ref{Group: "apps", Kind: "Deployment", Name: "shop"}, Name: "db"}
	w.Pod.Spec.Containers = []corev1.Container{{
		Name: "shop", Image: "shop:1", Ports: []corev1.ContainerPort{{ContainerPort: 8080}},
	}}
	w.App = &w.Pod.Spec.Containers[0]
	change, err := sidecar.Build(&tunnel.Tunnel{
		ListenPort: 6379, Host: "redis.example", Port: 6380, Env: map[string]string{"REDIS_HOST": "127.0.0.1"},
	}, w)
	if err != nil {
		log.Fatal(err)
	}
	for c := range change.AllContainers() {
		fmt.Println(c.Name)
	}
	for _, e := range change.App.Env {
		fmt.Println(e.Name, e.Value)
	}
	// Output:
	// db
	// REDIS_HOST 127.0.0.1
}
