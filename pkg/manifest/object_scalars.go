package manifest

import (
	"strconv"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Source returns the text of the object, or a longer one if its end isn't known.
func (o *Object) Source() string {
	if o.from < o.to {
		return o.text.lines.Text[o.from:o.to]
	}
	return o.text.lines.Text[o.rootNode().Start:max(o.rootNode().Start, o.rootNode().End)]
}

// Mentions reports whether a word, such as a name, may be in the object.
func (o *Object) Mentions(is func(word string) bool) bool {
	if o.unsure {
		return true
	}
	text, from := o.Source(), -1
	for i := range len(text) {
		switch b := text[i]; {
		case b >= 'a' && b <= 'z', b >= '0' && b <= '9', b == '-', b == '.', b >= 'A' && b <= 'Z':
			if from < 0 {
				from = i
			}
		case from >= 0:
			if is(text[from:i]) {
				return true
			}
			from = -1
		}
	}
	return from >= 0 && is(text[from:])
}

// Scalars visits the strings of the object, except those of metadata. Entries of lists are
// named by their name or by their own text, or by their position if that isn't unique or
// missing. The target of an alias is visited once, where it is written. The path is only valid
// during the visit.
func (o *Object) Scalars(visit func(at sidecar.Path, value string)) {
	root := o.rootNode()
	for i, k := range root.Keys {
		if k.Value != "metadata" && k.Value != "apiVersion" && k.Value != "kind" {
			visitScalars(root.Values[i], append(make(sidecar.Path, 0, 16), sidecar.Step{Field: k.Value}), visit)
		}
	}
}

func visitScalars(n *positioned.Node, at sidecar.Path, visit func(sidecar.Path, string)) {
	switch n.Kind {
	case positioned.Scalar:
		visit(at, n.Value)
	case positioned.Mapping:
		for i, v := range n.Values {
			if n.Keys[i].Kind == positioned.Scalar && n.Keys[i].Value != "" {
				visitScalars(v, append(at, sidecar.Step{Field: n.Keys[i].Value}), visit)
			}
		}
	case positioned.Sequence:
		for i, s := range entrySteps(n) {
			visitScalars(n.Values[i], append(at, s), visit)
		}
	}
}

// entrySteps returns the steps to the entries of a list.
func entrySteps(n *positioned.Node) []sidecar.Step {
	steps, times := make([]sidecar.Step, len(n.Values)), map[sidecar.Step]int{}
	for i, v := range n.Values {
		steps[i] = entryStep(v)
		times[steps[i]]++
	}
	for i, s := range steps {
		if s.Value == "" || times[s] > 1 {
			steps[i] = sidecar.Step{Key: sidecar.Position, Value: strconv.Itoa(i)}
		}
	}
	return steps
}

// entryStep returns the step to an entry by its name. Ray's groups have a field of their own for it.
func entryStep(v *positioned.Node) sidecar.Step {
	if v.Resolve() == nil || v.Resolve().Kind != positioned.Mapping {
		return sidecar.Step{Key: ".", Value: v.ScalarText()}
	}
	s := sidecar.Step{Key: "name", Value: v.Resolve().Field("name").ScalarText()}
	if group := v.Resolve().Field("groupName").ScalarText(); s.Value == "" && group != "" {
		s = sidecar.Step{Key: "groupName", Value: group}
	}
	return s
}

// replacedPath returns the path of a value that replaces another one. An entry of a list of
// plain values is named by its own text, by which strip finds it.
func replacedPath(path sidecar.Path, value any) sidecar.Path {
	last := len(path) - 1
	text, ok := value.(string)
	if !ok || last < 0 || path[last].Key != "." {
		return path
	}
	return path[:last].At(".", text)
}
