package neighbour

import (
	"fmt"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

type (
	ingress      = networkingv1.IngressSpec
	ingressClass = networkingv1.IngressClassSpec
)

var (
	ingressKind      = Kind{"networking.k8s.io", "Ingress"}
	ingressClassKind = Kind{"networking.k8s.io", "IngressClass"}
)

// followIngresses tells the controllers of Ingresses that a backend speaks TLS now.
// The Ingress API has no field for it; each controller has an annotation of its
// own, on the Ingress or on the Service.
func followIngresses(s *scene, r *Result) {
	if len(s.tlsPorts) == 0 {
		return
	}
	var classes map[string]string
	var all []Object
	for _, space := range s.namespaces {
		all = append(all, s.Objects(ingressKind, space, s.hasTLS)...)
	}
	for _, o := range all {
		leads, plain := s.backendsOf(o.Ref.Namespace, o.Spec.(*ingress))
		if len(leads) == 0 || o.Annotations["nginx.ingress.kubernetes.io/ssl-passthrough"] == "true" {
			continue
		}
		if classes == nil {
			classes = map[string]string{}
			for _, c := range s.Objects(ingressClassKind, "*", nil) {
				classes[c.Ref.Name] = c.Spec.(*ingressClass).Controller
				if c.Annotations[networkingv1.AnnotationIsDefaultIngressClass] == "true" {
					classes[""] = classes[c.Ref.Name] // that of Ingresses that name none
				}
			}
		}
		c := controllerOf(&o, classes)
		if c == nil {
			for _, sp := range leads {
				r.addFindings(sp.newFinding(sidecar.Warning, "ingress-backend", o.Ref, "",
					fmt.Sprintf("leads to %s port %d, which speaks TLS now, and its controller isn't known", sp.service.Ref,
						sp.port.Port),
					"set the annotation by which your controller speaks "+sp.protocolName()+" to backends, for ingress-nginx "+nginxProtocol+
						": "+sp.protocolName()))
			}
			continue
		}
		if c.ambiguous && !hasKeyPrefix(o.Annotations, c.prefix) && classes[className(&o)] == "" {
			r.addFindings(leads[0].newFinding(sidecar.Info, "ingress-controller", o.Ref, "",
				"is taken for one of ingress-nginx by the name of its class",
				"if it's NGINX Inc's, set nginx.org/ssl-services: "+leads[0].service.Ref.Name+
					", or name the controller by an IngressClass"))
		}
		c.annotateBackends(&o, leads, plain, r)
		c.checkCredentials(&o, leads, r)
	}
}

// protocolName is what controllers call the protocol.
func (sp *servicePort) protocolName() string {
	if sp.Protocol == sidecar.GRPC {
		return "GRPCS"
	}
	return "HTTPS"
}

// backendsOf are the leads of an Ingress, and what else it leads to.
func (s *scene) backendsOf(namespace string, in *ingress) (leads []*servicePort, plain []*networkingv1.IngressServiceBackend) {
	seen := map[networkingv1.IngressServiceBackend]bool{}
	add := func(b *networkingv1.IngressBackend) {
		if b == nil || b.Service == nil || seen[*b.Service] {
			return
		}
		seen[*b.Service] = true
		if sp := s.findServicePort(namespace, b.Service.Name, b.Service.Port.Number, b.Service.Port.Name); sp != nil {
			leads = append(leads, sp)
		} else {
			plain = append(plain, b.Service)
		}
	}
	add(in.DefaultBackend)
	for _, rule := range in.Rules {
		if rule.HTTP != nil {
			for i := range rule.HTTP.Paths {
				add(&rule.HTTP.Paths[i].Backend)
			}
		}
	}
	return leads, plain
}

const classAnnotation = "kubernetes.io/ingress.class"

func className(o *Object) string {
	if c := o.Spec.(*ingress).IngressClassName; c != nil {
		return *c
	}
	return o.Annotations[classAnnotation]
}

// controllerOf finds the controller: by the IngressClass among the manifests, by
// annotations that only one controller reads, by the usual name of the class.
func controllerOf(o *Object, classes map[string]string) *controller {
	name := className(o)
	if by := classes[name]; by != "" {
		for i := range controllers {
			if strings.HasPrefix(by, controllers[i].class) {
				return &controllers[i]
			}
		}
		return nil
	}
	for i := range controllers {
		if hasKeyPrefix(o.Annotations, controllers[i].prefix) {
			return &controllers[i]
		}
	}
	for i := range controllers {
		for _, c := range controllers[i].classes {
			if c == name {
				return &controllers[i]
			}
		}
	}
	return nil
}

func hasKeyPrefix(m map[string]string, prefix string) bool {
	for k := range m {
		if strings.HasPrefix(k, prefix) {
			return true
		}
	}
	return false
}
