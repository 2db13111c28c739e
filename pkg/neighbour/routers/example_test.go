package routers_test

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/neighbour/routers"
)

// An IngressRoute routes to a Service in plain.
func Example() {
	for _, k := range routers.Kinds {
		if k.Group != "traefik.io" || k.Kind != "IngressRoute" {
			continue
		}
		spec := k.New()
		text := `{"routes": [{"services": [{"name": "web", "port": 80}, {"name": "api", "port": 443}]}]}`
		if err := json.Unmarshal([]byte(text), spec); err != nil {
			panic(err)
		}
		for _, b := range spec.(routers.Router).Backends(nil) {
			port := corev1.ServicePort{Port: b.Port.IntVal}
			fmt.Println(b.Field, b.Service, b.SpeaksTLS(port, nil))
		}
	}
	// Output:
	// spec.routes[0].services[0] web false
	// spec.routes[0].services[1] api true
}
