package neighbour

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

const gatewayGroup = "gateway.networking.k8s.io"

// routes let Gateways speak TLS to backends: by a BackendTLSPolicy (Gateway API,
// GEP-1897), of which there can be one for a Service's port.
func routes(w *World, r *Result) {
	told := map[*Door]bool{}
	for _, kind := range []string{"HTTPRoute", "GRPCRoute"} {
		for _, route := range w.Objects[kind] {
			if route.Is().Group != gatewayGroup {
				continue
			}
			var rules []struct {
				BackendRefs []struct {
					Kind      string `json:"kind"`
					Name      string `json:"name"`
					Namespace string `json:"namespace"`
					Port      int32  `json:"port"`
				} `json:"backendRefs"`
			}
			if route.Decode(sidecar.Fields("spec", "rules"), &rules) != nil {
				continue
			}
			for _, rule := range rules {
				for _, b := range rule.BackendRefs {
					if b.Kind != "" && b.Kind != "Service" {
						continue
					}
					namespace := b.Namespace
					if namespace == "" {
						namespace = route.Is().Namespace
					}
					if d := w.door(namespace, b.Name, intstr.FromInt32(b.Port)); d != nil && !told[d] {
						told[d] = true
						backendPolicy(w, r, route, d)
					}
				}
			}
		}
	}
	for _, route := range w.Objects["Route"] { // OpenShift
		name, _ := route.Have(sidecar.Fields("spec", "to", "name"))
		if d := w.door(route.Is().Namespace, fmt.Sprint(name), intstr.IntOrString{}); d != nil && route.Is().Group == "route.openshift.io" {
			if how, _ := route.Have(sidecar.Fields("spec", "tls", "termination")); how != "reencrypt" && how != "passthrough" {
				r.warn("ingress-backend", route.Is(), d.Owner, "spec.tls", "the router must speak TLS to Service "+d.Service.Ref.Name+" now", "write tls: {termination: reencrypt, destinationCACertificate: ...}")
			}
		}
	}
}

// backendPolicy emits the policy for a door, unless there is one.
func backendPolicy(w *World, r *Result, route Object, d *Door) {
	for _, p := range w.Objects["BackendTLSPolicy"] {
		var refs []struct {
			Kind string `json:"kind"`
			Name string `json:"name"`
		}
		if p.Is().Namespace == d.Service.Ref.Namespace && p.Annotations()["outrigger.dev/by"] == "" && p.Decode(sidecar.Fields("spec", "targetRefs"), &refs) == nil {
			for _, t := range refs {
				if t.Name == d.Service.Ref.Name && t.Kind == "Service" {
					return
				}
			}
		}
	}
	t := d.Takeover.Trust
	if t == nil {
		r.warn("route-backend", route.Is(), d.Owner, "spec.rules", fmt.Sprintf("the Gateway must speak TLS to Service %s now", d.Service.Ref.Name),
			"write trust: {hostname: <name of the certificate>, configMapName: <ConfigMap with ca.crt>} beside port, and a BackendTLSPolicy is made; or write one")
		return
	}
	validation := map[string]any{"hostname": t.Hostname, "wellKnownCACertificates": "System"}
	if t.ConfigMapName != "" {
		validation = map[string]any{"hostname": t.Hostname, "caCertificateRefs": []any{map[string]any{"group": "", "kind": "ConfigMap", "name": t.ConfigMapName}}}
	}
	target := map[string]any{"group": "", "kind": "Service", "name": d.Service.Ref.Name}
	name := d.Service.Ref.Name + "-" + d.Owner
	if d.Port.Name != "" {
		target["sectionName"] = d.Port.Name
		name += "-" + strings.ToLower(d.Port.Name)
	}
	o := sidecar.NewObject(struct {
		APIVersion string         `json:"apiVersion"`
		Kind       string         `json:"kind"`
		Metadata   map[string]any `json:"metadata"`
		Spec       map[string]any `json:"spec"`
	}{gatewayGroup + "/v1", "BackendTLSPolicy", map[string]any{"name": sidecar.Shorten(name, 242)},
		map[string]any{"targetRefs": []any{target}, "validation": validation}})
	r.Emissions = append(r.Emissions, Emission{For: d.Workload, Sidecar: d.Owner, Object: o})
	if d.Takeover.ClientCertificate {
		r.warn("ingress-certificate", route.Is(), d.Owner, "spec.rules", "the Gateway must show a certificate to Service "+d.Service.Ref.Name, "configure its client certificate (Gateway API: spec.tls.backend.clientCertificateRef)")
	}
}
