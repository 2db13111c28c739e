package neighbour

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

var (
	virtualServices  = Kind{"networking.istio.io", "VirtualService"}
	destinationRules = Kind{"networking.istio.io", "DestinationRule"}
)

// virtualService and destinationRule hold the fields of both that are read here (istio/api networking/v1).
type virtualService struct {
	HTTP []struct {
		Route   []virtualRoute `json:"route"`
		Mirror  *destination   `json:"mirror"`
		Mirrors []virtualRoute `json:"mirrors"`
	} `json:"http"`
	TCP []struct {
		Route []virtualRoute `json:"route"`
	} `json:"tcp"`
}

type virtualRoute struct {
	Destination destination `json:"destination"`
}

type destination struct {
	Host   string `json:"host"`
	Subset string `json:"subset"`
	Port   struct {
		Number int32 `json:"number"`
	} `json:"port"`
}

type destinationRule struct {
	Host          string         `json:"host"`
	TrafficPolicy *trafficPolicy `json:"trafficPolicy,omitempty"`
	Subsets       []subset       `json:"subsets,omitempty"`
}

type subset struct {
	Name          string         `json:"name"`
	TrafficPolicy *trafficPolicy `json:"trafficPolicy"`
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
		for _, to := range append(slices.Clone(h.Route), h.Mirrors...) {
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
			written, place := h.findDestinationRule(sp, to.Subset)
			if place.tls.speaksTLS() {
				continue
			}
			reported[sp.service.Ref] = true
			message := fmt.Sprintf("routes to %s port %d, which speaks TLS now, but without a DestinationRule the mesh's "+
				"proxies don't speak TLS to it", sp.service.Ref, sp.port.Port)
			if written != nil {
				message = fmt.Sprintf("routes to %s port %d, which speaks TLS now, but %s doesn't make the mesh's proxies speak "+
					"TLS to it", sp.service.Ref, sp.port.Port, written.Ref)
			}
			sp.addWarning(r, "mesh-backend", o.Ref, "", message, sp.adviseRule(to.Host, written, place))
		}
	}
}

// adviseRule writes what makes the mesh speak TLS. Two rules for one host aren't merged as one might hope, so a rule
// that is there is extended. What it sets for all ports doesn't apply to a port with settings of its own, and what one
// for many hosts sets doesn't apply to a host with a rule of its own.
func (sp *servicePort) adviseRule(host string, written *Object, place tlsPlace) string {
	settings := trafficOnPort{TLS: &meshTLS{choose(sp.ClientCertificate, "MUTUAL", "SIMPLE")}}
	settings.Port.Number = sp.port.Port
	encode := func(v any) string {
		raw, _ := json.Marshal(v) // it can always be encoded
		return string(raw)
	}
	switch {
	case place.field != "":
		return fmt.Sprintf("set tls: %s in %s of %s", encode(settings.TLS), place.field, written.Ref)
	case written != nil && !isWildcard(written.Spec.(*destinationRule).Host):
		return fmt.Sprintf("add %s to spec.trafficPolicy.portLevelSettings of %s, with what its trafficPolicy has for all "+
			"ports", encode(settings), written.Ref)
	}
	hint := "add " + encode(map[string]any{
		"apiVersion": "networking.istio.io/v1", "kind": destinationRules.Kind,
		"metadata": map[string]string{"name": sp.service.Ref.Name},
		"spec":     destinationRule{Host: host, TrafficPolicy: &trafficPolicy{PortLevelSettings: []trafficOnPort{settings}}},
	})
	if written != nil {
		hint += fmt.Sprintf(", with what %s has for all hosts", written.Ref)
	}
	return hint
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

// findDestinationRule returns a person's DestinationRule for the port's Service, or nil, and where TLS is decided. One
// for many hosts counts where the Service has none (istio pilot/pkg/model, MostSpecificHostMatch).
func (h *hostIndex) findDestinationRule(sp *servicePort, subset string) (written *Object, place tlsPlace) {
	isSameService := func(other *servicePort) bool { return other.service.Ref == sp.service.Ref }
	longest := -1
	for _, o := range h.Objects(destinationRules, "*", nil) {
		rule := o.Spec.(*destinationRule)
		rank := len(rule.Host)
		if isWildcard(rule.Host) {
			if !strings.HasSuffix(sp.fullName(), rule.Host[1:]) {
				continue
			}
		} else if slices.ContainsFunc(h.portsOfHost(o.Ref.Namespace, rule.Host, true), isSameService) {
			rank = sidecar.SubdomainLength + 1
		} else {
			continue
		}
		own := rule.placeOf(sp.port.Port, subset)
		if rank > longest || rank == longest && own.tls.speaksTLS() {
			written, place, longest = &o, own, rank
		}
	}
	return written, place
}

// isWildcard reports whether a host of a DestinationRule stands for many.
func isWildcard(host string) bool { return strings.HasPrefix(host, "*") }

// fullName returns the name of the Service by which meshes know it.
func (sp *servicePort) fullName() string {
	return sp.service.Ref.Name + "." + sp.service.Ref.Namespace + ".svc.cluster.local"
}

// A tlsPlace is where a DestinationRule decides whether the mesh's proxies begin TLS on a port.
type tlsPlace struct {
	tls   *meshTLS
	field string // that has to be changed; "" where one for the port can be added
}

// placeOf returns the place for a port and a subset. Settings of a port count as a whole, and those of a subset more
// than others (istio pilot/pkg/networking/util, MergeSubsetTrafficPolicy).
func (d *destinationRule) placeOf(port int32, subset string) tlsPlace {
	place := d.TrafficPolicy.placeOf(port, "spec.trafficPolicy")
	for i := range d.Subsets {
		of := &d.Subsets[i]
		if of.Name != subset || subset == "" || of.TrafficPolicy == nil {
			continue
		}
		at := fmt.Sprintf("spec.subsets[%d].trafficPolicy", i)
		own := of.TrafficPolicy.placeOf(port, at)
		if own.field == "" && of.TrafficPolicy.TLS != nil {
			own.field = at
		}
		if own.field != "" {
			return own
		}
	}
	return place
}

// placeOf returns the place in one policy.
func (p *trafficPolicy) placeOf(port int32, at string) tlsPlace {
	if p == nil {
		return tlsPlace{}
	}
	for i, own := range p.PortLevelSettings {
		if own.Port.Number == port {
			return tlsPlace{own.TLS, fmt.Sprintf("%s.portLevelSettings[%d]", at, i)}
		}
	}
	return tlsPlace{tls: p.TLS}
}
