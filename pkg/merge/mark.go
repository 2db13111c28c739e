package merge

import (
	"fmt"
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// mark names the sidecars on the object and its pod template, and says on the object
// when they start. Names that another config has put there stay.
func (f *flattener) mark(asked []sidecar.Answer) {
	var names, phases sidecar.Marker
	gone := map[string]bool{} // have no phase
	for i := range asked {
		names = append(names, sidecar.Mark{Name: asked[i].Name})
		if phase := startPhases(&asked[i]); phase != "" {
			phases = append(phases, sidecar.Mark{Name: asked[i].Name, Value: phase})
		} else {
			gone[asked[i].Name] = true
		}
	}
	f.annotate(sidecar.Path{}, sidecar.PatternsKey, f.w.Annotations[sidecar.PatternsKey], names, nil)
	f.annotate(sidecar.Path{}, sidecar.PhasesKey, f.w.Annotations[sidecar.PhasesKey], phases, gone)
	if len(f.w.Template) > 0 {
		f.annotate(f.w.Template, sidecar.PatternsKey, f.w.Pod.Annotations[sidecar.PatternsKey], names, nil)
	}
}

// annotate puts entries into a marker that may be there: those of a name that it has
// take its place, the others come behind; those of gone go.
func (f *flattener) annotate(at sidecar.Path, key, have string, entries sidecar.Marker, gone map[string]bool) {
	list := slices.DeleteFunc(sidecar.ParseMarker(have), func(m sidecar.Mark) bool { return gone[m.Name] })
	for _, e := range entries {
		if i := slices.IndexFunc(list, func(m sidecar.Mark) bool { return m.Name == e.Name }); i >= 0 {
			list[i] = e
		} else {
			list = append(list, e)
		}
	}
	e := sidecar.Edit{Object: f.w.Ref, Path: at.To("metadata", "annotations", key), Value: list.String()}
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

// startPhases are what PhasesKey says of the sidecar; "" where it has neither init containers
// nor native sidecars.
func startPhases(a *sidecar.Answer) string {
	phase := func(usual sidecar.Phase) sidecar.Phase {
		if a.Change.Phase != 0 {
			return a.Change.Phase
		}
		return usual
	}
	inits := len(a.Change.InitContainers) > 0
	natives := a.Placement == sidecar.Native && len(a.Change.Containers) > 0
	first, last := phase(sidecar.PhaseMigrate), phase(sidecar.PhaseAgent)
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
