package neighbour

import (
	"cmp"
	"encoding/json"
	"fmt"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

const gatewayGroup = "gateway.networking.k8s.io"

// Routes with which a Gateway connects to backends itself. A TLSRoute or a TCPRoute passes on what clients send, and so
// needs no change, unless the Gateway's listener terminates TLS.
var (
	httpRouteKind  = Kind{gatewayGroup, "HTTPRoute"}
	grpcRouteKind  = Kind{gatewayGroup, "GRPCRoute"}
	tlsRouteKind   = Kind{gatewayGroup, "TLSRoute"}
	tcpRouteKind   = Kind{gatewayGroup, "TCPRoute"}
	gatewayKind    = Kind{gatewayGroup, "Gateway"}
	backendTLSKind = Kind{gatewayGroup, "BackendTLSPolicy"}
)

type route struct {
	ParentRefs []parentRef `json:"parentRefs"`
	Rules      []struct {
		BackendRefs []backendRef `json:"backendRefs"`
		Filters     []filter     `json:"filters"`
	} `json:"rules"`
}

// A parentRef names a Gateway, and perhaps one of its listeners.
type parentRef struct {
	Kind        string `json:"kind"`
	Name        string `json:"name"`
	Namespace   string `json:"namespace"`
	SectionName string `json:"sectionName"`
	Port        int32  `json:"port"`
}

type gateway struct {
	Listeners []struct {
		Name     string `json:"name"`
		Port     int32  `json:"port"`
		Protocol string `json:"protocol"`
		TLS      struct {
			Mode string `json:"mode"`
		} `json:"tls"`
	} `json:"listeners"`
}

type backendRef struct {
	Group     string   `json:"group"`
	Kind      string   `json:"kind"`
	Name      string   `json:"name"`
	Namespace string   `json:"namespace"`
	Port      int32    `json:"port"`
	Filters   []filter `json:"filters"`
}

// A filter may send a copy of a request to another backend, or ask one whether it's allowed.
type filter struct {
	RequestMirror *filterBackend `json:"requestMirror"`
	ExternalAuth  *filterBackend `json:"externalAuth"`
}

type filterBackend struct {
	BackendRef backendRef `json:"backendRef"`
}

// backends returns everything that the route sends requests to.
func (r *route) backends() (all []backendRef) {
	add := func(filters []filter) {
		for _, f := range filters {
			for _, b := range []*filterBackend{f.RequestMirror, f.ExternalAuth} {
				if b != nil {
					all = append(all, b.BackendRef)
				}
			}
		}
	}
	for _, rule := range r.Rules {
		add(rule.Filters)
		for _, b := range rule.BackendRefs {
			all = append(all, b)
			add(b.Filters)
		}
	}
	return all
}

// backendTLS is the spec of a BackendTLSPolicy, v1 since Gateway API 1.4
// (apis/v1/backendtlspolicy_types.go). Fields are in the order of its examples.
type backendTLS struct {
	TargetRefs []targetRef `json:"targetRefs"`
	Validation validation  `json:"validation"`
}

type targetRef struct {
	Group       string `json:"group"`
	Kind        string `json:"kind"`
	Name        string `json:"name"`
	SectionName string `json:"sectionName,omitempty"`
}

type validation struct {
	CACertificateRefs       []targetRef `json:"caCertificateRefs,omitempty"`
	WellKnownCACertificates string      `json:"wellKnownCACertificates,omitempty"`
	Hostname                string      `json:"hostname"`
}

type policyObject struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec backendTLS `json:"spec"`
}

// followRoutes adds a BackendTLSPolicy for each Service that a route leads to and that speaks TLS now. Without one, a
// Gateway speaks plain HTTP to it.
func followRoutes(s *scene, r *Result) {
	if len(s.tlsPorts) == 0 {
		return
	}
	s.checkPassedOn(r)
	wanted := map[sidecar.Ref][]*servicePort{}
	from := map[*servicePort]sidecar.Ref{} // the first route
	for _, k := range []Kind{httpRouteKind, grpcRouteKind} {
		for _, o := range s.Objects(k, "*", s.hasTLS) {
			for _, b := range o.Spec.(*route).backends() {
				if sp := s.portOfRef(&o, &b); sp != nil && from[sp] == (sidecar.Ref{}) {
					from[sp] = o.Ref
					wanted[sp.service.Ref] = append(wanted[sp.service.Ref], sp)
				}
			}
		}
	}
	for _, ref := range s.tlsServices {
		var names []string // of the sidecars; each has a certificate of its own
		bySidecar := map[string][]*servicePort{}
		for _, sp := range wanted[ref] {
			if bySidecar[sp.sidecar] == nil {
				names = append(names, sp.sidecar)
			}
			bySidecar[sp.sidecar] = append(bySidecar[sp.sidecar], sp)
		}
		for _, name := range names {
			s.addBackendPolicy(bySidecar[name], from, r)
		}
	}
}

// portOfRef returns the port that a route's backend leads to, or nil if it doesn't speak TLS now.
func (s *scene) portOfRef(o *Object, b *backendRef) *servicePort {
	if b.Group != "" || b.Kind != "" && b.Kind != "Service" {
		return nil
	}
	return s.findServicePort(cmp.Or(b.Namespace, o.Ref.Namespace), b.Name, b.Port, "")
}

// checkPassedOn warns of TLSRoutes and TCPRoutes behind a listener that terminates TLS: what it passes on is plain.
func (s *scene) checkPassedOn(r *Result) {
	for _, k := range []Kind{tlsRouteKind, tcpRouteKind} {
		for _, o := range s.Objects(k, "*", s.hasTLS) {
			spec := o.Spec.(*route)
			reported := map[*servicePort]bool{}
			for _, b := range spec.backends() {
				sp := s.portOfRef(&o, &b)
				if sp == nil || reported[sp] {
					continue
				}
				reported[sp] = true
				if listener := s.terminatingListener(&o, spec.ParentRefs); listener != "" {
					sp.addWarning(r, "gateway-backend-tls", o.Ref, "",
						fmt.Sprintf("routes to %s port %d, which speaks TLS now, but %s terminates TLS and passes on plain TCP",
							sp.service.Ref, sp.port.Port, listener), "set the listener's tls.mode to Passthrough")
				}
			}
		}
	}
}

// terminatingListener describes a listener of a route that terminates TLS, or returns "". Terminate is the default mode
// (apis/v1/gateway_types.go).
func (s *scene) terminatingListener(o *Object, parents []parentRef) string {
	for _, p := range parents {
		for _, g := range s.Objects(gatewayKind, cmp.Or(p.Namespace, o.Ref.Namespace), nil) {
			if g.Ref.Name != p.Name || p.Kind != "" && p.Kind != gatewayKind.Kind {
				continue
			}
			for _, l := range g.Spec.(*gateway).Listeners {
				isOther := p.SectionName != "" && p.SectionName != l.Name || p.Port != 0 && p.Port != l.Port
				if !isOther && l.Protocol == "TLS" && l.TLS.Mode != "Passthrough" {
					return "listener " + l.Name + " of " + g.Ref.String()
				}
			}
		}
	}
	return ""
}

// addBackendPolicy adds a policy for the ports of one Service that lead to one sidecar, or reports that one is needed.
func (s *scene) addBackendPolicy(ports []*servicePort, from map[*servicePort]sidecar.Ref, r *Result) {
	var first *servicePort
	var p policyObject
	for _, sp := range ports {
		if s.hasOwnPolicy(sp) {
			continue
		}
		if sp.ClientCertificate {
			sp.addWarning(r, "gateway-client-certificate", from[sp], "", sp.service.Ref.String()+
				" requires a client certificate",
				"name the Gateway's client certificate in its spec.tls.backend.clientCertificateRef")
		}
		if first == nil {
			first = sp
			p.APIVersion, p.Kind = gatewayGroup+"/v1", backendTLSKind.Kind
			p.Metadata.Name = sidecar.Shorten(sp.service.Ref.Name+"-"+sp.sidecar, sidecar.SubdomainLength)
			p.Spec.Validation = validationOf(sp)
		}
		p.Spec.TargetRefs = append(p.Spec.TargetRefs, targetRef{Kind: "Service", Name: sp.service.Ref.Name,
			SectionName: sp.port.Name})
	}
	switch {
	case first == nil:
	case first.Trust != nil:
		r.Emits = append(r.Emits, Emit{For: first.footprint.Ref, Sidecar: first.sidecar, Object: sidecar.NewObject(p)})
	default:
		raw, _ := json.Marshal(p) // strings only
		first.addWarning(r, "gateway-backend-tls", from[first], "",
			fmt.Sprintf("routes to %s port %d, which speaks TLS now, but without a BackendTLSPolicy the Gateway speaks plain "+
				"HTTP to it", first.service.Ref, first.port.Port),
			"set the sidecar's trust to say how its certificate is verified, or add "+string(raw))
	}
}

// validationOf returns how a Gateway verifies the certificate. Without the sidecar's trust it's an example, with the
// Service's name in the cluster.
func validationOf(sp *servicePort) validation {
	t := sp.Trust
	if t == nil {
		t = &sidecar.Trust{Hostname: sp.service.Ref.Name + "." + sp.service.Ref.Namespace + ".svc",
			ConfigMapName: sp.service.Ref.Name + "-ca"}
		if sp.service.Ref.Namespace == "" {
			t.Hostname = sp.service.Ref.Name
		}
	}
	if t.ConfigMapName == "" {
		return validation{Hostname: t.Hostname, WellKnownCACertificates: "System"}
	}
	return validation{Hostname: t.Hostname, CACertificateRefs: []targetRef{{Kind: "ConfigMap", Name: t.ConfigMapName}}}
}

// hasOwnPolicy reports whether a person has written a policy for the port. Those of an earlier run don't count: this
// run writes them again, perhaps under another name.
func (s *scene) hasOwnPolicy(sp *servicePort) bool {
	for _, o := range s.Objects(backendTLSKind, sp.service.Ref.Namespace, s.hasTLS) {
		if o.Labels[sidecar.ManagedLabel] == sidecar.ManagedBy {
			continue
		}
		for _, t := range o.Spec.(*backendTLS).TargetRefs {
			isService := t.Group == "" && t.Kind == "Service" && t.Name == sp.service.Ref.Name
			if isService && (t.SectionName == "" || t.SectionName == sp.port.Name) {
				return true
			}
		}
	}
	return false
}
