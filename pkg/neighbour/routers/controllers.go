package routers

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// traefikRoute holds the fields of an IngressRoute that are read here (traefik pkg/provider/kubernetes/crd).
type traefikRoute struct {
	Routes []struct {
		Services []traefikService `json:"services"`
	} `json:"routes"`
}

type traefikService struct {
	Kind      string             `json:"kind"`
	Name      string             `json:"name"`
	Namespace string             `json:"namespace"`
	Port      intstr.IntOrString `json:"port"`
	Scheme    string             `json:"scheme"`
	TLS       bool               `json:"tls"` // of TCP services
}

const traefikHint = "set scheme: https, and a serversTransport with the CA of its certificate"

// backends returns the Service. Traefik speaks TLS to port 443, too, and to ports whose names begin with https
// (parseServiceProtocol in kubernetes_http.go).
func (s *traefikService) backends(field string) []Backend {
	if s.Kind != "" && s.Kind != "Service" {
		return nil
	}
	return []Backend{{
		Field: field, Namespace: s.Namespace, Service: s.Name, Port: s.Port, Hint: traefikHint,
		speaksTLS: func(p corev1.ServicePort) bool {
			return s.Scheme == "https" || s.Scheme == "" && (p.Port == 443 || strings.HasPrefix(p.Name, "https"))
		},
	}}
}

func (r *traefikRoute) Backends(map[string]string) (all []Backend) {
	for i := range r.Routes {
		for j := range r.Routes[i].Services {
			all = append(all, r.Routes[i].Services[j].backends(fmt.Sprintf("spec.routes[%d].services[%d]", i, j))...)
		}
	}
	return all
}

// traefikTCPRoute is an IngressRouteTCP. Only if it terminates TLS, something but the client must begin it. Traefik
// does for services with tls: true (traefik pkg/provider/kubernetes/crd/kubernetes_tcp.go).
type traefikTCPRoute struct {
	traefikRoute
	TLS *struct {
		Passthrough bool `json:"passthrough"`
	} `json:"tls"`
}

func (r *traefikTCPRoute) Backends(map[string]string) (all []Backend) {
	if r.TLS == nil || r.TLS.Passthrough {
		return nil
	}
	for i := range r.Routes {
		for j, s := range r.Routes[i].Services {
			if !s.TLS {
				all = append(all, Backend{Field: fmt.Sprintf("spec.routes[%d].services[%d]", i, j), Namespace: s.Namespace,
					Service: s.Name, Port: s.Port, Hint: "set spec.tls.passthrough: true, or tls: true for this service"})
			}
		}
	}
	return all
}

// traefikServices is a TraefikService, which distributes or copies requests.
type traefikServices struct {
	Weighted *struct {
		Services []traefikService `json:"services"`
	} `json:"weighted"`
	Mirroring *struct {
		traefikService
		Mirrors []traefikService `json:"mirrors"`
	} `json:"mirroring"`
}

func (s *traefikServices) Backends(map[string]string) (all []Backend) {
	if s.Weighted != nil {
		for i := range s.Weighted.Services {
			all = append(all, s.Weighted.Services[i].backends(fmt.Sprintf("spec.weighted.services[%d]", i))...)
		}
	}
	if s.Mirroring != nil {
		all = append(all, s.Mirroring.backends("spec.mirroring")...)
		for i := range s.Mirroring.Mirrors {
			all = append(all, s.Mirroring.Mirrors[i].backends(fmt.Sprintf("spec.mirroring.mirrors[%d]", i))...)
		}
	}
	return all
}

// contourProxy holds the fields of an HTTPProxy that are read here (projectcontour/contour apis/projectcontour/v1). Its
// tcpproxy passes on TLS, or terminates it with a secret. One that another HTTPProxy includes has neither.
type contourProxy struct {
	VirtualHost struct {
		TLS struct {
			SecretName string `json:"secretName"`
		} `json:"tls"`
	} `json:"virtualhost"`
	Routes []struct {
		Services []contourService `json:"services"`
	} `json:"routes"`
	TCPProxy *struct {
		Services []contourService `json:"services"`
	} `json:"tcpproxy"`
}

type contourService struct {
	Name     string `json:"name"`
	Port     int32  `json:"port"`
	Protocol string `json:"protocol"`
}

// contourAnnotations list the ports to which Contour speaks TLS. The service's own protocol wins, in tcpproxy, too
// (internal/dag/httpproxy_processor.go, getProtocol).
var contourAnnotations = serviceSetting{keys: []string{
	"projectcontour.io/upstream-protocol.tls", "projectcontour.io/upstream-protocol.h2",
}}

func (s *contourService) backend(field string) Backend {
	b := Backend{Field: field, Service: s.Name, Port: intstr.FromInt32(s.Port),
		Hint:      "set protocol: tls, and validation: {caSecret: ..., subjectName: ...}",
		speaksTLS: func(corev1.ServicePort) bool { return s.Protocol == "tls" || s.Protocol == "h2" }}
	if s.Protocol == "" {
		b.setting = &contourAnnotations
	}
	return b
}

func (p *contourProxy) Backends(map[string]string) (all []Backend) {
	for i := range p.Routes {
		for j := range p.Routes[i].Services {
			all = append(all, p.Routes[i].Services[j].backend(fmt.Sprintf("spec.routes[%d].services[%d]", i, j)))
		}
	}
	if p.TCPProxy != nil && p.VirtualHost.TLS.SecretName != "" {
		for i := range p.TCPProxy.Services {
			all = append(all, p.TCPProxy.Services[i].backend(fmt.Sprintf("spec.tcpproxy.services[%d]", i)))
		}
	}
	return all
}

// apisixRoute holds the fields of an ApisixRoute that are read here. Its stream routes pass on bytes.
type apisixRoute struct {
	HTTP []struct {
		Backends []struct {
			ServiceName string             `json:"serviceName"`
			ServicePort intstr.IntOrString `json:"servicePort"`
		} `json:"backends"`
	} `json:"http"`
}

func (r *apisixRoute) Backends(map[string]string) (all []Backend) {
	for i, h := range r.HTTP {
		for j, b := range h.Backends {
			all = append(all, Backend{
				Field: fmt.Sprintf("spec.http[%d].backends[%d]", i, j), Service: b.ServiceName, Port: b.ServicePort,
				Upstream: true, Hint: "write an ApisixUpstream with the Service's name and scheme: https",
			})
		}
	}
	return all
}

// An ApisixUpstream says how APISIX connects to the Service with its name.
type ApisixUpstream struct {
	Scheme            string `json:"scheme"`
	PortLevelSettings []struct {
		Port   int32  `json:"port"`
		Scheme string `json:"scheme"`
	} `json:"portLevelSettings"`
}

// SpeaksTLS reports whether APISIX speaks TLS to a port.
func (u *ApisixUpstream) SpeaksTLS(port int32) bool {
	scheme := u.Scheme
	for _, p := range u.PortLevelSettings {
		if p.Port == port && p.Scheme != "" {
			scheme = p.Scheme
		}
	}
	return slices.Contains([]string{"https", "grpcs", "tls"}, scheme)
}

// ambassadorMapping holds the fields of a Mapping that are read here. Its service is
// [scheme://]service[.namespace][:port], with http and its port as defaults (emissary-ingress/emissary
// python/ambassador/ir/ircluster.py).
type ambassadorMapping struct {
	Service string `json:"service"`
	TLS     any    `json:"tls"` // true, or the name of a TLSContext
}

// ambassadorBackends returns the Service of a mapping. One with a scheme is a URL, which the search for callers finds.
func ambassadorBackends(service string, tls any) []Backend {
	if strings.Contains(service, "://") || tls == true || tls != nil && tls != false && tls != "" {
		return nil
	}
	host, port := splitAddress(service, 80)
	return []Backend{{Field: "spec.service", Host: host, Port: port,
		Hint: fmt.Sprintf("write https://%s:%s", host, port.String())}}
}

func (m *ambassadorMapping) Backends(map[string]string) []Backend {
	return ambassadorBackends(m.Service, m.TLS)
}

// ambassadorTCPMapping is a TCPMapping. It terminates TLS if it has a host.
type ambassadorTCPMapping struct {
	ambassadorMapping
	Host string `json:"host"`
}

func (m *ambassadorTCPMapping) Backends(map[string]string) []Backend {
	if m.Host == "" {
		return nil
	}
	all := ambassadorBackends(m.Service, m.TLS)
	for i := range all {
		all[i].Hint = "set tls: true"
	}
	return all
}

// kongTCPIngress holds the fields of a TCPIngress that are read here. A rule with a host has an SNI, so Kong terminates
// TLS. Its Service speaks tcp by default (Kong/kubernetes-ingress-controller
// internal/dataplane/translator/translate_kong_l4.go).
type kongTCPIngress struct {
	Rules []struct {
		Host    string `json:"host"`
		Backend struct {
			ServiceName string             `json:"serviceName"`
			ServicePort intstr.IntOrString `json:"servicePort"`
		} `json:"backend"`
	} `json:"rules"`
}

var kongAnnotation = serviceSetting{keys: []string{"konghq.com/protocol"}, values: []string{"tls", "https", "grpcs"}}

func (t *kongTCPIngress) Backends(annotations map[string]string) (all []Backend) {
	if strings.Contains(annotations["konghq.com/protocols"], "tls_passthrough") {
		return nil
	}
	for i, rule := range t.Rules {
		if rule.Host != "" {
			all = append(all, Backend{
				Field: fmt.Sprintf("spec.rules[%d].backend", i), Service: rule.Backend.ServiceName, Port: rule.Backend.ServicePort,
				Hint: "give the Service the annotation konghq.com/protocol: tls", setting: &kongAnnotation,
			})
		}
	}
	return all
}

// nginxServer holds the fields of NGINX's VirtualServer and VirtualServerRoute that are read here
// (nginx/kubernetes-ingress internal/configs/virtualserver.go, generateProxyPassProtocol).
type nginxServer struct {
	Upstreams []struct {
		Service string `json:"service"`
		Port    int32  `json:"port"`
		TLS     struct {
			Enable bool `json:"enable"`
		} `json:"tls"`
	} `json:"upstreams"`
}

func (s *nginxServer) Backends(map[string]string) (all []Backend) {
	for i, u := range s.Upstreams {
		if !u.TLS.Enable {
			all = append(all, Backend{Field: fmt.Sprintf("spec.upstreams[%d]", i), Namespace: namespaceOf(u.Service),
				Service: nameOf(u.Service), Port: intstr.FromInt32(u.Port), Hint: "set tls: {enable: true}"})
		}
	}
	return all
}

// nameOf and namespaceOf split a Service's name that may have its namespace before a slash.
func nameOf(service string) string {
	return service[strings.LastIndexByte(service, '/')+1:]
}

func namespaceOf(service string) string {
	namespace, _, _ := strings.Cut(service, "/")
	if namespace == service {
		return ""
	}
	return namespace
}
