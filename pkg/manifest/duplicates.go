package manifest

import (
	"fmt"
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// reportDuplicates reports entries that edits go to and that their list has twice, as a variable
// of one name. We'd look at the first, and the kubelet goes by the last.
func (l *Layer) reportDuplicates(o *Object, root *patch) {
	root.findDuplicates(o.rootNode(), nil, func(path sidecar.Path) {
		l.reportOn(o, sidecar.Finding{Code: "entry-twice",
			Field:   path.String(),
			Message: "stands in its list twice, so which one counts depends on who reads it", Hint: "keep one"})
	})
}

// findDuplicates tells of the patch's steps that two entries of a list answer to. Of plain values
// two are as good as one.
func (p *patch) findDuplicates(n *positioned.Node, path sidecar.Path, tell func(sidecar.Path)) {
	n = n.Resolve()
	if n == nil {
		return
	}
	for _, c := range p.below {
		path := append(path[:len(path):len(path)], c.step)
		if c.step.Field == "" && c.step.Key != "." && countEntries(n, c.step) > 1 {
			tell(path)
			continue
		}
		c.findDuplicates(reachNode(n, path[len(path)-1:]), path, tell)
	}
}

// countEntries is how many entries of a list a step's key names.
func countEntries(n *positioned.Node, s sidecar.Step) (many int) {
	if n.Kind != positioned.Sequence {
		return 0
	}
	for _, v := range n.Values {
		if have, ok := keyOf(v, s.Key); ok && have == s.Value {
			many++
		}
	}
	return many
}

// reportRivals reports objects that a cluster takes for one that is emitted and that have other
// content: what is applied last counts there. One without a namespace comes into
// whatever namespace it's applied to.
func (l *Layer) reportRivals(emits []Emit) {
	if len(emits) == 0 {
		return
	}
	named := findNamesakes(l.texts, emits)
	for _, em := range emits {
		ref := em.Object.Ref()
		there := slices.DeleteFunc(named[withoutNamespace(ref)].objectsNear(ref.Namespace),
			func(o *Object) bool { return l.written[o] || o.HasContentOf(em.Object) })
		if len(there) == 0 {
			continue
		}
		more := ""
		if n := len(there) - 1; n > 0 {
			more = fmt.Sprintf(", as have %d more", n)
		}
		l.addFinding(sidecar.Finding{Severity: sidecar.Error, Code: "object-rival", Object: there[0].Ref,
			File: there[0].File(), Sidecar: em.Sidecar,
			Message: "has the name of an object that the sidecar reads" + more +
				", and would take its place where both come into one namespace",
			Hint: "rename it, write the namespaces of both, or give the sidecar another name"})
	}
}

// MayBeOne reports whether two namespaces may be the same when all is applied.
func MayBeOne(a, b string) bool { return a == b || a == "" || b == "" }

// spaces are objects of one group, kind and name by namespace; all of them are in "*".
type spaces map[string][]*Object

// objectsNear are those that may be in a namespace.
func (s spaces) objectsNear(namespace string) []*Object {
	if namespace == "" {
		return slices.Clone(s["*"])
	}
	return slices.Concat(s[namespace], s[""])
}

// findNamesakes finds the objects of the groups, kinds and names that are emitted.
func findNamesakes(texts []*Text, emits []Emit) map[sidecar.Ref]spaces {
	all := map[sidecar.Ref]spaces{}
	for _, em := range emits {
		all[withoutNamespace(em.Object.Ref())] = spaces{}
	}
	for _, t := range texts {
		for _, o := range t.Objects {
			if s, wanted := all[withoutNamespace(o.Ref)]; wanted && !o.IsToolConfig() {
				s[o.Ref.Namespace] = append(s[o.Ref.Namespace], o)
				s["*"] = append(s["*"], o)
			}
		}
	}
	return all
}

func withoutNamespace(r sidecar.Ref) sidecar.Ref {
	r.Namespace = ""
	return r
}

// refuseLifecycle reports an object that stands in the place of one to emit and has metadata by
// which a cluster deletes it, or keeps it: ours have none.
func (l *Layer) refuseLifecycle(o *Object, em Emit) bool {
	for _, field := range []string{
		"ownerReferences", "finalizers", "deletionTimestamp", "deletionGracePeriodSeconds", "generateName",
	} {
		at := sidecar.Fields("metadata", field)
		if _, there := o.Value(at); there {
			l.reportOn(o, sidecar.Finding{Code: "object-conflict",
				Sidecar: em.Sidecar, Field: at.String(),
				Message: "decides when a cluster deletes an object that the sidecar needs", Hint: "take it out"})
			return true
		}
	}
	return false
}
