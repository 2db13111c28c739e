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
	by        string   // how IngressClasses name it, or begin to
	prefix    string   // of annotations that only it reads
	classes   []string // the usual names of its class
	ambiguous bool     // others use that name as well
	// whole are annotations of the Ingress, which concern all its backends;
	// service those of a Service, which concern all its ports.
	whole   func(grpc bool) []pair
	service func(grpc bool) []pair
	// names extends annotations in which Services or their ports are listed.
	names func(l *lead, have func(key string) string) []pair
	// on says that names are listed on the Ingress, not on the Service.
	onIngress bool
	// ca is how the controller verifies the certificate, where it does by default;
	// client is the annotation that names its own.
	ca, client string
}

type pair struct{ key, value string }

// controllers, each as its documentation has it. HAProxy's two and NGINX's two
// share the usual name of their class: of HAProxy's neither is guessed.
var controllers = []controller{
	{by: "k8s.io/ingress-nginx", prefix: "nginx.ingress.kubernetes.io/", classes: []string{"nginx", "ingress-nginx"},
		ambiguous: true,
		whole:     func(grpc bool) []pair { return []pair{{nginxProtocol, choose(grpc, "GRPCS", "HTTPS")}} },
		client:    "nginx.ingress.kubernetes.io/proxy-ssl-secret"},
	{by: "nginx.org/ingress-controller", prefix: "nginx.org/", names: nginxInc, onIngress: true,
		client: "nginx.org/policies"},
	{by: "traefik.io/ingress-controller", prefix: "traefik.ingress.kubernetes.io/", classes: []string{"traefik"},
		service: func(bool) []pair { return []pair{{"traefik.ingress.kubernetes.io/service.serversscheme", "https"}} },
		ca:      "traefik.ingress.kubernetes.io/service.serverstransport",
		client:  "traefik.ingress.kubernetes.io/service.serverstransport"},
	{by: "haproxy.org/ingress-controller", prefix: "haproxy.org/", classes: []string{"haproxytech"},
		service: func(grpc bool) []pair {
			p := []pair{{"haproxy.org/server-ssl", "true"}}
			if grpc {
				p = append(p, pair{"haproxy.org/server-proto", "h2"})
			}
			return p
		}, client: "haproxy.org/server-crt"},
	{by: "haproxy-ingress.github.io/controller", prefix: "haproxy-ingress.github.io/",
		service: func(grpc bool) []pair {
			return []pair{{"haproxy-ingress.github.io/backend-protocol", choose(grpc, "h2-ssl", "h1-ssl")}}
		}, client: "haproxy-ingress.github.io/secure-crt-secret"},
	{by: "ingress.k8s.aws/alb", prefix: "alb.ingress.kubernetes.io/", classes: []string{"alb"},
		service: func(grpc bool) []pair { // those of a Service go before the Ingress's
			p := []pair{{"alb.ingress.kubernetes.io/backend-protocol", "HTTPS"},
				{"alb.ingress.kubernetes.io/healthcheck-protocol", "HTTPS"}}
			if grpc {
				p = append(p, pair{"alb.ingress.kubernetes.io/backend-protocol-version", "GRPC"})
			}
			return p
		}},
	{by: "k8s.io/ingress-gce", prefix: "networking.gke.io/", classes: []string{"gce", "gce-internal"},
		names: appProtocols},
	{by: "projectcontour.io/", prefix: "projectcontour.io/", classes: []string{"contour"}, names: contour},
	{by: "ingress-controllers.konghq.com/kong", prefix: "konghq.com/", classes: []string{"kong"},
		service: func(grpc bool) []pair { return []pair{{"konghq.com/protocol", choose(grpc, "grpcs", "https")}} },
		client:  "konghq.com/client-cert"},
}

func choose(grpc bool, yes, no string) string {
	if grpc {
		return yes
	}
	return no
}

// tell sets the controller's annotations. An annotation that would make it speak
// TLS to a backend in plain isn't set.
func (c *controller) tell(o *Object, leads []*lead, plain []*networkingv1.IngressServiceBackend, r *Result) {
	for _, l := range leads {
		grpc := l.Protocol == sidecar.GRPC
		switch {
		case c.names != nil:
			on, have := l.service.Ref, l.service.Annotations
			if c.onIngress {
				on, have = o.Ref, o.Annotations
			}
			if l.port.Name == "" && c.prefix == "networking.gke.io/" {
				r.find(l.finding(sidecar.Warning, "ingress-backend", l.service.Ref, fmt.Sprintf("spec.ports[port=%d]", l.port.Port),
					"GCE's Ingresses are told by a port's name that it speaks TLS, and it has none",
					`name it, and set the annotation cloud.google.com/app-protocols: {"<name>":"HTTPS"}`))
				continue
			}
			if c.prefix == "projectcontour.io/" {
				contourPlain(l, r)
			}
			r.extend(l, on, have, c.names(l, r.sofar(on, have)))
		case c.service != nil:
			c.each(l.service.Ref, l.service.Annotations, c.service(grpc), l, beside(l, leads, plain), r)
		default:
			c.each(o.Ref, o.Annotations, c.whole(grpc), l, strangers(l, leads, plain), r)
		}
	}
}

// each sets annotations that concern more than one backend, or says what stands
// in the way.
func (c *controller) each(on sidecar.Ref, have map[string]string, pairs []pair, l *lead, other string, r *Result) {
	for _, p := range pairs {
		if have[p.key] == p.value {
			continue
		}
		if other != "" {
			r.find(l.finding(sidecar.Warning, "ingress-backend", on, sidecar.Fields("metadata", "annotations", p.key).String(),
				fmt.Sprintf("%s port %d speaks TLS now, but the annotation would concern %s as well", l.service.Ref, l.port.Port,
					other),
				fmt.Sprintf("give each an Ingress or a Service of its own, and this one %s: %q", p.key, p.value)))
			continue
		}
		r.edit(annotate(l.taken, on, have, p.key, p.value, "the port speaks TLS now: take the annotation out, or write "+
			strconv.Quote(p.value))...)
	}
}

// strangers names what an Ingress leads to that speaks otherwise than l.
func strangers(l *lead, leads []*lead, plain []*networkingv1.IngressServiceBackend) string {
	for _, other := range leads {
		if other.word() != l.word() {
			return "Service " + other.service.Ref.Name + ", which speaks " + other.word()
		}
	}
	if len(plain) > 0 {
		return "Service " + plain[0].Name + ", which speaks no TLS"
	}
	return ""
}

// beside is strangers among the ports of one Service.
func beside(l *lead, leads []*lead, plain []*networkingv1.IngressServiceBackend) string {
	mine := slices.DeleteFunc(slices.Clone(plain), func(p *networkingv1.IngressServiceBackend) bool {
		return p.Name != l.service.Ref.Name
	})
	for i, other := range leads {
		if other.service.Ref == l.service.Ref && other.word() != l.word() {
			return strangers(l, leads[i:i+1], nil)
		}
	}
	if len(mine) > 0 {
		return "another port of the Service, which speaks no TLS"
	}
	return ""
}

// credentials warns of what no annotation of ours can give a controller.
func (c *controller) credentials(o *Object, leads []*lead, r *Result) {
	for _, l := range leads {
		there := func(key string) bool {
			return key != "" && (o.Annotations[key] != "" || l.service.Annotations[key] != "")
		}
		if c.ca != "" && !there(c.ca) {
			r.find(l.finding(sidecar.Warning, "ingress-ca", l.service.Ref, "",
				"the Ingress controller verifies the certificate by its own list of CAs",
				"name a ServersTransport with rootCAs by the annotation "+c.ca))
		}
		switch {
		case !l.ClientCertificate || there(c.client):
		case c.client == "":
			r.find(l.finding(sidecar.Warning, "ingress-client-certificate", o.Ref, "", l.service.Ref.String()+
				" demands a client certificate, and the controller has no annotation to show one",
				"see its documentation, or lead its clients past it"))
		default:
			r.find(l.finding(sidecar.Warning, "ingress-client-certificate", o.Ref, "", l.service.Ref.String()+
				" demands a client certificate", "name the one that the controller shows by the annotation "+c.client))
		}
	}
}
