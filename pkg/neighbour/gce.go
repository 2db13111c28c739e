package neighbour

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

var backendConfigs = Kind{"cloud.google.com", "BackendConfig"}

// backendConfig is what we look at of one (ingress-gce apis/backendconfig/v1).
type backendConfig struct {
	HealthCheck *struct {
		Type string `json:"type"`
	} `json:"healthCheck"`
}

// checkBackendHealth warns of health checks that ask in plain.
func checkBackendHealth(s *scene, r *Result) {
	for _, ref := range s.tlsServices {
		sp := &s.tlsPorts[ref][0]
		var of struct {
			Default string            `json:"default"`
			Ports   map[string]string `json:"ports"`
		}
		if text := sp.service.Annotations["cloud.google.com/backend-config"]; text == "" || json.Unmarshal([]byte(text),
			&of) != nil {
			continue // GCE has to say what is wrong with it
		}
		names := map[string]bool{of.Default: true}
		for _, name := range slices.Sorted(maps.Values(of.Ports)) {
			names[name] = true
		}
		for _, o := range s.Objects(backendConfigs, ref.Namespace, func(name string) bool { return names[name] }) {
			if h := o.Spec.(*backendConfig).HealthCheck; names[o.Ref.Name] && h != nil && h.Type == "HTTP" {
				r.addFindings(sp.newFinding(sidecar.Warning, "ingress-health-check", o.Ref, "spec.healthCheck.type",
					fmt.Sprintf("says HTTP, but %s port %d speaks TLS now", ref, sp.port.Port), "write HTTPS"))
			}
		}
	}
}
