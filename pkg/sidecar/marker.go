package sidecar

import (
	"fmt"
	"slices"
	"strings"
)

// PatternsKey is the annotation that names a workload's sidecars, on the object
// and on its pod template: people and policies can see it. It proves nothing: whoever
// writes the manifest can write it too.
const PatternsKey = "outrigger.dev/patterns"

// PhasesKey is the annotation of the object, never of its pod template, that says of
// each sidecar at which [Phase] its init containers and native sidecars start. It's a
// list, as in "tls-proxy=80,exporter=90"; "cache=60/70" has init containers at the one
// and native sidecars at the other. Sidecars that have neither aren't in it.
const PhasesKey = "outrigger.dev/phases"

// A Marker are the names that one of the annotations lists, and what it says of each.
// The order is that in which they came.
type Marker []Mark

// A Mark is one entry of a Marker, as "tls-proxy" or "tls-proxy=80".
type Mark struct {
	Name  string
	Value string // behind the "="; "" where the marker has names alone
}

// ParseMarker reads an annotation. Spaces around entries don't count, and neither do
// empty entries: what a person wrote there must not hide a name.
func ParseMarker(text string) (m Marker) {
	for _, entry := range strings.Split(text, ",") {
		name, value, _ := strings.Cut(entry, "=")
		if name = strings.TrimSpace(name); name != "" {
			m = append(m, Mark{name, strings.TrimSpace(value)})
		}
	}
	return m
}

// String is the annotation.
func (m Marker) String() string {
	entries := make([]string, len(m))
	for i, e := range m {
		if entries[i] = e.Name; e.Value != "" {
			entries[i] += "=" + e.Value
		}
	}
	return strings.Join(entries, ",")
}

// Has reports whether the marker has a name.
func (m Marker) Has(name string) bool {
	return slices.ContainsFunc(m, func(e Mark) bool { return e.Name == name })
}

// mark names the sidecars on the object and its pod template, and says on the object
// when they start. Names that another config has put there stay.
func (f *flattener) mark(asked []Asked) {
	f.owner = ""
	var names, phases Marker
	gone := map[string]bool{} // have no phase
	for i := range asked {
		names = append(names, Mark{Name: asked[i].Name})
		if phase := asked[i].phases(); phase != "" {
			phases = append(phases, Mark{asked[i].Name, phase})
		} else {
			gone[asked[i].Name] = true
		}
	}
	f.annotate(Path{}, PatternsKey, f.w.Annotations[PatternsKey], names, nil)
	f.annotate(Path{}, PhasesKey, f.w.Annotations[PhasesKey], phases, gone)
	if len(f.w.Template) > 0 {
		f.annotate(f.w.Template, PatternsKey, f.w.Pod.Annotations[PatternsKey], names, nil)
	}
}

// annotate puts entries into a marker that may be there: those of a name that it has
// take its place, the others come behind; those of gone go.
func (f *flattener) annotate(at Path, key, have string, entries Marker, gone map[string]bool) {
	list := slices.DeleteFunc(ParseMarker(have), func(m Mark) bool { return gone[m.Name] })
	for _, e := range entries {
		if i := slices.IndexFunc(list, func(m Mark) bool { return m.Name == e.Name }); i >= 0 {
			list[i] = e
		} else {
			list = append(list, e)
		}
	}
	e := Edit{Object: f.w.Ref, Path: at.To("metadata", "annotations", key), Value: list.String()}
	if have != "" {
		e.Was = have
	}
	switch {
	case len(list) > 0:
		f.edits = append(f.edits, e)
	case have != "":
		e.Value, e.Was, e.Delete = nil, nil, true
		f.edits = append(f.edits, e)
	}
}

// phases is what PhasesKey says of the sidecar; "" where it has neither init containers
// nor native sidecars.
func (a *Asked) phases() string {
	phase := func(usual Phase) Phase {
		if a.Change.Phase != 0 {
			return a.Change.Phase
		}
		return usual
	}
	inits := len(a.Change.InitContainers) > 0
	natives := a.Placement == Native && len(a.Change.Containers) > 0
	first, last := phase(PhaseMigrate), phase(PhaseAgent)
	switch {
	case inits && natives && first != last:
		return fmt.Sprintf("%d/%d", first, last)
	case inits:
		return fmt.Sprint(first)
	case natives:
		return fmt.Sprint(last)
	}
	return ""
}
