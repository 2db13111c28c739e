package neighbour

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// services writes targetPorts that name a port which was taken over as numbers:
// names of native sidecars' ports resolve only since Kubernetes 1.33 (endpointslice
// controller), and a name that stands on two containers leads to the wrong one.
// Those that lead to an app that stays where it is are led to the sidecar in front.
// An appProtocol of http or h2c becomes https where the proxy speaks TLS.
func services(w *sidecar.Workload, a sidecar.Asked) ([]sidecar.Edit, sidecar.Findings) {
	var edits []sidecar.Edit
	for _, t := range a.Change.Takeovers {
		for _, s := range w.Services {
			for _, p := range s.Spec.Ports {
				if p.Protocol != "" && p.Protocol != corev1.ProtocolTCP || target(w, p) != t.Port && !(t.Front && target(w, p) == t.AppPort) {
					continue
				}
				at := sidecar.Fields("spec", "ports")
				if p.Name != "" {
					at = at.At("name", p.Name)
				} else {
					at = at.At("port", sidecar.PortKey(p.Port, p.Protocol))
				}
				if e := (sidecar.Edit{Owner: a.Name, Object: s.Ref, Path: at.To("targetPort"), Value: t.Port}); p.TargetPort == (intstr.IntOrString{}) {
					if p.Port != t.Port {
						edits = append(edits, e)
					}
				} else if p.TargetPort != intstr.FromInt32(t.Port) {
					e.Was = p.TargetPort
					edits = append(edits, e)
				}
				if p.AppProtocol != nil && (*p.AppProtocol == "http" || *p.AppProtocol == "kubernetes.io/h2c") && t.Scheme == corev1.URISchemeHTTPS {
					edits = append(edits, sidecar.Edit{Owner: a.Name, Object: s.Ref, Path: at.To("appProtocol"), Value: "https", Was: *p.AppProtocol})
				}
			}
		}
	}
	return edits, nil
}

// target is the pod's port that a Service port leads to; 0 where nobody has it.
func target(w *sidecar.Workload, p corev1.ServicePort) int32 {
	if p.TargetPort == (intstr.IntOrString{}) {
		return p.Port
	}
	for _, list := range [][]corev1.Container{w.Pod.Spec.Containers, w.Pod.Spec.InitContainers} {
		for i := range list {
			if n := resolve(p.TargetPort, &list[i]); n != 0 {
				return n
			}
		}
	}
	return 0
}
