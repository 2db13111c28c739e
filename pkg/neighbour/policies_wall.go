package neighbour

import (
	"cmp"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/outrigger-dev/outrigger/pkg/netpol"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A wall is all policies of a namespace that are for what comes in: those that stand,
// but such as this run writes anew, and those that it emits. Each is found by one of
// the labels that it asks for, so that many workloads with one each don't meet all.
type wall struct {
	by map[label][]brick
	n  int
}

type label struct{ key, value string }

// A brick is a policy and its place among all.
type brick struct {
	networkPolicy
	n int
}

func (w *wall) add(p networkPolicy) {
	if w.by == nil {
		w.by = map[label][]brick{}
	}
	at := handle(&p.spec.PodSelector)
	w.by[at] = append(w.by[at], brick{p, w.n})
	w.n++
}

// handle is a label without which a selector selects nothing; none where there is no
// such label.
func handle(s *metav1.LabelSelector) (least label) {
	for key, value := range s.MatchLabels {
		if !netpol.IsWrittenLater(key) && (least == label{} || key < least.key) {
			least = label{key, value}
		}
	}
	return least
}

// around are the policies of a wall that select pods, or may, in their order.
func (w *wall) around(labels map[string]string) []networkPolicy {
	if w == nil {
		return nil
	}
	found := slices.Clone(w.by[label{}])
	for key, value := range labels {
		if (label{key, value} != label{}) {
			found = append(found, w.by[label{key, value}]...)
		}
	}
	slices.SortFunc(found, func(a, b brick) int { return cmp.Compare(a.n, b.n) })
	var out []networkPolicy
	for _, p := range found {
		if netpol.Isolates(p.spec, labels) != netpol.No {
			out = append(out, p.networkPolicy)
		}
	}
	return out
}

// walls are those of the namespaces in which ports were taken over.
func (s *scene) walls() map[string]*wall {
	out := map[string]*wall{}
	for _, space := range s.spaces {
		out[space] = &wall{}
	}
	emitted := map[sidecar.Ref]bool{}
	for _, w := range s.served {
		for _, p := range w.policies {
			emitted[p.ref] = true
			out[w.Ref.Namespace].add(p)
		}
	}
	for _, space := range s.spaces {
		for _, o := range s.Objects(networkPolicyKind, space, nil) {
			if spec := o.Spec.(*networkPolicySpec); netpol.IsIngress(spec) && !emitted[o.Ref] {
				out[space].add(networkPolicy{o.Ref, spec, nil})
			}
		}
	}
	return out
}
