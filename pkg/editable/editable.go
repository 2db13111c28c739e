// Package editable is the table of what outrigger edits in objects that people write,
// and of how each edit is undone. Who lays edits on and who reads a record of them
// agree here.
package editable

import (
	"slices"
	"strings"
	"sync"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A Field is a kind of value that Edits and neighbours put into manifests, change or
// take away, and by which way it comes back when the sidecars are taken off. What a
// record says is undone for these alone: nothing that isn't in this table is laid on
// where it would be recorded, and no record reaches it.
type Field struct {
	path   string   // see groups
	shape  []string // its steps
	kinds  []string // of the objects; nil: any
	except []string // keys of annotations that are none, as prefixes

	By       string // the neighbour that edits it, as its table names it; "": the sidecars' own Changes
	Added    bool   // it was added, and is taken out
	Replaced bool   // it took another's place, and that comes back
	Removed  bool   // it was taken out, and comes back
	Value    Value
	Share    Share
	Becomes  Becomes
}

// OfNeighbour reports whether the field is one of objects around a workload.
func (f *Field) OfNeighbour() bool { return f.kinds != nil }

// Becomes says what becomes of a value that is replaced, for who checks that nothing else
// has changed (law 4).
type Becomes string

const (
	Wanted      Becomes = "wanted"   // what a sidecar wants there, or what was there with that behind it
	SidecarPort Becomes = "led"      // the port at which the sidecar is reached in the place of the app
	OverTLS     Becomes = "over TLS" // what the same protocol is called over TLS
	Larger      Becomes = "more"     // a larger number, or a longer list
)

// A Value says what a value that comes back must be.
type Value string

const (
	AnyValue  Value = ""           // nothing comes back
	Text      Value = "text"       // a string
	Number    Value = "number"     // a number
	Port      Value = "port"       // a number or a name
	Scheme    Value = "scheme"     // HTTP or HTTPS
	PortEntry Value = "port entry" // an entry of a container's ports
	Socket    Value = "socket"     // a probe's tcpSocket
	Command   Value = "command"    // the same word but for numbers
	Address   Value = "address"    // the same address but for its scheme
	List      Value = "list"       // some of the names that stand there
	Container Value = "container"  // one that the marker names
	Volume    Value = "volume"     // one that no container mounts any more
)

// A Share says how several documents have a value together.
type Share string

const (
	Unshared Share = ""        // not, unless they want it equal
	Names    Share = "names"   // a list by commas, to which each adds names
	Largest  Share = "largest" // a number of which the largest counts
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

// Editors are the neighbours that edit fields.
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

// expandShape gives the shapes that one in the words container and handler stands for.
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

// FieldAt finds what is moved at a path of an object that has pod templates at some
// paths; nil where nothing is.
func FieldAt(on sidecar.Ref, pods []sidecar.Path, path sidecar.Path) *Field {
	all := table()
	for i := range all {
		if m := &all[i]; m.isOf(on) && m.matchPath(pods, path) == fullMatch {
			return m
		}
	}
	return nil
}

// HasFieldsBelow reports whether something below a path is moved: such a collection may
// stand there without entries, or not at all.
func HasFieldsBelow(on sidecar.Ref, pods []sidecar.Path, path sidecar.Path) bool {
	return slices.ContainsFunc(table(), func(m Field) bool { return m.isOf(on) && m.matchPath(pods, path) == partOf })
}

func (f *Field) isOf(on sidecar.Ref) bool {
	kind := on.Kind
	if on.Group != "" {
		kind = on.Group + "/" + on.Kind
	}
	return f.kinds == nil || slices.Contains(f.kinds, kind)
}

// How far a path gets in a shape.
type match int

const (
	noMatch match = iota
	partOf
	fullMatch
)

func (f *Field) matchPath(pods []sidecar.Path, path sidecar.Path) match {
	if f.shape[0] != "pod" {
		return f.matchSteps(path, f.shape)
	}
	best := noMatch
	for _, pod := range pods {
		n := min(len(pod), len(path))
		if slices.Equal(pod[:n], path[:n]) {
			best = max(best, f.matchSteps(path[n:], f.shape[1:]))
		}
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
