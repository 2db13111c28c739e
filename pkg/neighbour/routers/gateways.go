package routers

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/intstr"
)

// skipperGroup holds the fields of a RouteGroup that are read here. Skipper speaks plain HTTP to Services, unless an
// annotation of the RouteGroup says otherwise (zalando/skipper dataclients/kubernetes/routegroup.go,
// applyServiceBackend). The addresses of other backends are URLs.
type skipperGroup struct {
	List []struct {
		Type        string `json:"type"`
		ServiceName string `json:"serviceName"`
		ServicePort int32  `json:"servicePort"`
	} `json:"backends"`
}

const skipperProtocol = "zalando.org/skipper-backend-protocol"

func (g *skipperGroup) Backends(annotations map[string]string) (all []Backend) {
	if annotations[skipperProtocol] == "https" {
		return nil
	}
	for i, b := range g.List {
		if b.Type == "service" {
			all = append(all, Backend{Field: fmt.Sprintf("spec.backends[%d]", i), Service: b.ServiceName,
				Port: intstr.FromInt32(b.ServicePort), Hint: "set the annotation " + skipperProtocol + ": https"})
		}
	}
	return all
}

// glooUpstream holds the fields of Gloo's Upstream that are read here. With an sslConfig, Gloo speaks TLS (solo-io/gloo
// projects/gloo/api/v1/upstream.proto).
type glooUpstream struct {
	Kube      glooService `json:"kube"`
	SSLConfig any         `json:"sslConfig"`
}

type glooService struct {
	ServiceName      string `json:"serviceName"`
	ServiceNamespace string `json:"serviceNamespace"`
	ServicePort      int32  `json:"servicePort"`
}

func (u *glooUpstream) Backends(map[string]string) []Backend {
	if u.SSLConfig != nil || u.Kube.ServiceName == "" {
		return nil
	}
	return []Backend{{Field: "spec.kube", Namespace: u.Kube.ServiceNamespace, Service: u.Kube.ServiceName,
		Port: intstr.FromInt32(u.Kube.ServicePort), Hint: "set sslConfig: {secretRef: ..., sni: ...}"}}
}

// glooRoute is a route of Gloo's VirtualService or RouteTable.
type glooRoute struct {
	RouteAction struct {
		Single glooDestination `json:"single"`
		Multi  struct {
			Destinations []struct {
				Destination glooDestination `json:"destination"`
			} `json:"destinations"`
		} `json:"multi"`
	} `json:"routeAction"`
}

type glooDestination struct {
	Kube *struct {
		Ref struct {
			Name      string `json:"name"`
			Namespace string `json:"namespace"`
		} `json:"ref"`
		Port int32 `json:"port"`
	} `json:"kube"`
}

// glooAnnotations of the Service make Gloo speak TLS to it, or with a port before the value to that one (solo-io/gloo
// projects/gloo/pkg/plugins/kubernetes/serviceconverter/use_ssl_annotation_converter.go).
var glooAnnotations = serviceSetting{onePort: true, keys: []string{"gloo.solo.io/sslService.secret",
	"gloo.solo.io/sslService.tlsCert", "gloo.solo.io/sslService.tlsKey", "gloo.solo.io/sslService.rootCa"}}

// backends returns the Service, if the destination isn't an Upstream.
func (d *glooDestination) backends(field string) []Backend {
	if d.Kube == nil {
		return nil
	}
	return []Backend{{Field: field + ".kube", Namespace: d.Kube.Ref.Namespace, Service: d.Kube.Ref.Name,
		Port: intstr.FromInt32(d.Kube.Port), setting: &glooAnnotations,
		Hint: "give the Service the annotation gloo.solo.io/sslService.rootCa or gloo.solo.io/sslService.secret"}}
}

// listGlooBackends returns the Services of routes.
func listGlooBackends(field string, routes []glooRoute) (all []Backend) {
	for i := range routes {
		action, at := &routes[i].RouteAction, fmt.Sprintf("%s[%d].routeAction", field, i)
		all = append(all, action.Single.backends(at+".single")...)
		for j := range action.Multi.Destinations {
			all = append(all, action.Multi.Destinations[j].Destination.backends(
				fmt.Sprintf("%s.multi.destinations[%d].destination", at, j))...)
		}
	}
	return all
}

type glooVirtualService struct {
	VirtualHost struct {
		Routes []glooRoute `json:"routes"`
	} `json:"virtualHost"`
}

func (s *glooVirtualService) Backends(map[string]string) []Backend {
	return listGlooBackends("spec.virtualHost.routes", s.VirtualHost.Routes)
}

type glooRouteTable struct {
	Routes []glooRoute `json:"routes"`
}

func (t *glooRouteTable) Backends(map[string]string) []Backend {
	return listGlooBackends("spec.routes", t.Routes)
}
