package neighbour

import (
	"fmt"
	"strconv"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// nginxProtocol is ingress-nginx's annotation for the protocol of backends
// (docs/user-guide/nginx-configuration/annotations.md).
const nginxProtocol = "nginx.ingress.kubernetes.io/backend-protocol"

// A controller is an Ingress controller, and how it's configured to speak TLS to backends.
type controller struct {
	class     string   // the controller of its IngressClasses, or a prefix of it
	prefix    string   // of annotations that no other controller reads
	classes   []string // the usual names of its IngressClass
	ambiguous bool     // another controller's class has the same usual name
	// annotations of the Ingress, which apply to all its backends
	ingressAnnotations func(grpc bool) []annotation
	// annotations of the Service, which apply to all its ports
	serviceAnnotations func(grpc bool) []annotation
	// annotations that list Services or their ports
	listAnnotations func(sp *servicePort, value func(key string) string) []annotation
	onIngress       bool   // the lists are the Ingress's and not the Service's
	caKey           string // annotation that says which CAs are trusted, if the controller verifies by default
	clientKey       string // annotation that names the controller's client certificate
}

type annotation struct{ key, value string }

// annotationPath returns the path of an annotation.
func annotationPath(key string) sidecar.Path { return sidecar.Fields("metadata", "annotations", key) }

// controllers are configured as their documentation says. HAProxy's two share the usual name of their class, and so do
// NGINX's two. Of HAProxy's, neither is guessed.
var controllers = []controller{
	{
		class: "k8s.io/ingress-nginx", prefix: "nginx.ingress.kubernetes.io/",
		classes: []string{"nginx", "ingress-nginx"}, ambiguous: true,
		ingressAnnotations: func(grpc bool) []annotation {
			return []annotation{{nginxProtocol, choose(grpc, "GRPCS", "HTTPS")}}
		},
		clientKey: "nginx.ingress.kubernetes.io/proxy-ssl-secret",
	},
	{
		class: "nginx.org/ingress-controller", prefix: "nginx.org/",
		listAnnotations: listNginxServices, onIngress: true,
		clientKey: "nginx.org/policies",
	},
	{
		class: "traefik.io/ingress-controller", prefix: "traefik.ingress.kubernetes.io/", classes: []string{"traefik"},
		serviceAnnotations: func(bool) []annotation {
			return []annotation{{"traefik.ingress.kubernetes.io/service.serversscheme", "https"}}
		},
		caKey:     "traefik.ingress.kubernetes.io/service.serverstransport",
		clientKey: "traefik.ingress.kubernetes.io/service.serverstransport",
	},
	{
		class: "haproxy.org/ingress-controller", prefix: "haproxy.org/", classes: []string{"haproxytech"},
		serviceAnnotations: func(grpc bool) []annotation {
			all := []annotation{{"haproxy.org/server-ssl", "true"}}
			if grpc {
				all = append(all, annotation{"haproxy.org/server-proto", "h2"})
			}
			return all
		},
		clientKey: "haproxy.org/server-crt",
	},
	{
		class: "haproxy-ingress.github.io/controller", prefix: "haproxy-ingress.github.io/",
		serviceAnnotations: func(grpc bool) []annotation {
			return []annotation{{"haproxy-ingress.github.io/backend-protocol", choose(grpc, "h2-ssl", "h1-ssl")}}
		},
		clientKey: "haproxy-ingress.github.io/secure-crt-secret",
	},
	{
		class: "ingress.k8s.aws/alb", prefix: "alb.ingress.kubernetes.io/", classes: []string{"alb"},
		serviceAnnotations: func(grpc bool) []annotation { // they override the Ingress's
			all := []annotation{
				{"alb.ingress.kubernetes.io/backend-protocol", "HTTPS"},
				{"alb.ingress.kubernetes.io/healthcheck-protocol", "HTTPS"},
			}
			if grpc {
				all = append(all, annotation{"alb.ingress.kubernetes.io/backend-protocol-version", "GRPC"})
			}
			return all
		},
	},
	{
		class: "k8s.io/ingress-gce", prefix: "networking.gke.io/", classes: []string{"gce", "gce-internal"},
		listAnnotations: listGCEProtocols,
	},
	{
		class: "projectcontour.io/", prefix: "projectcontour.io/", classes: []string{"contour"},
		listAnnotations: listContourPorts,
	},
	{
		class: "ingress-controllers.konghq.com/kong", prefix: "konghq.com/", classes: []string{"kong"},
		serviceAnnotations: func(grpc bool) []annotation {
			return []annotation{{"konghq.com/protocol", choose(grpc, "grpcs", "https")}}
		},
		clientKey: "konghq.com/client-cert",
	},
	{
		class: "apisix.apache.org/apisix-ingress-controller", prefix: "k8s.apisix.apache.org/", classes: []string{"apisix"},
		ingressAnnotations: func(grpc bool) []annotation {
			return []annotation{{"k8s.apisix.apache.org/upstream-scheme", choose(grpc, "grpcs", "https")}}
		},
	},
}

// choose returns yes or no.
func choose(condition bool, yes, no string) string {
	if condition {
		return yes
	}
	return no
}

// backends are what an Ingress routes to: ports that speak TLS now, and others.
type backends struct {
	tls   []*servicePort
	plain []*networkingv1.IngressServiceBackend
}

// annotateBackends sets the annotations that make the controller speak TLS to the backends of an Ingress. It doesn't
// set one that would apply to a plain backend, too.
func (c *controller) annotateBackends(o *Object, all backends, r *Result) {
	for _, sp := range all.tls {
		grpc := sp.Protocol == sidecar.GRPC
		switch {
		case c.listAnnotations != nil:
			object, have := sp.service.Ref, sp.service.Annotations
			if c.onIngress {
				object, have = o.Ref, o.Annotations
			}
			if sp.port.Name == "" && c.prefix == "networking.gke.io/" {
				sp.addWarning(r, "ingress-backend", object, fmt.Sprintf("spec.ports[port=%d]", sp.port.Port),
					"GCE finds the protocol of a port by the port's name, and this port has none",
					`name the port, and set the annotation cloud.google.com/app-protocols: {"<name>":"HTTPS"}`)
				continue
			}
			if c.prefix == "projectcontour.io/" {
				checkContourPlain(sp, r)
			}
			r.extendLists(sp, object, have, c.listAnnotations(sp, r.currentValue(object, have)))
		case c.serviceAnnotations != nil:
			other := all.otherPort(sp)
			sp.annotateShared(sp.service.Ref, sp.service.Annotations, c.serviceAnnotations(grpc), other, r)
		default:
			sp.annotateShared(o.Ref, o.Annotations, c.ingressAnnotations(grpc), all.otherBackend(sp), r)
		}
	}
}

// annotateShared sets annotations that apply to several backends. If there is another one with another protocol, it
// warns instead.
func (sp *servicePort) annotateShared(object sidecar.Ref, have map[string]string, annotations []annotation,
	other string, r *Result) {
	for _, a := range annotations {
		if have[a.key] == a.value {
			continue
		}
		if other != "" {
			sp.addWarning(r, "ingress-backend", object, annotationPath(a.key).String(),
				fmt.Sprintf("%s port %d speaks TLS now, but this annotation would also apply to %s",
					sp.service.Ref, sp.port.Port, other),
				fmt.Sprintf("give each an Ingress or a Service of its own, and set %s: %q for this one", a.key, a.value))
			continue
		}
		e := sp.newEdit(object, annotationPath(a.key), a.value)
		e.Hint = "the port speaks TLS now: remove the annotation, or set it to " + strconv.Quote(a.value)
		r.addEdits(e)
	}
}

// otherBackend describes a backend whose protocol isn't the port's, or returns "".
func (b *backends) otherBackend(sp *servicePort) string {
	for _, other := range b.tls {
		if other.protocolName() != sp.protocolName() {
			return "Service " + other.service.Ref.Name + ", which speaks " + other.protocolName()
		}
	}
	if len(b.plain) > 0 {
		return "Service " + b.plain[0].Name + ", which doesn't speak TLS"
	}
	return ""
}

// otherPort describes another port of the same Service whose protocol isn't the port's, or returns "".
func (b *backends) otherPort(sp *servicePort) string {
	for _, other := range b.tls {
		if other.service.Ref == sp.service.Ref && other.protocolName() != sp.protocolName() {
			return "Service " + other.service.Ref.Name + ", which speaks " + other.protocolName()
		}
	}
	for _, other := range b.plain {
		if other.Name == sp.service.Ref.Name {
			return "another port of the Service, which doesn't speak TLS"
		}
	}
	return ""
}

// checkCredentials warns of CAs and client certificates that the controller needs and an annotation must name.
func (c *controller) checkCredentials(o *Object, ports []*servicePort, r *Result) {
	for _, sp := range ports {
		isSet := func(key string) bool {
			return key != "" && (o.Annotations[key] != "" || sp.service.Annotations[key] != "")
		}
		if c.caKey != "" && !isSet(c.caKey) {
			sp.addWarning(r, "ingress-ca", sp.service.Ref, "",
				"the Ingress controller verifies the certificate against its own list of CAs",
				"name a ServersTransport with rootCAs in the annotation "+c.caKey)
		}
		if !sp.ClientCertificate || isSet(c.clientKey) {
			continue
		}
		message, hint := sp.service.Ref.String()+" requires a client certificate",
			"name the controller's client certificate in the annotation "+c.clientKey
		if c.clientKey == "" {
			message += ", and the controller has no annotation for one"
			hint = "configure one as the controller's documentation says, or don't route to this Service through it"
		}
		sp.addWarning(r, "ingress-client-certificate", o.Ref, "", message, hint)
	}
}
