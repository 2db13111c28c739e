package neighbour

import (
	"fmt"
	"slices"
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

// followIngresses makes the controllers of Ingresses speak TLS to backends that speak it now. The Ingress API has no
// field for it: each controller has an annotation of its own, on the Ingress or on the Service.
func followIngresses(s *scene, r *Result) {
	if len(s.tlsPorts) == 0 {
		return
	}
	var all []Object
	for _, namespace := range s.namespaces {
		all = append(all, s.Objects(ingressKind, namespace, s.hasTLS)...)
	}
	var classes map[string]string
	for _, o := range all {
		found := s.findBackends(o.Ref.Namespace, o.Spec.(*ingress))
		if len(found.tls) == 0 || o.Annotations["nginx.ingress.kubernetes.io/ssl-passthrough"] == "true" {
			continue
		}
		if classes == nil {
			classes = s.controllersOfClasses()
		}
		c := controllerOf(&o, classes)
		if c == nil {
			for _, sp := range found.tls {
				sp.addWarning(r, "ingress-backend", o.Ref, "",
					fmt.Sprintf("routes to %s port %d, which speaks TLS now, but its controller isn't known",
						sp.service.Ref, sp.port.Port),
					fmt.Sprintf("set the annotation that makes your controller speak %s to backends, as %s: %[1]s does for "+
						"ingress-nginx", sp.protocolName(), nginxProtocol))
			}
			continue
		}
		if c.ambiguous && !hasKeyPrefix(o.Annotations, c.prefix) && classes[className(&o)] == "" {
			sp := found.tls[0]
			r.addFindings(sp.newFinding(sidecar.Info, "ingress-controller", o.Ref, "",
				"is treated as an Ingress of ingress-nginx because of its class's name",
				"if its controller is NGINX Inc's, set nginx.org/ssl-services: "+sp.service.Ref.Name+
					", or add an IngressClass that names the controller"))
		}
		c.annotateBackends(&o, found, r)
		c.checkCredentials(&o, found.tls, r)
	}
}

// controllersOfClasses returns the controllers of all IngressClasses by their names. The name "" is the default class.
func (s *scene) controllersOfClasses() map[string]string {
	classes := map[string]string{}
	for _, o := range s.Objects(ingressClassKind, "*", nil) {
		classes[o.Ref.Name] = o.Spec.(*ingressClass).Controller
		if o.Annotations[networkingv1.AnnotationIsDefaultIngressClass] == "true" {
			classes[""] = classes[o.Ref.Name]
		}
	}
	return classes
}

// protocolName returns the protocol as annotations of controllers spell it.
func (sp *servicePort) protocolName() string {
	if sp.Protocol == sidecar.GRPC {
		return "GRPCS"
	}
	return "HTTPS"
}

// findBackends returns what an Ingress routes to.
func (s *scene) findBackends(namespace string, in *ingress) (found backends) {
	seen := map[networkingv1.IngressServiceBackend]bool{}
	add := func(b *networkingv1.IngressBackend) {
		if b == nil || b.Service == nil || seen[*b.Service] {
			return
		}
		seen[*b.Service] = true
		if sp := s.findServicePort(namespace, b.Service.Name, b.Service.Port.Number, b.Service.Port.Name); sp != nil {
			found.tls = append(found.tls, sp)
		} else {
			found.plain = append(found.plain, b.Service)
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
	return found
}

const classAnnotation = "kubernetes.io/ingress.class"

// className returns the name of an Ingress's class, or "".
func className(o *Object) string {
	if c := o.Spec.(*ingress).IngressClassName; c != nil {
		return *c
	}
	return o.Annotations[classAnnotation]
}

// controllerOf finds the controller of an Ingress, or returns nil. It looks at the IngressClass, then at annotations
// that only one controller reads, then at the usual name of the class.
func controllerOf(o *Object, classes map[string]string) *controller {
	name := className(o)
	if class := classes[name]; class != "" {
		for i := range controllers {
			if strings.HasPrefix(class, controllers[i].class) {
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
		if slices.Contains(controllers[i].classes, name) {
			return &controllers[i]
		}
	}
	return nil
}

// hasKeyPrefix reports whether a key of the map has the prefix.
func hasKeyPrefix(m map[string]string, prefix string) bool {
	for k := range m {
		if strings.HasPrefix(k, prefix) {
			return true
		}
	}
	return false
}
