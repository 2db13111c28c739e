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
				t.egress(&o, spec, r)
			}
		}
	}
}

// egress looks at the rules of one policy that lead to the pod.
func (t *taken) egress(o *Object, spec *networkPolicySpec, r *Result) {
	app, let, field := false, false, ""
	if !netpol.IsEgress(spec) {
		return // its rules count for nothing
	}
	pod := netpol.Pod{Namespace: t.of.Ref.Namespace, Labels: t.of.Labels}
	for i, rule := range spec.Egress {
		if !netpol.MayMeet(rule.To, o.Ref.Namespace, &pod) {
			continue
		}
		open := func(port int32) bool { return netpol.Covers(rule.Ports, t.of.ports, netpol.Port{Number: port}) }
		let = let || open(t.Port)
		if open(t.AppPort) && !app {
			app, field = true, fmt.Sprintf("spec.egress[%d].ports", i)
		}
	}
	if app && !let {
		r.find(t.finding(sidecar.Warning, "network-policy-egress", o.Ref, field,
			fmt.Sprintf("lets clients out to port %d of %s, whose Services lead to %d now", t.AppPort, t.of.Ref, t.Port),
			fmt.Sprintf("add {protocol: TCP, port: %d}", t.Port)))
	}
}
