package routers

import (
	"fmt"
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
	if s.Name == "" || s.Kind != "" && s.Kind != "Service" {
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
	Weighted            traefikList `json:"weighted"`
	HighestRandomWeight traefikList `json:"highestRandomWeight"`
	Failover            struct {
		Service  traefikService `json:"service"`
		Fallback traefikService `json:"fallback"`
	} `json:"failover"`
	Mirroring struct {
		traefikService
		Mirrors []traefikService `json:"mirrors"`
	} `json:"mirroring"`
}

type traefikList struct {
	Services []traefikService `json:"services"`
}

func (s *traefikServices) Backends(map[string]string) (all []Backend) {
	add := func(list []traefikService, field string) {
		for i := range list {
			all = append(all, list[i].backends(fmt.Sprintf("%s[%d]", field, i))...)
		}
	}
	add(s.Weighted.Services, "spec.weighted.services")
	add(s.HighestRandomWeight.Services, "spec.highestRandomWeight.services")
	all = append(all, s.Failover.Service.backends("spec.failover.service")...)
	all = append(all, s.Failover.Fallback.backends("spec.failover.fallback")...)
	all = append(all, s.Mirroring.backends("spec.mirroring")...)
	add(s.Mirroring.Mirrors, "spec.mirroring.mirrors")
	return all
}

// traefikMiddleware is a Middleware. Its pages for errors come from a Service.
type traefikMiddleware struct {
	Errors *struct {
		Service traefikService `json:"service"`
	} `json:"errors"`
}

func (m *traefikMiddleware) Backends(map[string]string) []Backend {
	if m.Errors == nil {
		return nil
	}
	return m.Errors.Service.backends("spec.errors.service")
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

// contourExtension is an ExtensionService, for authorization or rate limits. Contour speaks h2 to it, which is over
// TLS, unless its protocol says otherwise (internal/dag/extension_processor.go).
type contourExtension struct {
	Protocol string `json:"protocol"`
	Services []struct {
		Name string `json:"name"`
		Port int32  `json:"port"`
	} `json:"services"`
}

func (e *contourExtension) Backends(map[string]string) (all []Backend) {
	if e.Protocol == "" || e.Protocol == "h2" {
		return nil
	}
	for i, s := range e.Services {
		all = append(all, Backend{Field: fmt.Sprintf("spec.services[%d]", i), Service: s.Name, Port: intstr.FromInt32(s.Port),
			Hint: "set protocol: h2, and validation: {caSecret: ..., subjectName: ...}"})
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
