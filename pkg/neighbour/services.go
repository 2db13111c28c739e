package neighbour

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// followServices updates ports of Services that lead to a port which was taken over. A targetPort that is a name
// becomes a number: names of native sidecars' ports resolve only since Kubernetes 1.33 (endpointslice controller), and
// a name that two containers have leads to the wrong one. If a sidecar is in front of the app, the targetPort becomes
// the sidecar's. It stays if the pod redirects the port. A plain appProtocol becomes the one over TLS if the sidecar
// speaks TLS.
func followServices(s *scene, r *Result) {
	for i := range s.answers {
		a := &s.answers[i]
		for _, t := range a.Change.Takeovers {
			for _, service := range s.workload.Services {
				for _, p := range service.Spec.Ports {
					if reachesTakeover(s.workload, p, t) {
						followServicePort(a, &t, service.Ref, p, r)
					} else if leadsAround(s.workload, p, t) {
						r.addFindings(sidecar.Finding{
							Severity: sidecar.Warning, Code: "udp-port", Object: service.Ref, Sidecar: a.Name, Field: "spec.ports",
							Message: fmt.Sprintf("port %d/UDP doesn't lead to the sidecar, which answers on TCP only", p.Port),
							Hint:    "remove it if it's for HTTP/3, which the sidecar doesn't speak",
						})
					}
				}
			}
		}
	}
}

// leadsAround reports whether a port is for HTTP/3 beside a TCP port that was taken over, or reaches an app over UDP
// whose clients must present credentials over TCP.
func leadsAround(w *sidecar.Workload, p corev1.ServicePort, t sidecar.Takeover) bool {
	if p.Protocol != corev1.ProtocolUDP || !t.Reaches(w.TargetPort(p)) {
		return false
	}
	name := strings.ToLower(p.Name + " " + p.TargetPort.String())
	isHTTP3 := slices.ContainsFunc([]string{"http3", "h3", "quic"}, func(word string) bool {
		return strings.Contains(name, word)
	})
	return isHTTP3 || t.ClientCertificate || t.Authenticated
}

// followServicePort updates one port of a Service.
func followServicePort(a *sidecar.Answer, t *sidecar.Takeover, service sidecar.Ref, p corev1.ServicePort, r *Result) {
	at := sidecar.Fields("spec", "ports")
	if p.Name != "" {
		at = at.At("name", p.Name)
	} else {
		at = at.At("port", sidecar.PortKey(p.Port, p.Protocol))
	}
	if !t.Redirected {
		followTargetPort(a, t, service, p, at, r)
	}
	if p.AppProtocol == nil || t.Scheme != corev1.URISchemeHTTPS {
		return
	}
	at = at.To("appProtocol")
	if protocol := tlsProtocols[*p.AppProtocol]; protocol != "" {
		r.addEdits(sidecar.Edit{Owner: a.Name, Object: service, Path: at, Value: protocol, Was: *p.AppProtocol})
	} else if slices.Contains(plainProtocols, strings.ToLower(*p.AppProtocol)) {
		r.addFindings(sidecar.Finding{
			Severity: sidecar.Warning, Code: "app-protocol", Object: service, Sidecar: a.Name, Field: at.String(),
			Message: fmt.Sprintf("is %s, but port %d speaks TLS now", *p.AppProtocol, p.Port),
			Hint:    "set it to https, or to the name that your mesh or gateway has for it over TLS",
		})
	}
}

// followTargetPort makes a port of a Service lead to the sidecar.
func followTargetPort(
	a *sidecar.Answer, t *sidecar.Takeover, service sidecar.Ref, p corev1.ServicePort, at sidecar.Path, r *Result,
) {
	edit := sidecar.Edit{Owner: a.Name, Object: service, Path: at.To("targetPort"), Value: t.Port}
	if p.TargetPort == (intstr.IntOrString{}) {
		if p.Port != t.Port {
			r.addEdits(edit)
		}
	} else if p.TargetPort != intstr.FromInt32(t.Port) {
		edit.Was = p.TargetPort
		r.addEdits(edit)
	}
}

// tlsProtocols are the protocols over TLS by their plain ones, from KEP-3726 and cloud controllers. Over TLS, a gateway
// negotiates HTTP/2 with ALPN.
var tlsProtocols = map[string]string{
	"http": "https", "HTTP": "HTTPS", "kubernetes.io/h2c": "https", "kubernetes.io/ws": "kubernetes.io/wss",
}

// plainProtocols are names that meshes and gateways use for protocols without TLS.
var plainProtocols = []string{"http2", "grpc", "grpc-web", "h2c", "ws", "http1.1"}
