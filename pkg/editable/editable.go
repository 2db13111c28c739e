// Package editable is the table of the fields that outrigger edits in objects that people
// write, and of how each edit is undone. Code that applies edits and code that undoes
// them read the same table.
package editable

import (
	"slices"
	"strings"
	"sync"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A Field is a field that sidecars and neighbours add, replace or remove in manifests,
// with the way in which that is undone. Only these fields are recorded, and a record
// can undo edits of these fields only.
type Field struct {
	path   string   // see groups
	shape  []string // its steps
	kinds  []string // of the objects; nil: any
	except []string // prefixes of annotation keys that don't match

	By       string // name of the neighbour that edits it; "": the sidecars' own Changes
	Added    bool   // an edit adds it, and undoing that removes it
	Replaced bool   // an edit replaces it, and undoing that restores the old value
	Removed  bool   // an edit removes it, and undoing that restores it
	Value    Value
	Becomes  Becomes
}

// OfNeighbour reports whether the field is one of objects around a workload.
func (f *Field) OfNeighbour() bool { return f.kinds != nil }

// Becomes describes the new value of a replaced one. The check that nothing else has
// changed (law 4) reads it.
type Becomes string

const (
	Wanted      Becomes = "wanted"   // the sidecar's value, or the old value followed by it
	SidecarPort Becomes = "led"      // the port of the sidecar, in place of the app's
	OverTLS     Becomes = "over TLS" // the name of the same protocol over TLS
	Larger      Becomes = "more"     // a larger number, or a longer list
)

// A Value describes the form of a value that is restored.
type Value string

const (
	AnyValue  Value = ""           // nothing is restored
	Text      Value = "text"       // a string
	Number    Value = "number"     // a number
	Quantity  Value = "quantity"   // a smaller quantity of a resource
	Port      Value = "port"       // a number or a name
	Scheme    Value = "scheme"     // HTTP or HTTPS
	PortEntry Value = "port entry" // an entry of a container's ports; one that's removed has only a number
	Socket    Value = "socket"     // a probe's tcpSocket
	Command   Value = "command"    // the same word with other numbers
	Address   Value = "address"    // the same address with another scheme
	List      Value = "list"       // some of the names in the current list
	Container Value = "container"  // a container that a marker names
	Volume    Value = "volume"     // a volume that no container mounts any more
)

// table is what groups say, one row a shape. It's made when somebody looks first.
var table = sync.OnceValue(func() (all []Field) {
	for _, g := range groups {
		for _, f := range g.fields {
			f.By, f.kinds = g.by, g.kinds
			for _, f.shape = range expandShape(splitShape(f.path)) {
				all = append(all, f)
			}
		}
	}
	return all
})

// Editors returns the names of the neighbours that edit fields.
func Editors() (names []string) {
	for _, g := range groups {
		if g.by != "" && !slices.Contains(names, g.by) {
			names = append(names, g.by)
		}
	}
	return names
}

// splitShape splits a shape. An annotation's key, which has slashes, is one step.
func splitShape(shape string) []string {
	if before, key, ok := strings.Cut(shape, "metadata/annotations/"); ok {
		return append(strings.Split(before+"metadata/annotations", "/"), key)
	}
	return strings.Split(shape, "/")
}

// expandShape returns the shapes that a shape with the word container or handler stands for.
func expandShape(shape []string) (all [][]string) {
	container := []string{"pod", "spec", "*containers", "[]"}
	switch shape[0] {
	case "handler":
		for _, h := range handlers {
			all = append(all, slices.Concat(container, strings.Split(h, "/"), shape[1:]))
		}
		return all
	case "container":
		return [][]string{slices.Concat(container, shape[1:])}
	}
	return [][]string{shape}
}

// FieldAt finds the field at a path of an object that has pod templates at some paths. It
// returns nil if the path isn't edited.
func FieldAt(on sidecar.Ref, pods []sidecar.Path, path sidecar.Path) *Field {
	all, kind, below := table(), kindName(on), stepsBelow(pods, path)
	for i := range all {
		if f := &all[i]; f.endsLike(path) && f.isOf(kind) && f.matchPath(path, below) == fullMatch {
			return f
		}
	}
	return nil
}

// HasFieldsBelow reports whether a field below a path is edited. If so, a collection at the
// path may be empty or missing.
func HasFieldsBelow(on sidecar.Ref, pods []sidecar.Path, path sidecar.Path) bool {
	kind, below := kindName(on), stepsBelow(pods, path)
	return slices.ContainsFunc(table(), func(f Field) bool { return f.isOf(kind) && f.matchPath(path, below) == partOf })
}

// endsLike reports whether the last step of a path matches: most fields of the table differ there already.
func (f *Field) endsLike(path sidecar.Path) bool {
	last := f.shape[len(f.shape)-1]
	return len(path) == 0 || last == "pod" || f.matchStep(path[len(path)-1], last)
}

// stepsBelow returns what is left of a path below each pod template on it. Nothing is left of one that leads there.
func stepsBelow(pods []sidecar.Path, path sidecar.Path) (all []sidecar.Path) {
	for _, pod := range pods {
		if n := min(len(pod), len(path)); pod[:n].HasShape(path[:n]) {
			all = append(all, path[n:])
		}
	}
	return all
}

// kindName returns the kind of an object as the table has it.
func kindName(on sidecar.Ref) string {
	if on.Group == "" {
		return on.Kind
	}
	return on.Group + "/" + on.Kind
}

func (f *Field) isOf(kind string) bool { return f.kinds == nil || slices.Contains(f.kinds, kind) }

// A match says how much of a shape a path matches.
type match int

const (
	noMatch match = iota
	partOf
	fullMatch
)

// matchPath matches a path, of which some steps are below pod templates.
func (f *Field) matchPath(path sidecar.Path, below []sidecar.Path) match {
	if f.shape[0] != "pod" {
		return f.matchSteps(path, f.shape)
	}
	best := noMatch
	for _, steps := range below {
		best = max(best, f.matchSteps(steps, f.shape[1:]))
	}
	return best
}

func (f *Field) matchSteps(path sidecar.Path, shape []string) match {
	for i, s := range path {
		if i == len(shape) || !f.matchStep(s, shape[i]) {
			return noMatch
		}
	}
	if len(path) < len(shape) {
		return partOf
	}
	return fullMatch
}

func (f *Field) matchStep(s sidecar.Step, want string) bool {
	switch prefix, open := strings.CutSuffix(want, "*"); {
	case want == "[]":
		return s.Field == ""
	case want == "*containers":
		return s.Field == "containers" || s.Field == "initContainers"
	case s.Field == "" || slices.ContainsFunc(f.except, func(not string) bool { return strings.HasPrefix(s.Field, not) }):
		return false
	case open:
		return strings.HasPrefix(s.Field, prefix)
	}
	return s.Field == want
}
