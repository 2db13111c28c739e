package manifest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/manifest/split"
)

// IsOnlyLocal reports whether the object is of no use to a cluster: it has the annotation
// local-config, configures a tool, is a patch, or has no kind.
func (o *Object) IsOnlyLocal() bool {
	switch group := o.Ref.Group; {
	case o.Ref.Kind == "", o.Annotation(localAnnotation) == "true", o.PatchedBy() != "":
		return true
	case group == "":
		return o.Version == "builtin" || o.Ref.Kind == "Kustomization" // a plugin of kustomize
	default: // there are CustomResources of kind Kustomization
		return group == "outrigger.dev" || group == "kustomize.config.k8s.io" || group == "kpt.dev"
	}
}

// WithoutLocal returns the text without documents that no cluster takes, and without members
// of lists that it doesn't take; left names them. empty says that no document is left.
func (t *Text) WithoutLocal() (text string, left []string, empty bool) {
	documents, rest := t.documents(), t.Objects
	var splices []splice
	for i, d := range documents {
		members := rest[:countWithin(rest, d)]
		rest = rest[len(members):]
		local := slices.DeleteFunc(slices.Clone(members), func(o *Object) bool { return !o.IsOnlyLocal() })
		switch {
		case len(members) == 0 && t.kindOf(d) == "":
			left = append(left, fmt.Sprintf("document %d", i+1))
		case len(local) == 0:
			continue
		case len(local) < len(members):
			if from, to, ok := local[0].memberExtent(&editor{Lines: t.lines}); ok {
				return t.withoutMember(splice{from, to - from, ""}, describeLocal(local[0], i))
			}
			continue
		default:
			for _, o := range local {
				left = append(left, describeLocal(o, i))
			}
		}
		splices = append(splices, splice{d[0], d[1] - d[0], ""})
	}
	return joinSplices(t.lines.Text, splices), left, len(splices) > 0 && len(splices) == len(documents)
}

// withoutMember takes a member out of a list, and then what else is only local: in brackets,
// the bounds of a member depend on those that are left.
func (t *Text) withoutMember(s splice, name string) (string, []string, bool) {
	text := joinSplices(t.lines.Text, []splice{s})
	again, err := Parse(t.Name, text)
	if err != nil {
		return t.lines.Text, nil, false
	}
	again.patchedBy = t.patchedBy
	text, more, empty := again.WithoutLocal()
	return text, append([]string{name}, more...), empty
}

func describeLocal(o *Object, i int) string {
	if o.Ref.Kind == "" {
		return fmt.Sprintf("document %d", i+1)
	}
	return o.Ref.String()
}

// documents returns the bounds of the documents, each with the marker in front of it and
// one of the form "..." behind it.
func (t *Text) documents() (all [][2]int) {
	text := t.lines.Text
	for i := range t.json {
		from, to := t.valueBounds(i)
		all = append(all, [2]int{from, to})
	}
	if all != nil {
		return all
	}
	if docs, ok := split.Split(text); ok {
		for _, d := range docs {
			if end := t.lines.LineEnd(d.End); strings.HasPrefix(text[d.End:], "...") {
				d.End = max(t.lines.NextLine(end), end)
			}
			all = append(all, [2]int{d.Start, d.End})
		}
		return all
	}
	nodes, _, err := positioned.ReadDocuments(t.lines, 0, len(text))
	if err != nil {
		return nil
	}
	for _, n := range nodes {
		from, to := (&editor{Lines: t.lines}).documentBounds(n)
		all = append(all, [2]int{from, to})
	}
	return all
}

// countWithin returns how many of the objects, from the first on, are in a document.
func countWithin(objects []*Object, d [2]int) int {
	n := slices.IndexFunc(objects, func(o *Object) bool {
		at := o.from
		if o.from == o.to {
			at = o.rootNode().Start
		}
		return at >= d[1]
	})
	if n < 0 {
		return len(objects)
	}
	return n
}

// kindOf returns the kind of a document without objects.
func (t *Text) kindOf(d [2]int) string {
	n, err := positioned.ReadObject(t.lines, d[0], d[1], false)
	if err != nil || n.Kind != positioned.Mapping {
		return ""
	}
	return n.Field("kind").TypeName()
}
