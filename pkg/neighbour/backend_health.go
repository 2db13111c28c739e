package neighbour

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
)

var (
	backendConfigs   = Kind{"cloud.google.com", "BackendConfig"}
	upstreamPolicies = Kind{"configuration.konghq.com", "KongUpstreamPolicy"}
)

// backendConfig holds the fields of a BackendConfig that are read here (ingress-gce apis/backendconfig/v1).
type backendConfig struct {
	HealthCheck *struct {
		Type string `json:"type"`
	} `json:"healthCheck"`
}

// upstreamPolicy holds the fields of a KongUpstreamPolicy that are read here (Kong/kubernetes-configuration
// api/configuration/v1beta1).
type upstreamPolicy struct {
	HealthChecks struct {
		Active *kongChecks `json:"active"`
	} `json:"healthchecks"`
}

type kongChecks struct {
	Type      string       `json:"type"`
	Healthy   kongInterval `json:"healthy"`
	Unhealthy kongInterval `json:"unhealthy"`
}

type kongInterval struct {
	Interval int `json:"interval"`
}

// checkBackendHealth warns of health checks without TLS.
func checkBackendHealth(s *scene, r *Result) {
	for _, ref := range s.tlsServices {
		sp := &s.tlsPorts[ref][0]
		checkKongHealth(s, sp, r)
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

// checkKongHealth warns of Kong's active checks, which run where they have an interval.
func checkKongHealth(s *scene, sp *servicePort, r *Result) {
	name := sp.service.Annotations["konghq.com/upstream-policy"]
	if name == "" {
		return
	}
	isNamed := func(word string) bool { return word == name }
	for _, o := range s.Objects(upstreamPolicies, sp.service.Ref.Namespace, isNamed) {
		c := o.Spec.(*upstreamPolicy).HealthChecks.Active
		if o.Ref.Name != name || c == nil || c.Healthy.Interval == 0 && c.Unhealthy.Interval == 0 {
			continue
		}
		if now := cmp.Or(c.Type, "http"); slices.Contains([]string{"http", "grpc"}, now) {
			sp.addWarning(r, "ingress-health-check", o.Ref, "spec.healthchecks.active.type",
				fmt.Sprintf("is %s, but %s port %d speaks TLS now", now, sp.service.Ref, sp.port.Port), "set it to "+now+"s")
		}
	}
}
