package merge

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// writeMarkers writes the names of the sidecars on the object and its pod template, and
// their phases on the object. Names of another config stay.
func (f *flattener) writeMarkers(answers []sidecar.Answer) {
	var names, phases sidecar.Marker
	gone := map[string]bool{} // sidecars without a phase
	for i := range answers {
		names = append(names, sidecar.Mark{Name: answers[i].Name})
		if phase := startPhases(&answers[i]); phase != "" {
			phases = append(phases, sidecar.Mark{Name: answers[i].Name, Value: phase})
		} else {
			gone[answers[i].Name] = true
		}
	}
	f.editMarker(sidecar.Path{}, sidecar.PatternsKey, f.w.Annotations[sidecar.PatternsKey], names, nil)
	f.editMarker(sidecar.Path{}, sidecar.PhasesKey, f.w.Annotations[sidecar.PhasesKey], phases, gone)
	if len(f.w.Template) > 0 {
		f.editMarker(f.w.Template, sidecar.PatternsKey, f.w.Pod.Annotations[sidecar.PatternsKey], names, nil)
	}
}

// JoinMarkers makes one marker of those that the edits of several pod templates write on their object, with the names
// and phases of all their sidecars.
func JoinMarkers(w *sidecar.Workload, answers []sidecar.Answer, edits []sidecar.Edit) []sidecar.Edit {
	var each []sidecar.Answer // of several with a name, the first that has a phase
	for i := range answers {
		at := slices.IndexFunc(each, func(a sidecar.Answer) bool { return a.Name == answers[i].Name })
		switch {
		case at < 0:
			each = append(each, answers[i])
		case startPhases(&each[at]) == "":
			each[at] = answers[i]
		}
	}
	f := newFlattener(w)
	f.writeMarkers(each)
	isMarker := func(e sidecar.Edit) bool {
		return len(e.Path) == 3 && (e.Path[2].Field == sidecar.PatternsKey || e.Path[2].Field == sidecar.PhasesKey)
	}
	own := slices.DeleteFunc(f.edits, func(e sidecar.Edit) bool { return !isMarker(e) })
	return append(own, slices.DeleteFunc(slices.Clone(edits), isMarker)...)
}

// editMarker updates a marker annotation: entries replace those of the same name or are
// appended, and names in gone are removed.
func (f *flattener) editMarker(at sidecar.Path, key, have string, entries sidecar.Marker, gone map[string]bool) {
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

// startPhases returns the value of a sidecar in PhasesKey; "" if it has neither init
// containers nor native sidecars.
func startPhases(a *sidecar.Answer) string {
	switch init, native := phasesOf(a); {
	case init != 0 && native != 0 && init != native:
		return fmt.Sprintf("%d/%d", init, native)
	case init != 0:
		return fmt.Sprint(init)
	case native != 0:
		return fmt.Sprint(native)
	}
	return ""
}

// phasesOf returns the phases at which a sidecar's init containers and native sidecars
// start; 0 where it has none.
func phasesOf(a *sidecar.Answer) (init, native sidecar.Phase) {
	if len(a.Change.InitContainers) > 0 {
		init = initPhase(a.Change)
	}
	if a.Placement == sidecar.Native && len(a.Change.Containers) > 0 {
		native = nativePhase(a.Change)
	}
	return init, native
}

// SortAnswers puts sidecars into the order in which they start. Those that start at one
// phase keep theirs; those without init containers and native sidecars come last.
func SortAnswers(answers []sidecar.Answer) {
	const never = sidecar.Phase(math.MaxInt32)
	start := func(a *sidecar.Answer) sidecar.Phase {
		init, native := phasesOf(a)
		return cmp.Or(init, native, never)
	}
	slices.SortStableFunc(answers, func(a, b sidecar.Answer) int { return cmp.Compare(start(&a), start(&b)) })
}
