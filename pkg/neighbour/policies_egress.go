package neighbour

import (
	"fmt"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// egresses finds NetworkPolicies that let clients out to the app's port, but not to
// the one of the sidecar in front of it, where their Service leads now: networks
// look at the pod's port.
func egresses(s *scene, r *Result) {
	front := false
	for _, t := range s.taken {
		front = front || t.Front
	}
	if !front {
		return
	}
	for _, o := range s.Objects(networkPolicyKind, "*", nil) {
		spec := o.Spec.(*networkPolicySpec)
		for _, t := range s.taken {
			if t.Front {
				t.egress(&o, spec, r)
			}
		}
	}
}

// egress looks at the rules of one policy that lead to the pod.
func (t *taken) egress(o *Object, spec *networkPolicySpec, r *Result) {
	app, let, field := false, false, ""
	for i, rule := range spec.Egress {
		if !t.met(o.Ref.Namespace, rule.To) {
			continue
		}
		open := func(port int32, name string) bool {
			return allows(&networkPolicySpec{Ingress: []networkingv1.NetworkPolicyIngressRule{{Ports: rule.Ports}}}, port, name)
		}
		let = let || open(t.Port, t.name)
		if open(t.AppPort, t.appName) && !app {
			app, field = true, fmt.Sprintf("spec.egress[%d].ports", i)
		}
	}
	if app && !let {
		r.find(t.finding(sidecar.Warning, "network-policy-egress", o.Ref, field, fmt.Sprintf("lets clients out to port %d of %s, whose Services lead to %d now", t.AppPort, t.of.Ref, t.Port),
			fmt.Sprintf("add {protocol: TCP, port: %d}", t.Port)))
	}
}

// met reports whether a rule's peers are, or may be, the pod: which labels a
// namespace has isn't always known.
func (t *taken) met(namespace string, peers []networkingv1.NetworkPolicyPeer) bool {
	for _, p := range peers {
		if p.IPBlock != nil || p.NamespaceSelector == nil && namespace != t.of.Ref.Namespace {
			continue
		}
		if p.PodSelector == nil {
			return true
		}
		if sel, err := metav1.LabelSelectorAsSelector(p.PodSelector); err == nil && sel.Matches(labels.Set(t.of.Labels)) {
			return true
		}
	}
	return len(peers) == 0
}
