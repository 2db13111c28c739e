package manifest

import (
	"fmt"
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// reportDuplicates reports edited entries that their list has twice, such as two variables of
// one name. We would edit the first one, and the kubelet uses the last one.
func (l *Layer) reportDuplicates(o *Object, root *patch) {
	root.findDuplicates(o.rootNode(), make(sidecar.Path, 0, usualDepth), func(path sidecar.Path) {
		l.reportOn(o, sidecar.Finding{Code: "entry-twice",
			Field:   path.String(),
			Message: "is twice in its list, and programs differ in which one they use", Hint: "keep one of them"})
	})
}

// findDuplicates calls report for each step of the patch that matches two entries of a list.
// Two equal plain values are no problem. The path is another one afterwards.
func (p *patch) findDuplicates(n *positioned.Node, path sidecar.Path, report func(sidecar.Path)) {
	n = n.Resolve()
	if n == nil {
		return
	}
	for _, c := range p.below {
		path := append(path, c.step)
		if c.step.Field == "" && c.step.Key != "." && countEntries(n, c.step) > 1 {
			report(path)
			continue
		}
		c.findDuplicates(reachNode(n, path[len(path)-1:]), path, report)
	}
}

// countEntries counts the entries of a list that a step names.
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

// reportRivals reports objects that have the name of an emitted one in a cluster but other
// content: the last one that is applied would win. An object without a namespace may be
// applied to any namespace.
func (l *Layer) reportRivals(emits []Emit) {
	if len(emits) == 0 {
		return
	}
	named := findNamesakes(l.texts, emits)
	for _, em := range emits {
		ref := em.Ref
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

// MayBeOne reports whether two namespaces may be the same in a cluster.
func MayBeOne(a, b string) bool { return a == b || a == "" || b == "" }

// spaces has objects of one group, kind and name by namespace. "*" has all of them.
type spaces map[string][]*Object

// objectsNear returns the objects that may be in a namespace.
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
		all[withoutNamespace(em.Ref)] = spaces{}
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

// refuseLifecycle reports an existing object that would be emitted, if it has metadata that
// makes a cluster delete or keep it.
func (l *Layer) refuseLifecycle(o *Object, em Emit) bool {
	for _, field := range []string{
		"ownerReferences", "finalizers", "deletionTimestamp", "deletionGracePeriodSeconds", "generateName",
	} {
		at := sidecar.Fields("metadata", field)
		if _, there := o.Value(at); there {
			l.reportOn(o, sidecar.Finding{Code: "object-conflict",
				Sidecar: em.Sidecar, Field: at.String(),
				Message: "decides when a cluster deletes an object that the sidecar needs", Hint: "remove it"})
			return true
		}
	}
	return false
}
