package routers

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"
)

// apisixRoute holds the fields of an ApisixRoute that are read here. A stream route passes on bytes. With a host, which
// is an SNI, APISIX has terminated TLS before (apache/apisix-ingress-controller
// internal/adc/translator/apisixroute.go).
type apisixRoute struct {
	HTTP []struct {
		Backends []apisixBackend `json:"backends"`
	} `json:"http"`
	Stream []struct {
		Protocol string `json:"protocol"`
		Match    struct {
			Host string `json:"host"`
		} `json:"match"`
		Backend apisixBackend `json:"backend"`
	} `json:"stream"`
}

type apisixBackend struct {
	ServiceName string             `json:"serviceName"`
	ServicePort intstr.IntOrString `json:"servicePort"`
}

// backend returns the Service, to which APISIX speaks TLS if an ApisixUpstream with its name has one of the schemes.
func (b *apisixBackend) backend(field string, schemes ...string) Backend {
	return Backend{Field: field, Service: b.ServiceName, Port: b.ServicePort, Upstream: schemes,
		Hint: "write an ApisixUpstream with the Service's name and scheme: " + schemes[0]}
}

func (r *apisixRoute) Backends(map[string]string) (all []Backend) {
	for i, h := range r.HTTP {
		for j := range h.Backends {
			all = append(all, h.Backends[j].backend(fmt.Sprintf("spec.http[%d].backends[%d]", i, j), "https", "grpcs"))
		}
	}
	for i := range r.Stream {
		if s := &r.Stream[i]; s.Match.Host != "" && s.Protocol != "UDP" {
			all = append(all, s.Backend.backend(fmt.Sprintf("spec.stream[%d].backend", i), "tls"))
		}
	}
	return all
}

// An ApisixUpstream says how APISIX connects to the Service with its name, or to hosts that it names itself.
type ApisixUpstream struct {
	Scheme            string `json:"scheme"`
	PortLevelSettings []struct {
		Port   int32  `json:"port"`
		Scheme string `json:"scheme"`
	} `json:"portLevelSettings"`
	ExternalNodes []struct {
		Type string `json:"type"`
		Name string `json:"name"`
		Port int32  `json:"port"`
	} `json:"externalNodes"`
}

// HasScheme reports whether APISIX connects to a port with one of the schemes. Settings of a port without a scheme mean
// http, whatever the others say (internal/adc/translator/apisixupstream.go).
func (u *ApisixUpstream) HasScheme(port int32, schemes []string) bool {
	scheme := u.Scheme
	for _, p := range u.PortLevelSettings {
		if p.Port == port {
			scheme = p.Scheme
		}
	}
	return slices.Contains(schemes, scheme)
}

func (u *ApisixUpstream) Backends(map[string]string) (all []Backend) {
	if u.HasScheme(0, []string{"https", "grpcs", "tls", "udp"}) {
		return nil
	}
	for i, n := range u.ExternalNodes {
		if n.Type == "Domain" {
			all = append(all, Backend{Field: fmt.Sprintf("spec.externalNodes[%d]", i), Host: strings.ToLower(n.Name),
				Port: intstr.FromInt32(cmp.Or(n.Port, 80)), Hint: "set scheme: https"})
		}
	}
	return all
}
