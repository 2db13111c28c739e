package neighbour

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// policies looks at the NetworkPolicies that select the pods. They add up: what one
// of them allows is open.
func policies(w *World, r *Result) {
	for _, l := range w.Laid {
		for _, p := range w.Objects["NetworkPolicy"] {
			var spec networkingv1.NetworkPolicySpec
			if p.Is().Namespace != l.Workload.Ref.Namespace || p.Is().Group != "networking.k8s.io" || p.Annotations()["outrigger.dev/by"] != "" ||
				p.Decode(sidecar.Fields("spec"), &spec) != nil || len(spec.PodSelector.MatchExpressions) > 0 ||
				!subset(spec.PodSelector.MatchLabels, l.Workload.Pod.Labels) || !ingress(spec) {
				continue
			}
			for _, a := range l.Asked {
				for _, t := range a.Change.Takeovers {
					policy(r, p, spec, l.Workload, a.Name, t)
				}
			}
		}
	}
}

func ingress(spec networkingv1.NetworkPolicySpec) bool {
	for _, t := range spec.PolicyTypes {
		if t == networkingv1.PolicyTypeIngress {
			return true
		}
	}
	return len(spec.PolicyTypes) == 0
}

func policy(r *Result, p Object, spec networkingv1.NetworkPolicySpec, w *sidecar.Workload, owner string, t sidecar.Takeover) {
	allows := func(port int32) (yes, byName bool) {
		for _, rule := range spec.Ingress {
			if len(rule.Ports) == 0 {
				return true, false
			}
			for _, pp := range rule.Ports {
				switch {
				case pp.Protocol != nil && *pp.Protocol != corev1.ProtocolTCP:
				case pp.Port == nil, pp.EndPort != nil && pp.Port.IntVal <= port && port <= *pp.EndPort, *pp.Port == intstr.FromInt32(port):
					return true, false
				case pp.Port.Type == intstr.String && w.PortName(port, "") == pp.Port.StrVal:
					yes, byName = true, true
				}
			}
		}
		return yes, byName
	}
	open, byName := allows(t.AppPort)
	if !t.Front {
		if _, byName := allows(t.Port); byName {
			r.warn("network-policy-name", p.Is(), owner, "spec.ingress", fmt.Sprintf("names port %s, which a native sidecar has now: not all networks look there", w.PortName(t.Port, "")), fmt.Sprintf("write port: %d", t.Port))
		}
		return
	}
	if open || byName {
		r.warn("network-policy-open", p.Is(), owner, "spec.ingress", fmt.Sprintf("lets clients pass by the proxy to port %d: policies add up", t.AppPort), fmt.Sprintf("allow port %d instead", t.Port))
	}
}
