package neighbour

import (
	"encoding/json"
	"fmt"
)

var backendConfigs = Kind{"cloud.google.com", "BackendConfig"}

// backendConfig holds the fields of a BackendConfig that are read here (ingress-gce apis/backendconfig/v1).
type backendConfig struct {
	HealthCheck *struct {
		Type string `json:"type"`
	} `json:"healthCheck"`
}

// checkBackendHealth warns of health checks without TLS.
func checkBackendHealth(s *scene, r *Result) {
	for _, ref := range s.tlsServices {
		sp := &s.tlsPorts[ref][0]
		var configs struct {
			Default string            `json:"default"`
			Ports   map[string]string `json:"ports"`
		}
		text := sp.service.Annotations["cloud.google.com/backend-config"]
		if text == "" || json.Unmarshal([]byte(text), &configs) != nil {
			continue // GCE reports what is wrong with it
		}
		names := map[string]bool{configs.Default: true}
		for _, name := range configs.Ports {
			names[name] = true
		}
		for _, o := range s.Objects(backendConfigs, ref.Namespace, func(name string) bool { return names[name] }) {
			if h := o.Spec.(*backendConfig).HealthCheck; names[o.Ref.Name] && h != nil && h.Type == "HTTP" {
				sp.addWarning(r, "ingress-health-check", o.Ref, "spec.healthCheck.type",
					fmt.Sprintf("is HTTP, but %s port %d speaks TLS now", ref, sp.port.Port), "set it to HTTPS")
			}
		}
	}
}
