package neighbour

import (
	"fmt"
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/netpol"
)

// checkEgressPolicies finds NetworkPolicies that let clients out to the app's port, but not to the port of the sidecar
// in front of it. Their Service leads there now, and policies are about the pod's port.
func checkEgressPolicies(s *scene, r *Result) {
	if !slices.ContainsFunc(s.taken, func(t *takenPort) bool { return t.Front }) {
		return
	}
	for _, o := range s.Objects(networkPolicyKind, "*", nil) {
		spec := o.Spec.(*networkPolicySpec)
		for _, t := range s.taken {
			if t.Front {
				t.checkEgress(&o, spec, r)
			}
		}
	}
}

// checkEgress checks the rules of one policy that may be about the pod.
func (t *takenPort) checkEgress(o *Object, spec *networkPolicySpec, r *Result) {
	if !netpol.IsEgress(spec) {
		return // its rules have no effect
	}
	app, allowed, field := false, false, ""
	pod := netpol.Pod{Namespace: t.footprint.Ref.Namespace, Labels: t.footprint.Labels}
	for i, rule := range spec.Egress {
		if !netpol.MayMeet(rule.To, o.Ref.Namespace, &pod) {
			continue
		}
		open := func(port int32) bool { return netpol.Covers(rule.Ports, t.footprint.ports, netpol.Port{Number: port}) }
		allowed = allowed || open(t.Port)
		if open(t.AppPort) && !app {
			app, field = true, fmt.Sprintf("spec.egress[%d].ports", i)
		}
	}
	if app && !allowed {
		t.addWarning(r, "network-policy-egress", o.Ref, field,
			fmt.Sprintf("allows port %d of %s, but its Services lead to port %d now", t.AppPort, t.footprint.Ref, t.Port),
			fmt.Sprintf("add {protocol: TCP, port: %d}", t.Port))
	}
}
