package neighbour

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

var (
	virtualServices  = Kind{"networking.istio.io", "VirtualService"}
	destinationRules = Kind{"networking.istio.io", "DestinationRule"}
)

// virtualService and destinationRule hold the fields of both that are read here (istio/api networking/v1).
type virtualService struct {
	HTTP []struct {
		Route  []virtualRoute `json:"route"`
		Mirror *destination   `json:"mirror"`
	} `json:"http"`
	TCP []struct {
		Route []virtualRoute `json:"route"`
	} `json:"tcp"`
}

type virtualRoute struct {
	Destination destination `json:"destination"`
}

type destination struct {
	Host string `json:"host"`
	Port struct {
		Number int32 `json:"number"`
	} `json:"port"`
}

type destinationRule struct {
	Host          string         `json:"host"`
	TrafficPolicy *trafficPolicy `json:"trafficPolicy,omitempty"`
}

type trafficPolicy struct {
	TLS               *meshTLS        `json:"tls,omitempty"`
	PortLevelSettings []trafficOnPort `json:"portLevelSettings,omitempty"`
}

type trafficOnPort struct {
	Port struct {
		Number int32 `json:"number"`
	} `json:"port"`
	TLS *meshTLS `json:"tls,omitempty"`
}

type meshTLS struct {
	Mode string `json:"mode"`
}

// speaksTLS reports whether the mesh's proxies begin TLS.
func (t *meshTLS) speaksTLS() bool { return t != nil && (t.Mode == "SIMPLE" || t.Mode == "MUTUAL") }

// destinations returns everything that the VirtualService routes to.
func (v *virtualService) destinations() (all []destination) {
	for _, h := range v.HTTP {
		for _, to := range h.Route {
			all = append(all, to.Destination)
		}
		if h.Mirror != nil {
			all = append(all, *h.Mirror)
		}
	}
	for _, t := range v.TCP {
		for _, to := range t.Route {
			all = append(all, to.Destination)
		}
	}
	return all
}

// checkMeshes warns of VirtualServices that send requests without TLS to a Service that speaks it now. The proxies of a
// gateway, or of the clients, do that if the Service's pods aren't in the mesh, which the manifests don't show.
func checkMeshes(s *scene, r *Result) {
	if len(s.tlsPorts) == 0 {
		return
	}
	h := newHostIndex(s)
	for _, o := range s.Objects(virtualServices, "*", h.mayBeService) {
		reported := map[sidecar.Ref]bool{}
		for _, to := range o.Spec.(*virtualService).destinations() {
			sp := h.portOfDestination(o.Ref.Namespace, to.Host, to.Port.Number)
			if sp == nil || reported[sp.service.Ref] {
				continue
			}
			written, speaksTLS := h.findDestinationRule(sp)
			if speaksTLS {
				continue
			}
			reported[sp.service.Ref] = true
			settings := trafficOnPort{TLS: &meshTLS{choose(sp.ClientCertificate, "MUTUAL", "SIMPLE")}}
			settings.Port.Number = sp.port.Port
			message := fmt.Sprintf("routes to %s port %d, which speaks TLS now, but without a DestinationRule the mesh's "+
				"proxies don't speak TLS to it", sp.service.Ref, sp.port.Port)
			if written != nil {
				message = fmt.Sprintf("routes to %s port %d, which speaks TLS now, but %s doesn't make the mesh's proxies speak "+
					"TLS to it", sp.service.Ref, sp.port.Port, written.Ref)
			}
			sp.addWarning(r, "mesh-backend", o.Ref, "", message, settings.advise(to.Host, sp, written))
		}
	}
}

// advise writes what makes the mesh speak TLS. Two rules for one host aren't merged as one might hope, so a rule that
// is there is extended. What it sets for all ports doesn't apply to a port with settings of its own.
func (p *trafficOnPort) advise(host string, sp *servicePort, written *Object) string {
	rule := map[string]any{
		"apiVersion": "networking.istio.io/v1", "kind": destinationRules.Kind,
		"metadata": map[string]string{"name": sp.service.Ref.Name},
		"spec":     destinationRule{host, &trafficPolicy{PortLevelSettings: []trafficOnPort{*p}}},
	}
	if written == nil {
		raw, _ := json.Marshal(rule) // it can always be encoded
		return "add " + string(raw)
	}
	raw, _ := json.Marshal(p)
	return fmt.Sprintf("add %s to spec.trafficPolicy.portLevelSettings of %s, with what its trafficPolicy has for all "+
		"ports", raw, written.Ref)
}

// portOfDestination returns the port that a host and a port lead to, as meshes write them. Without a port, a Service
// has only one.
func (h *hostIndex) portOfDestination(from, host string, port int32) *servicePort {
	for _, sp := range h.portsOfHost(from, host, true) {
		if port == 0 || port == sp.port.Port {
			return sp
		}
	}
	return nil
}

// findDestinationRule returns a person's DestinationRule for the port's Service, or nil, and reports whether one makes
// the mesh speak TLS to the port.
func (h *hostIndex) findDestinationRule(sp *servicePort) (written *Object, speaksTLS bool) {
	isSameService := func(other *servicePort) bool { return other.service.Ref == sp.service.Ref }
	for _, o := range h.Objects(destinationRules, "*", h.mayBeService) {
		rule := o.Spec.(*destinationRule)
		if !slices.ContainsFunc(h.portsOfHost(o.Ref.Namespace, rule.Host, true), isSameService) {
			continue
		}
		written = &o
		if policy := rule.TrafficPolicy; policy != nil && policy.speaksTLS(sp.port.Port) {
			return written, true
		}
	}
	return written, false
}

// speaksTLS reports whether the mesh's proxies begin TLS on a port, whose own settings win.
func (p *trafficPolicy) speaksTLS(port int32) bool {
	for _, own := range p.PortLevelSettings {
		if own.Port.Number == port {
			return own.TLS.speaksTLS()
		}
	}
	return p.TLS.speaksTLS()
}
