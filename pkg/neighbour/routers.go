package neighbour

import (
	"cmp"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/neighbour/routers"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

var apisixUpstreams = Kind{"apisix.apache.org", "ApisixUpstream"}

// routerKinds are the kinds of package routers.
func routerKinds() kinds {
	all := kinds{}
	for _, k := range routers.Kinds {
		all[Kind{k.Group, k.Kind}] = k.New
	}
	return all
}

// isRouter reports whether checkRouters reads an object.
func isRouter(ref sidecar.Ref) bool {
	return slices.ContainsFunc(routers.Kinds, func(k routers.Kind) bool {
		return k.Group == ref.Group && k.Kind == ref.Kind
	})
}

// checkRouters warns of routes of controllers' own kinds, and of probes, that go on in plain to ports that speak TLS
// now. It doesn't edit them: most of these controllers verify certificates, so they need more than a protocol.
func checkRouters(s *scene, r *Result) {
	if len(s.tlsPorts) == 0 {
		return
	}
	h, set := newHostIndex(s), r.setAnnotations()
	for _, k := range routers.Kinds {
		for _, o := range s.Objects(Kind{k.Group, k.Kind}, "*", h.mayBeService) {
			reported := map[*servicePort]bool{}
			for _, b := range o.Spec.(routers.Router).Backends(o.Annotations) {
				sp := h.portOfBackend(&o, &b)
				if sp == nil || reported[sp] {
					continue
				}
				if b.SpeaksTLS(sp.port, joinAnnotations(sp.service.Annotations, set[sp.service.Ref])) {
					continue
				}
				reported[sp] = b.Called == "" // the first of an object's routes to a port is enough
				if b.Upstream == nil || !s.checkUpstream(sp, &b) {
					sp.reportBackend(&o, &b, r)
				}
			}
		}
	}
}

// reportBackend warns of one backend.
func (sp *servicePort) reportBackend(o *Object, b *routers.Backend, r *Result) {
	code := "route-backend"
	message := fmt.Sprintf("routes to %s port %d", sp.service.Ref, sp.port.Port)
	if b.Called != "" {
		code, message = "plaintext-caller", "connects to "+b.Called
	}
	condition, otherwise := sp.ifThere(b.Host)
	message += ", which speaks TLS now" + condition
	hint := b.Hint + otherwise
	if sp.ClientCertificate {
		hint += ", and give it a client certificate"
	}
	sp.addWarning(r, code, o.Ref, b.Field, message, hint)
}

// portOfBackend returns the port that a backend leads to, or nil if it doesn't speak TLS now.
func (h *hostIndex) portOfBackend(o *Object, b *routers.Backend) *servicePort {
	if b.Service == "" {
		for _, sp := range h.portsOfHost(o.Ref.Namespace, b.Host, true) {
			if b.Port.IntVal == sp.port.Port || sp.isHeadless() && b.Port.IntVal == sp.Port {
				return sp
			}
		}
		return nil
	}
	namespace := cmp.Or(b.Namespace, o.Ref.Namespace)
	if b.Port == (intstr.IntOrString{}) {
		all := h.tlsPorts[sidecar.Ref{Kind: "Service", Namespace: namespace, Name: b.Service}]
		if len(all) == 0 {
			return nil
		}
		return &all[0]
	}
	if b.Port.Type == intstr.String {
		return h.findServicePort(namespace, b.Service, int32(b.Port.IntValue()), b.Port.StrVal)
	}
	return h.findServicePort(namespace, b.Service, b.Port.IntVal, "")
}

// checkUpstream reports whether an ApisixUpstream makes APISIX speak TLS to a port. One that doesn't is what has to be
// changed.
func (s *scene) checkUpstream(sp *servicePort, b *routers.Backend) (done bool) {
	for _, o := range s.Objects(apisixUpstreams, sp.service.Ref.Namespace, s.hasTLS) {
		if o.Ref.Name != sp.service.Ref.Name {
			continue
		}
		if o.Spec.(*routers.ApisixUpstream).HasScheme(sp.port.Port, b.Upstream) {
			return true
		}
		b.Hint = fmt.Sprintf("set scheme: %s for the port in %s", b.Upstream[0], o.Ref)
	}
	return false
}
