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

// virtualService and destinationRule are what we look at of both (istio/api
// networking/v1).
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

// checkMeshes warns of VirtualServices whose proxies - a gateway's, or their clients' -
// speak in plain to a Service outside of the mesh. Which of the pods are in it isn't
// ours to see.
func checkMeshes(s *scene, r *Result) {
	if len(s.tlsPorts) == 0 {
		return
	}
	c := newHostIndex(s)
	mentions := func(word string) bool { return c.mayBeService(word) }
	for _, o := range s.Objects(virtualServices, "*", mentions) {
		told := map[sidecar.Ref]bool{}
		for _, to := range o.Spec.(*virtualService).destinations() {
			sp := c.portOfDestination(o.Ref.Namespace, to.Host, to.Port.Number)
			if sp == nil || told[sp.service.Ref] || c.hasDestinationRule(sp) {
				continue
			}
			told[sp.service.Ref] = true
			mode := "SIMPLE"
			if sp.ClientCertificate {
				mode = "MUTUAL"
			}
			on := trafficOnPort{TLS: &meshTLS{mode}}
			on.Port.Number = sp.port.Port
			patch, _ := json.Marshal(map[string]any{"apiVersion": "networking.istio.io/v1", "kind": destinationRules.Kind,
				"metadata": map[string]string{"name": sp.service.Ref.Name},
				// nothing that can't be written
				"spec": destinationRule{to.Host, &trafficPolicy{PortLevelSettings: []trafficOnPort{on}}}})
			r.addFindings(sp.newFinding(sidecar.Warning, "mesh-backend", o.Ref, "",
				fmt.Sprintf("leads to %s port %d, which speaks TLS now; the mesh's proxies speak plain to it, unless a "+
					"DestinationRule says otherwise", sp.service.Ref, sp.port.Port),
				"write "+string(patch)))
		}
	}
}

// portOfDestination is what a host, as meshes write it, and a port lead to; without a port,
// the only one.
func (c *hostIndex) portOfDestination(from, host string, port int32) *servicePort {
	for _, sp := range c.portsOfHost(from, host, true) {
		if port == 0 || port == sp.port.Port {
			return sp
		}
	}
	return nil
}

// hasDestinationRule reports whether a DestinationRule has the mesh speak TLS to a port.
func (c *hostIndex) hasDestinationRule(sp *servicePort) bool {
	tls := func(t *meshTLS) bool { return t != nil && (t.Mode == "SIMPLE" || t.Mode == "MUTUAL") }
	for _, o := range c.Objects(destinationRules, "*", c.mayBeService) {
		d := o.Spec.(*destinationRule)
		if d.TrafficPolicy == nil || !slices.ContainsFunc(c.portsOfHost(o.Ref.Namespace, d.Host, true), func(x *servicePort) bool {
			return x.service.Ref == sp.service.Ref
		}) {
			continue
		}
		if tls(d.TrafficPolicy.TLS) || slices.ContainsFunc(d.TrafficPolicy.PortLevelSettings, func(p trafficOnPort) bool {
			return p.Port.Number == sp.port.Port && tls(p.TLS)
		}) {
			return true
		}
	}
	return false
}
