package neighbour

import (
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/netpol"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

type networkPolicySpec = networkingv1.NetworkPolicySpec

var networkPolicyKind = Kind{"networking.k8s.io", "NetworkPolicy"}

// A networkPolicy is one that stands in the manifests or comes with a sidecar.
type networkPolicy struct {
	ref     sidecar.Ref
	spec    *networkPolicySpec
	emitter *Footprint // for which this run emits it; nil for one that stands
}

// emittedPolicies are those that come with a sidecar.
func emittedPolicies(s *Footprint, objects []sidecar.Object) (out []networkPolicy) {
	for _, o := range objects {
		ref := o.Ref()
		if ref.Group != networkPolicyKind.Group || ref.Kind != networkPolicyKind.Kind {
			continue
		}
		ref.Namespace = s.Ref.Namespace
		var p struct {
			Spec networkPolicySpec `json:"spec"`
		}
		if json.Unmarshal(o.RawMessage, &p) == nil {
			out = append(out, networkPolicy{ref, &p.Spec, s})
		}
	}
	return out
}

// checkPolicies finds NetworkPolicies that shut clients out of the port where they come
// in now, or leave one open that is to be reached through the sidecar only, and those
// of this run that reach further than its own pods. A rule has no name by which its
// ports could be edited, so they're told.
func checkPolicies(s *scene, r *Result) {
	walls := s.indexPolicies()
	for _, w := range s.footprints {
		if len(w.taken) == 0 {
			continue
		}
		all := walls[w.Ref.Namespace].policiesSelecting(w.Labels)
		for _, t := range w.taken {
			t.checkIngress(all, r)
		}
	}
	s.checkReach(walls, r)
}

// checkIngress looks at one port with all policies that select the pod; what one of them
// allows is open.
func (t *takenPort) checkIngress(all []networkPolicy, r *Result) {
	let, app, stands := false, -1, 0
	for i, p := range all {
		if p.emitter == nil && all[stands].emitter != nil {
			stands = i
		}
		let = let || letsIn(p.spec, t.footprint.ports, t.Port)
		for j, rule := range p.spec.Ingress {
			for k, port := range rule.Ports {
				t.checkPortName(p, fmt.Sprintf("spec.ingress[%d].ports[%d].port", j, k), port.Port, r)
			}
		}
		if t.MovesApp() || !letsIn(p.spec, t.footprint.ports, t.AppPort) {
			continue
		}
		severity, hint := sidecar.Warning, fmt.Sprintf("write %d in its place", t.Port)
		if p.emitter == nil {
			app = i
		} else { // nobody could edit it
			severity, hint = sidecar.Error, "give the pods of both labels of their own by which they're selected"
		}
		r.addFindings(t.newFinding(severity, "network-policy-open", p.ref, "spec.ingress",
			fmt.Sprintf("lets clients in on port %d, past the sidecar on %d", t.AppPort, t.Port), hint))
	}
	if len(all) > 0 && !let {
		p := all[stands]
		if app >= 0 {
			p = all[app]
		}
		r.addFindings(t.newFinding(sidecar.Warning, "network-policy-closed", p.ref, "spec.ingress",
			fmt.Sprintf("lets nobody in on port %d, where clients of %s come in now", t.Port, t.footprint.Ref),
			fmt.Sprintf("add {protocol: TCP, port: %d} to the ports of the rule that lets them in", t.Port)))
	}
}

// letsIn reports whether a rule of the policy lets somebody in on a TCP port of pods
// that declare some.
func letsIn(spec *networkPolicySpec, declared []corev1.ContainerPort, port int32) bool {
	return slices.ContainsFunc(spec.Ingress, func(rule networkingv1.NetworkPolicyIngressRule) bool {
		return netpol.Covers(rule.Ports, declared, netpol.Port{Number: port})
	})
}

// checkPortName warns of a name that is on a native sidecar now: networks looked for
// names among ordinary containers only, Calico until 3.29 and others for longer.
func (t *takenPort) checkPortName(p networkPolicy, field string, port *intstr.IntOrString, r *Result) {
	if p.emitter != nil || !t.MovesApp() || t.placement != sidecar.Native || port == nil || port.Type != intstr.String ||
		port.StrVal != t.portName || t.portName == "" {
		return
	}
	r.addFindings(t.newFinding(sidecar.Warning, "network-policy-port-name", p.ref, field,
		fmt.Sprintf("port %s is a native sidecar's now, whose names many networks don't know", t.portName),
		fmt.Sprintf("write its number, %d", t.Port)))
}
