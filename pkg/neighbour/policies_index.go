package neighbour

import (
	"cmp"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/outrigger-dev/outrigger/pkg/netpol"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A policyIndex is all policies of a namespace that are for what comes in: those that stand,
// but such as this run writes anew, and those that it emits. Each is found by one of
// the labels that it asks for, so that many workloads with one each don't meet all.
type policyIndex struct {
	policies map[label][]indexedPolicy
	count    int
}

type label struct{ key, value string }

// A indexedPolicy is a policy and its place among all.
type indexedPolicy struct {
	networkPolicy
	place int
}

func (w *policyIndex) addPolicy(p networkPolicy) {
	if w.policies == nil {
		w.policies = map[label][]indexedPolicy{}
	}
	at := selectorKey(&p.spec.PodSelector)
	w.policies[at] = append(w.policies[at], indexedPolicy{p, w.count})
	w.count++
}

// selectorKey is a label without which a selector selects nothing; none where there is no
// such label.
func selectorKey(s *metav1.LabelSelector) (least label) {
	for key, value := range s.MatchLabels {
		if !netpol.IsWrittenLater(key) && (least == label{} || key < least.key) {
			least = label{key, value}
		}
	}
	return least
}

// policiesSelecting are the policies of a wall that select pods, or may, in their order.
func (w *policyIndex) policiesSelecting(labels map[string]string) []networkPolicy {
	if w == nil {
		return nil
	}
	found := slices.Clone(w.policies[label{}])
	for key, value := range labels {
		if (label{key, value} != label{}) {
			found = append(found, w.policies[label{key, value}]...)
		}
	}
	slices.SortFunc(found, func(a, b indexedPolicy) int { return cmp.Compare(a.place, b.place) })
	var out []networkPolicy
	for _, p := range found {
		if netpol.Isolates(p.spec, labels) != netpol.No {
			out = append(out, p.networkPolicy)
		}
	}
	return out
}

// indexPolicies are those of the namespaces in which ports were taken over.
func (s *scene) indexPolicies() map[string]*policyIndex {
	out := map[string]*policyIndex{}
	for _, space := range s.namespaces {
		out[space] = &policyIndex{}
	}
	emitted := map[sidecar.Ref]bool{}
	for _, w := range s.footprints {
		for _, p := range w.policies {
			emitted[p.ref] = true
			out[w.Ref.Namespace].addPolicy(p)
		}
	}
	for _, space := range s.namespaces {
		for _, o := range s.Objects(networkPolicyKind, space, nil) {
			if spec := o.Spec.(*networkPolicySpec); netpol.IsIngress(spec) && !emitted[o.Ref] {
				out[space].addPolicy(networkPolicy{o.Ref, spec, nil})
			}
		}
	}
	return out
}
