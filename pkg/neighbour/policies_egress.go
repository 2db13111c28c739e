package neighbour

import (
	"fmt"

	"github.com/outrigger-dev/outrigger/pkg/netpol"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// checkEgressPolicies finds NetworkPolicies that let clients out to the app's port, but not to
// the one of the sidecar in front of it, where their Service leads now: networks
// look at the pod's port.
func checkEgressPolicies(s *scene, r *Result) {
	front := false
	for _, t := range s.taken {
		front = front || !t.MovesApp()
	}
	if !front {
		return
	}
	for _, o := range s.Objects(networkPolicyKind, "*", nil) {
		spec := o.Spec.(*networkPolicySpec)
		for _, t := range s.taken {
			if !t.MovesApp() {
				t.checkEgress(&o, spec, r)
			}
		}
	}
}

// checkEgress looks at the rules of one policy that lead to the pod.
func (t *takenPort) checkEgress(o *Object, spec *networkPolicySpec, r *Result) {
	app, let, field := false, false, ""
	if !netpol.IsEgress(spec) {
		return // its rules count for nothing
	}
	pod := netpol.Pod{Namespace: t.footprint.Ref.Namespace, Labels: t.footprint.Labels}
	for i, rule := range spec.Egress {
		if !netpol.MayMeet(rule.To, o.Ref.Namespace, &pod) {
			continue
		}
		open := func(port int32) bool { return netpol.Covers(rule.Ports, t.footprint.ports, netpol.Port{Number: port}) }
		let = let || open(t.Port)
		if open(t.AppPort) && !app {
			app, field = true, fmt.Sprintf("spec.egress[%d].ports", i)
		}
	}
	if app && !let {
		r.addFindings(t.newFinding(sidecar.Warning, "network-policy-egress", o.Ref, field,
			fmt.Sprintf("lets clients out to port %d of %s, whose Services lead to %d now", t.AppPort, t.footprint.Ref, t.Port),
			fmt.Sprintf("add {protocol: TCP, port: %d}", t.Port)))
	}
}
