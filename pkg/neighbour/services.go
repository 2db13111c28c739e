package neighbour

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// followServices writes targetPorts that name a port which was taken over as numbers:
// names of native sidecars' ports resolve only since Kubernetes 1.33 (endpointslice
// controller), and a name that stands on two containers leads to the wrong one.
// Those that lead to an app that stays where it is are led to the sidecar in front.
// An appProtocol in plain becomes the one over TLS where the proxy speaks that.
func followServices(s *scene, r *Result) {
	for i := range s.answers {
		a := &s.answers[i]
		for _, t := range a.Change.Takeovers {
			for _, service := range s.workload.Services {
				for _, p := range service.Spec.Ports {
					if reachesTakeover(s.workload, p, t) {
						followServicePort(a, &t, service.Ref, p, r)
					}
				}
			}
		}
	}
}

// followServicePort leads one port of a Service to the sidecar.
func followServicePort(a *sidecar.Answer, t *sidecar.Takeover, service sidecar.Ref, p corev1.ServicePort, r *Result) {
	at := sidecar.Fields("spec", "ports")
	if p.Name != "" {
		at = at.At("name", p.Name)
	} else {
		at = at.At("port", sidecar.PortKey(p.Port, p.Protocol))
	}
	if e := (sidecar.Edit{Owner: a.Name, Object: service, Path: at.To("targetPort"),
		Value: t.Port}); p.TargetPort == (intstr.IntOrString{}) {
		if p.Port != t.Port {
			r.addEdits(e)
		}
	} else if p.TargetPort != intstr.FromInt32(t.Port) {
		e.Was = p.TargetPort
		r.addEdits(e)
	}
	if p.AppProtocol == nil || t.Scheme != corev1.URISchemeHTTPS {
		return
	}
	at = at.To("appProtocol")
	if over := tlsProtocols[*p.AppProtocol]; over != "" {
		r.addEdits(sidecar.Edit{Owner: a.Name, Object: service, Path: at, Value: over, Was: *p.AppProtocol})
	} else if slices.Contains(plainProtocols, strings.ToLower(*p.AppProtocol)) {
		r.addFindings(sidecar.Finding{Severity: sidecar.Warning, Code: "app-protocol", Object: service, Sidecar: a.Name,
			Field:   at.String(),
			Message: fmt.Sprintf("says %s, but port %d speaks TLS now", *p.AppProtocol, p.Port),
			Hint:    "write https, or what your mesh or gateway calls it over TLS"})
	}
}

// tlsProtocols are protocols of KEP-3726 and of cloud controllers, and what they're
// called over TLS. A gateway learns of HTTP/2 then by ALPN.
var tlsProtocols = map[string]string{"http": "https", "HTTP": "HTTPS", "kubernetes.io/h2c": "https",
	"kubernetes.io/ws": "kubernetes.io/wss"}

// plainProtocols are names that meshes and gateways take for something without TLS.
var plainProtocols = []string{"http2", "grpc", "grpc-web", "h2c", "ws", "http1.1"}

// targetPort is the pod's port that a Service port leads to; 0 where nobody has it.
func targetPort(w *sidecar.Workload, p corev1.ServicePort) int32 {
	if p.TargetPort == (intstr.IntOrString{}) {
		return p.Port
	}
	for c := range w.AllContainers() {
		if n := sidecar.ResolvePort(c, p.TargetPort); n != 0 {
			return n
		}
	}
	return 0
}
