package neighbour

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A controller is told by annotations that a backend speaks TLS.
type controller struct {
	classes []string // of Ingresses
	prefix  string   // of annotations that only this controller reads
	tell    func(r *Result, w *World, ingress Object, d *Door)
	clients string // the annotation by which it shows a certificate
}

const (
	nginxBackend = "nginx.ingress.kubernetes.io/backend-protocol"
	albBackend   = "alb.ingress.kubernetes.io/backend-protocol"
)

// controllers, each with what its documentation says of TLS to backends.
var controllers = []controller{
	{[]string{"alb"}, "alb.ingress.kubernetes.io/", func(r *Result, _ *World, in Object, d *Door) {
		r.annotate(in, d.Owner, albBackend, "HTTPS", "HTTP")
		r.annotate(in, d.Owner, "alb.ingress.kubernetes.io/healthcheck-protocol", "HTTPS", "HTTP")
	}, ""},
	{nil, "nginx.org/", func(r *Result, _ *World, in Object, d *Door) {
		const key = "nginx.org/ssl-services"
		have := in.Annotations()[key]
		list := strings.FieldsFunc(have, func(c rune) bool { return c == ',' || c == ' ' })
		if !slices.Contains(list, d.Service.Ref.Name) {
			r.annotate(in, d.Owner, key, strings.Join(append(list, d.Service.Ref.Name), ","), have)
		}
	}, "nginx.org: a Policy with egressMTLS"},
	{[]string{"haproxy"}, "haproxy-ingress.github.io/", func(r *Result, _ *World, in Object, d *Door) {
		value := "h1-ssl"
		if d.Takeover.Protocol == sidecar.GRPC {
			value = "h2-ssl"
		}
		r.annotate(in, d.Owner, "haproxy-ingress.github.io/backend-protocol", value, "h1", "h2")
	}, "haproxy-ingress.github.io/secure-crt-secret"},
	{nil, "haproxy.org/", func(r *Result, _ *World, in Object, d *Door) {
		r.annotate(in, d.Owner, "haproxy.org/server-ssl", "true", "false")
	}, "haproxy.org/server-crt"},
	{[]string{"gce", "gce-internal"}, "cloud.google.com/", func(r *Result, w *World, _ Object, d *Door) {
		const key = "cloud.google.com/app-protocols"
		s := w.object("Service", d.Service.Ref)
		if s == nil || d.Port.Name == "" {
			r.warn("ingress-backend", d.Service.Ref, d.Owner, "", "Google's controller goes by the names of ports, and this one has none", "name it, and write "+key+`: {"<name>":"HTTPS"}`)
			return
		}
		have := s.Annotations()[key]
		protocols := map[string]string{}
		if have != "" && json.Unmarshal([]byte(have), &protocols) != nil {
			return // its author has to say
		}
		protocols[d.Port.Name] = "HTTPS"
		raw, _ := json.Marshal(protocols)
		r.annotate(s, d.Owner, key, string(raw), have)
	}, ""},
	{[]string{"traefik"}, "traefik.ingress.kubernetes.io/", func(r *Result, w *World, _ Object, d *Door) {
		if s := w.object("Service", d.Service.Ref); s != nil {
			r.annotate(s, d.Owner, "traefik.ingress.kubernetes.io/service.serversscheme", "https", "http")
			if s.Annotations()["traefik.ingress.kubernetes.io/service.serverstransport"] == "" {
				r.warn("ingress-backend", d.Service.Ref, d.Owner, "", "Traefik verifies the certificate by public authorities",
					"name a ServersTransport with its CA: traefik.ingress.kubernetes.io/service.serverstransport: <namespace>-<name>@kubernetescrd")
			}
		}
	}, "a ServersTransport with certificatesSecrets"},
	{[]string{"contour"}, "projectcontour.io/", func(r *Result, w *World, _ Object, d *Door) {
		const key = "projectcontour.io/upstream-protocol.tls"
		if s := w.object("Service", d.Service.Ref); s != nil {
			have := s.Annotations()[key]
			list := strings.FieldsFunc(have, func(c rune) bool { return c == ',' })
			if !slices.Contains(list, text(d.Port.Port)) {
				r.annotate(s, d.Owner, key, strings.Join(append(list, text(d.Port.Port)), ","), have)
			}
		}
	}, ""},
	{[]string{"kong"}, "konghq.com/", func(r *Result, w *World, _ Object, d *Door) {
		if s := w.object("Service", d.Service.Ref); s != nil {
			value := "https"
			if d.Takeover.Protocol == sidecar.GRPC {
				value = "grpcs"
			}
			r.annotate(s, d.Owner, "konghq.com/protocol", value, "http", "grpc")
		}
	}, "konghq.com/client-cert"},
	{[]string{"nginx"}, "nginx.ingress.kubernetes.io/", func(r *Result, _ *World, in Object, d *Door) {
		value := "HTTPS"
		if d.Takeover.Protocol == sidecar.GRPC {
			value = "GRPCS"
		}
		r.annotate(in, d.Owner, nginxBackend, value, "HTTP", "GRPC")
	}, "nginx.ingress.kubernetes.io/proxy-ssl-secret"},
}

// ingresses tell controllers that backends speak TLS now.
func ingresses(w *World, r *Result) {
	for _, in := range w.Objects["Ingress"] {
		var spec networkingv1.IngressSpec
		if in.Is().Group != "networking.k8s.io" || in.Decode(sidecar.Fields("spec"), &spec) != nil {
			continue
		}
		told := map[*Door]bool{}
		for _, b := range backends(spec) {
			if b.Service == nil {
				continue
			}
			port := intstr.FromInt32(b.Service.Port.Number)
			if b.Service.Port.Name != "" {
				port = intstr.FromString(b.Service.Port.Name)
			}
			d := w.door(in.Is().Namespace, b.Service.Name, port)
			if d == nil || told[d] {
				continue
			}
			told[d] = true
			c := controllerOf(in, spec)
			if c == nil {
				r.warn("ingress-backend", in.Is(), d.Owner, "spec", fmt.Sprintf("its controller, which isn't known here, must speak TLS to Service %s now", b.Service.Name),
					"write ingressClassName, or the controller's annotation, as "+nginxBackend+": HTTPS")
				continue
			}
			c.tell(r, w, in, d)
			if d.Takeover.ClientCertificate {
				hint := "let it pass TLS through to the pod"
				if c.clients != "" {
					hint = "name one by " + c.clients
				}
				r.warn("ingress-certificate", in.Is(), d.Owner, "spec", fmt.Sprintf("Service %s lets in only clients with a certificate, and so the controller must show one", b.Service.Name), hint)
			}
		}
	}
}

func backends(spec networkingv1.IngressSpec) (all []networkingv1.IngressBackend) {
	if spec.DefaultBackend != nil {
		all = append(all, *spec.DefaultBackend)
	}
	for _, rule := range spec.Rules {
		if rule.HTTP != nil {
			for _, p := range rule.HTTP.Paths {
				all = append(all, p.Backend)
			}
		}
	}
	return all
}

// controllerOf goes by annotations that only one controller reads, then by class.
func controllerOf(in Object, spec networkingv1.IngressSpec) *controller {
	annotations := in.Annotations()
	for i := range controllers {
		for key := range annotations {
			if strings.HasPrefix(key, controllers[i].prefix) {
				return &controllers[i]
			}
		}
	}
	class := annotations["kubernetes.io/ingress.class"]
	if spec.IngressClassName != nil {
		class = *spec.IngressClassName
	}
	for i := range controllers {
		if slices.Contains(controllers[i].classes, class) {
			return &controllers[i]
		}
	}
	return nil
}
