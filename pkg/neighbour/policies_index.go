package neighbour

import (
	"cmp"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/outrigger-dev/outrigger/pkg/netpol"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A policyIndex holds policies of a namespace: those of the manifests, except those that this run writes again, and
// those that this run emits. It finds each by one label that it selects, since comparing every policy with
// every workload takes too long.
type policyIndex struct {
	policies map[label][]indexedPolicy
	count    int
}

type label struct{ key, value string }

// An indexedPolicy is a policy and its position in the order of all.
type indexedPolicy struct {
	networkPolicy
	position int
}

func (x *policyIndex) addPolicy(p networkPolicy) {
	if x.policies == nil {
		x.policies = map[label][]indexedPolicy{}
	}
	key := selectorKey(&p.spec.PodSelector)
	x.policies[key] = append(x.policies[key], indexedPolicy{p, x.count})
	x.count++
}

// selectorKey returns a label that a pod must have to be selected, or the empty label if there's none that a template
// shows.
func selectorKey(s *metav1.LabelSelector) (least label) {
	for key, value := range s.MatchLabels {
		if !netpol.IsWrittenLater(key) && (least == label{} || key < least.key) {
			least = label{key, value}
		}
	}
	return least
}

// An isolation reports whether a policy is about connections to pods with labels, or from them.
type isolation func(spec *networkPolicySpec, labels map[string]string) netpol.Answer

// policiesSelecting returns the policies that select pods with labels, or may select them, in their order.
func (x *policyIndex) policiesSelecting(labels map[string]string, isolates isolation) []networkPolicy {
	if x == nil {
		return nil
	}
	found := slices.Clone(x.policies[label{}])
	for key, value := range labels {
		if (label{key, value} != label{}) {
			found = append(found, x.policies[label{key, value}]...)
		}
	}
	slices.SortFunc(found, func(a, b indexedPolicy) int { return cmp.Compare(a.position, b.position) })
	var out []networkPolicy
	for _, p := range found {
		if isolates(p.spec, labels) != netpol.No {
			out = append(out, p.networkPolicy)
		}
	}
	return out
}

// indexPolicies returns an index for each namespace where ports were taken over.
func (s *scene) indexPolicies() map[string]*policyIndex {
	indexes := map[string]*policyIndex{}
	for _, namespace := range s.namespaces {
		indexes[namespace] = &policyIndex{}
	}
	emitted := map[sidecar.Ref]bool{}
	for _, f := range s.footprints {
		for _, p := range f.policies {
			emitted[p.ref] = true
			indexes[f.Ref.Namespace].addPolicy(p)
		}
	}
	for _, namespace := range s.namespaces {
		for _, o := range s.Objects(networkPolicyKind, namespace, nil) {
			if spec := o.Spec.(*networkPolicySpec); netpol.IsIngress(spec) && !emitted[o.Ref] {
				indexes[namespace].addPolicy(networkPolicy{o.Ref, spec, nil})
			}
		}
	}
	return indexes
}
