package neighbour

import (
	"fmt"
	"slices"
	"strconv"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// nginxProtocol is ingress-nginx's annotation for what a backend speaks
// (docs/user-guide/nginx-configuration/annotations.md).
const nginxProtocol = "nginx.ingress.kubernetes.io/backend-protocol"

// A controller is one that serves Ingresses, and how it's told of TLS.
type controller struct {
	class     string   // how IngressClasses name it, or begin to
	prefix    string   // of annotations that only it reads
	classes   []string // the usual names of its class
	ambiguous bool     // others use that name as well
	// whole are annotations of the Ingress, which concern all its backends;
	// service those of a Service, which concern all its ports.
	ingressAnnotations func(grpc bool) []annotation
	serviceAnnotations func(grpc bool) []annotation
	// names extends annotations in which Services or their ports are listed.
	listAnnotations func(sp *servicePort, have func(key string) string) []annotation
	// on says that names are listed on the Ingress, not on the Service.
	onIngress bool
	// ca is how the controller verifies the certificate, where it does by default;
	// client is the annotation that names its own.
	caKey, clientKey string
}

type annotation struct{ key, value string }

// controllers, each as its documentation has it. HAProxy's two and NGINX's two
// share the usual name of their class: of HAProxy's neither is guessed.
var controllers = []controller{
	{class: "k8s.io/ingress-nginx", prefix: "nginx.ingress.kubernetes.io/", classes: []string{"nginx", "ingress-nginx"},
		ambiguous:          true,
		ingressAnnotations: func(grpc bool) []annotation { return []annotation{{nginxProtocol, choose(grpc, "GRPCS", "HTTPS")}} },
		clientKey:          "nginx.ingress.kubernetes.io/proxy-ssl-secret"},
	{class: "nginx.org/ingress-controller", prefix: "nginx.org/", listAnnotations: listNginxServices, onIngress: true,
		clientKey: "nginx.org/policies"},
	{class: "traefik.io/ingress-controller", prefix: "traefik.ingress.kubernetes.io/", classes: []string{"traefik"},
		serviceAnnotations: func(bool) []annotation {
			return []annotation{{"traefik.ingress.kubernetes.io/service.serversscheme", "https"}}
		},
		caKey:     "traefik.ingress.kubernetes.io/service.serverstransport",
		clientKey: "traefik.ingress.kubernetes.io/service.serverstransport"},
	{class: "haproxy.org/ingress-controller", prefix: "haproxy.org/", classes: []string{"haproxytech"},
		serviceAnnotations: func(grpc bool) []annotation {
			p := []annotation{{"haproxy.org/server-ssl", "true"}}
			if grpc {
				p = append(p, annotation{"haproxy.org/server-proto", "h2"})
			}
			return p
		}, clientKey: "haproxy.org/server-crt"},
	{class: "haproxy-ingress.github.io/controller", prefix: "haproxy-ingress.github.io/",
		serviceAnnotations: func(grpc bool) []annotation {
			return []annotation{{"haproxy-ingress.github.io/backend-protocol", choose(grpc, "h2-ssl", "h1-ssl")}}
		}, clientKey: "haproxy-ingress.github.io/secure-crt-secret"},
	{class: "ingress.k8s.aws/alb", prefix: "alb.ingress.kubernetes.io/", classes: []string{"alb"},
		serviceAnnotations: func(grpc bool) []annotation { // those of a Service go before the Ingress's
			p := []annotation{{"alb.ingress.kubernetes.io/backend-protocol", "HTTPS"},
				{"alb.ingress.kubernetes.io/healthcheck-protocol", "HTTPS"}}
			if grpc {
				p = append(p, annotation{"alb.ingress.kubernetes.io/backend-protocol-version", "GRPC"})
			}
			return p
		}},
	{class: "k8s.io/ingress-gce", prefix: "networking.gke.io/", classes: []string{"gce", "gce-internal"},
		listAnnotations: listGCEProtocols},
	{class: "projectcontour.io/", prefix: "projectcontour.io/", classes: []string{"contour"}, listAnnotations: listContourPorts},
	{class: "ingress-controllers.konghq.com/kong", prefix: "konghq.com/", classes: []string{"kong"},
		serviceAnnotations: func(grpc bool) []annotation {
			return []annotation{{"konghq.com/protocol", choose(grpc, "grpcs", "https")}}
		},
		clientKey: "konghq.com/client-cert"},
}

func choose(grpc bool, yes, no string) string {
	if grpc {
		return yes
	}
	return no
}

// annotateBackends sets the controller's annotations. An annotation that would make it speak
// TLS to a backend in plain isn't set.
func (c *controller) annotateBackends(o *Object, leads []*servicePort, plain []*networkingv1.IngressServiceBackend, r *Result) {
	for _, sp := range leads {
		grpc := sp.Protocol == sidecar.GRPC
		switch {
		case c.listAnnotations != nil:
			on, have := sp.service.Ref, sp.service.Annotations
			if c.onIngress {
				on, have = o.Ref, o.Annotations
			}
			if sp.port.Name == "" && c.prefix == "networking.gke.io/" {
				r.addFindings(sp.newFinding(sidecar.Warning, "ingress-backend", sp.service.Ref, fmt.Sprintf("spec.ports[port=%d]", sp.port.Port),
					"GCE's Ingresses are told by a port's name that it speaks TLS, and it has none",
					`name it, and set the annotation cloud.google.com/app-protocols: {"<name>":"HTTPS"}`))
				continue
			}
			if c.prefix == "projectcontour.io/" {
				checkContourPlain(sp, r)
			}
			r.extendLists(sp, on, have, c.listAnnotations(sp, r.currentValue(on, have)))
		case c.serviceAnnotations != nil:
			c.annotateShared(sp.service.Ref, sp.service.Annotations, c.serviceAnnotations(grpc), sp, otherServicePort(sp, leads, plain), r)
		default:
			c.annotateShared(o.Ref, o.Annotations, c.ingressAnnotations(grpc), sp, otherBackend(sp, leads, plain), r)
		}
	}
}

// annotateShared sets annotations that concern more than one backend, or says what stands
// in the way.
func (c *controller) annotateShared(on sidecar.Ref, have map[string]string, pairs []annotation, sp *servicePort, other string, r *Result) {
	for _, p := range pairs {
		if have[p.key] == p.value {
			continue
		}
		if other != "" {
			r.addFindings(sp.newFinding(sidecar.Warning, "ingress-backend", on, sidecar.Fields("metadata", "annotations", p.key).String(),
				fmt.Sprintf("%s port %d speaks TLS now, but the annotation would concern %s as well", sp.service.Ref, sp.port.Port,
					other),
				fmt.Sprintf("give each an Ingress or a Service of its own, and this one %s: %q", p.key, p.value)))
			continue
		}
		r.addEdits(setAnnotation(sp.takenPort, on, have, p.key, p.value, "the port speaks TLS now: take the annotation out, or write "+
			strconv.Quote(p.value))...)
	}
}

// otherBackend names what an Ingress leads to that speaks otherwise than l.
func otherBackend(sp *servicePort, leads []*servicePort, plain []*networkingv1.IngressServiceBackend) string {
	for _, other := range leads {
		if other.protocolName() != sp.protocolName() {
			return "Service " + other.service.Ref.Name + ", which speaks " + other.protocolName()
		}
	}
	if len(plain) > 0 {
		return "Service " + plain[0].Name + ", which speaks no TLS"
	}
	return ""
}

// otherServicePort is strangers among the ports of one Service.
func otherServicePort(sp *servicePort, leads []*servicePort, plain []*networkingv1.IngressServiceBackend) string {
	mine := slices.DeleteFunc(slices.Clone(plain), func(p *networkingv1.IngressServiceBackend) bool {
		return p.Name != sp.service.Ref.Name
	})
	for i, other := range leads {
		if other.service.Ref == sp.service.Ref && other.protocolName() != sp.protocolName() {
			return otherBackend(sp, leads[i:i+1], nil)
		}
	}
	if len(mine) > 0 {
		return "another port of the Service, which speaks no TLS"
	}
	return ""
}

// checkCredentials warns of what no annotation of ours can give a controller.
func (c *controller) checkCredentials(o *Object, leads []*servicePort, r *Result) {
	for _, sp := range leads {
		there := func(key string) bool {
			return key != "" && (o.Annotations[key] != "" || sp.service.Annotations[key] != "")
		}
		if c.caKey != "" && !there(c.caKey) {
			r.addFindings(sp.newFinding(sidecar.Warning, "ingress-ca", sp.service.Ref, "",
				"the Ingress controller verifies the certificate by its own list of CAs",
				"name a ServersTransport with rootCAs by the annotation "+c.caKey))
		}
		switch {
		case !sp.ClientCertificate || there(c.clientKey):
		case c.clientKey == "":
			r.addFindings(sp.newFinding(sidecar.Warning, "ingress-client-certificate", o.Ref, "", sp.service.Ref.String()+
				" demands a client certificate, and the controller has no annotation to show one",
				"see its documentation, or lead its clients past it"))
		default:
			r.addFindings(sp.newFinding(sidecar.Warning, "ingress-client-certificate", o.Ref, "", sp.service.Ref.String()+
				" demands a client certificate", "name the one that the controller shows by the annotation "+c.clientKey))
		}
	}
}
