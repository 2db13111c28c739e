package neighbour

import (
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

type networkPolicySpec = networkingv1.NetworkPolicySpec

var networkPolicyKind = Kind{"networking.k8s.io", "NetworkPolicy"}

// A networkPolicy is one that stands in the manifests or comes with a sidecar.
type networkPolicy struct {
	ref  sidecar.Ref
	spec *networkPolicySpec
	ours bool
}

// emittedPolicies are those that come with a sidecar.
func emittedPolicies(objects []sidecar.Object) (out []networkPolicy) {
	for _, o := range objects {
		ref := o.Ref()
		if ref.Group != networkPolicyKind.Group || ref.Kind != networkPolicyKind.Kind {
			continue
		}
		var p struct {
			Spec networkPolicySpec `json:"spec"`
		}
		if json.Unmarshal(o.RawMessage, &p) == nil {
			out = append(out, networkPolicy{ref, &p.Spec, true})
		}
	}
	return out
}

// policies finds NetworkPolicies that shut clients out of the port where they come
// in now, or leave one open that is to be reached through the sidecar only. A rule
// has no name by which its ports could be edited, so they're told.
func policies(s *scene, r *Result) {
	for _, w := range s.served {
		if len(w.taken) == 0 {
			continue
		}
		all := slices.Clone(w.policies)
		for _, o := range s.Objects(networkPolicyKind, w.Ref.Namespace, nil) {
			spec := o.Spec.(*networkPolicySpec)
			sel, err := metav1.LabelSelectorAsSelector(&spec.PodSelector)
			if err == nil && sel.Matches(labels.Set(w.Labels)) && incoming(spec) && o.Labels[managedLabel] != managedBy {
				all = append(all, networkPolicy{o.Ref, spec, false})
			}
		}
		for _, t := range w.taken {
			t.policed(all, r)
		}
	}
}

// incoming reports whether a policy restricts who comes in: it does unless it says
// that it's for the way out only.
func incoming(spec *networkPolicySpec) bool {
	return len(spec.PolicyTypes) == 0 || slices.Contains(spec.PolicyTypes, networkingv1.PolicyTypeIngress)
}

// policed looks at one port with all policies that select the pod; what one of them
// allows is open.
func (t *taken) policed(all []networkPolicy, r *Result) {
	let, app := false, -1
	for i, p := range all {
		let = let || allows(p.spec, t.Port, t.name)
		for j, rule := range p.spec.Ingress {
			for k, port := range rule.Ports {
				t.namedPort(p, fmt.Sprintf("spec.ingress[%d].ports[%d].port", j, k), port.Port, r)
			}
		}
		if t.Front && !p.ours && allows(p.spec, t.AppPort, t.appName) {
			app = i
			r.find(t.finding(sidecar.Warning, "network-policy-open", p.ref, "spec.ingress", fmt.Sprintf("lets clients in on port %d, past the sidecar on %d", t.AppPort, t.Port),
				fmt.Sprintf("write %d in its place", t.Port)))
		}
	}
	if len(all) > 0 && !let {
		p := all[max(app, 0)]
		r.find(t.finding(sidecar.Warning, "network-policy-closed", p.ref, "spec.ingress", fmt.Sprintf("lets nobody in on port %d, where clients of %s come in now", t.Port, t.of.Ref),
			fmt.Sprintf("add {protocol: TCP, port: %d} to the ports of the rule that lets them in", t.Port)))
	}
}

// allows reports whether a rule of the policy lets somebody in on a port: one
// without ports does on all.
func allows(spec *networkPolicySpec, number int32, name string) bool {
	for _, rule := range spec.Ingress {
		if len(rule.Ports) == 0 {
			return true
		}
		for _, p := range rule.Ports {
			switch {
			case p.Protocol != nil && *p.Protocol != corev1.ProtocolTCP:
			case p.Port == nil, p.Port.Type == intstr.String && name != "" && p.Port.StrVal == name:
				return true
			case p.Port.Type == intstr.Int && (p.Port.IntVal == number || p.EndPort != nil && p.Port.IntVal <= number && number <= *p.EndPort):
				return true
			}
		}
	}
	return false
}

// namedPort warns of a name that is on a native sidecar now: networks looked for
// names among ordinary containers only, Calico until 3.29 and others for longer.
func (t *taken) namedPort(p networkPolicy, field string, port *intstr.IntOrString, r *Result) {
	if p.ours || t.Front || t.placement != sidecar.Native || port == nil || port.Type != intstr.String || port.StrVal != t.name || t.name == "" {
		return
	}
	r.find(t.finding(sidecar.Warning, "network-policy-port-name", p.ref, field, fmt.Sprintf("port %s is a native sidecar's now, whose names many networks don't know", t.name),
		fmt.Sprintf("write its number, %d", t.Port)))
}
