// Package routers reads the objects with which controllers, gateways and probers are told to connect to Services, in
// kinds of their own. Package neighbour finds out which of these Services speak TLS now.
package routers

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// A Backend is a Service that an object makes a program connect to.
type Backend struct {
	Field     string             // where it's written
	Namespace string             // of the Service; "" means the object's
	Service   string             // its name; "" if Host is set
	Host      string             // the Service's name as clients write it, as in web.prod
	Port      intstr.IntOrString // of the Service; zero if only its name is written
	Hint      string             // what makes the program speak TLS
	Called    string             // the address as it's written, where the object isn't a route

	speaksTLS func(corev1.ServicePort) bool // nil if it doesn't
	setting   *serviceSetting
	Upstream  []string // schemes that mean TLS in an ApisixUpstream with the Service's name
}

// A serviceSetting is an annotation of the Service that makes a controller speak TLS.
type serviceSetting struct {
	keys    []string
	values  []string // nil for a list of the Service's ports
	onePort bool     // any value, for one port if that stands before a colon
}

// SpeaksTLS reports whether the program speaks TLS to the port of a Service with these annotations.
func (b *Backend) SpeaksTLS(p corev1.ServicePort, annotations map[string]string) bool {
	if b.speaksTLS != nil && b.speaksTLS(p) {
		return true
	}
	if b.setting == nil {
		return false
	}
	return slices.ContainsFunc(b.setting.keys, func(key string) bool {
		if b.setting.values != nil {
			return slices.Contains(b.setting.values, annotations[key])
		}
		number := intstr.FromInt32(p.Port)
		if b.setting.onePort {
			port, _, ok := strings.Cut(annotations[key], ":")
			return annotations[key] != "" && (!ok || port == number.String())
		}
		for entry := range strings.SplitSeq(annotations[key], ",") {
			if entry = strings.TrimSpace(entry); entry != "" && (entry == p.Name || entry == number.String()) {
				return true
			}
		}
		return false
	})
}

// A Router is the spec of an object that makes a program connect to Services.
type Router interface {
	// Backends returns these Services. It's given the object's annotations.
	Backends(annotations map[string]string) []Backend
}

// A Kind is a kind of objects, in any version, and what its spec is decoded into.
type Kind struct {
	Group, Kind string
	New         func() any
}

// Kinds are all kinds that are read here.
var Kinds = []Kind{
	{"traefik.io", "IngressRoute", newSpec[traefikRoute]},
	{"traefik.io", "IngressRouteTCP", newSpec[traefikTCPRoute]},
	{"traefik.io", "TraefikService", newSpec[traefikServices]},
	{"traefik.io", "Middleware", newSpec[traefikMiddleware]},
	{"traefik.containo.us", "IngressRoute", newSpec[traefikRoute]},
	{"traefik.containo.us", "IngressRouteTCP", newSpec[traefikTCPRoute]},
	{"traefik.containo.us", "TraefikService", newSpec[traefikServices]},
	{"traefik.containo.us", "Middleware", newSpec[traefikMiddleware]},
	{"projectcontour.io", "HTTPProxy", newSpec[contourProxy]},
	{"projectcontour.io", "ExtensionService", newSpec[contourExtension]},
	{"apisix.apache.org", "ApisixRoute", newSpec[apisixRoute]},
	{"apisix.apache.org", "ApisixUpstream", newSpec[ApisixUpstream]},
	{"getambassador.io", "Mapping", newSpec[ambassadorMapping]},
	{"getambassador.io", "TCPMapping", newSpec[ambassadorTCPMapping]},
	{"getambassador.io", "AuthService", newSpec[ambassadorAuth]},
	{"getambassador.io", "RateLimitService", newSpec[ambassadorMapping]},
	{"getambassador.io", "TracingService", newSpec[ambassadorMapping]},
	{"getambassador.io", "LogService", newSpec[ambassadorMapping]},
	{"configuration.konghq.com", "KongService", newSpec[kongService]},
	{"configuration.konghq.com", "TCPIngress", newSpec[kongTCPIngress]},
	{"k8s.nginx.org", "VirtualServer", newSpec[nginxServer]},
	{"k8s.nginx.org", "VirtualServerRoute", newSpec[nginxServer]},
	{"zalando.org", "RouteGroup", newSpec[skipperGroup]},
	{"gloo.solo.io", "Upstream", newSpec[glooUpstream]},
	{"gateway.solo.io", "VirtualService", newSpec[glooVirtualService]},
	{"gateway.solo.io", "RouteTable", newSpec[glooRouteTable]},
	{"monitoring.coreos.com", "Probe", newSpec[probe]},
	{"monitoring.coreos.com", "Prometheus", newSpec[prometheus]},
	{"monitoring.coreos.com", "ScrapeConfig", newSpec[scrapeConfig]},
}

func newSpec[T any]() any { return new(T) }
