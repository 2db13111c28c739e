package rig

import (
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/neighbour"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
	"github.com/outrigger-dev/outrigger/pkg/verify"
)

// serveWorkload asks the patterns what one workload needs and lays it on. It keeps the edits of other objects for
// later, and reports whether the workload gets every sidecar.
func (r *run) serveWorkload(o *manifest.Object) (complete bool) {
	if r.checkRecordUnused(o) {
		return false
	}
	w, ok := r.view(o)
	if !ok {
		return false
	}
	a := r.agree(o, w)
	complete = len(a.without) == 0
	r.checkMarks(o, a.without)
	if len(a.answers) == 0 {
		return complete
	}
	r.addFindings(verify.Check(w, a.answers)...)
	r.checkOtherConfigs(o, w, a.answers)
	own := r.keepShared(o, r.editsOf(o, w, &a))
	r.footprints = append(r.footprints, neighbour.Observe(w, a.answers))
	r.report = append(r.report, describeWorkload(o, a.answers))
	if len(own) > 0 && r.layOn(o, own) {
		r.keepEdits(o, own)
	}
	return complete
}

// editsOf returns all edits of an agreement: those of the answers, of the neighbours and of the emitted objects.
func (r *run) editsOf(o *manifest.Object, w *sidecar.Workload, a *agreement) []sidecar.Edit {
	follow := neighbour.Follow(w, a.answers)
	r.addFindings(follow.Findings...)
	edits := append(a.edits, follow.Edits...)
	for _, answer := range a.answers {
		edits = append(edits, r.emitObjects(o, w, answer)...)
	}
	return edits
}

// keepShared keeps edits of other objects until those of all workloads are known, and returns the workload's own.
func (r *run) keepShared(o *manifest.Object, edits []sidecar.Edit) (own []sidecar.Edit) {
	own = edits[:0]
	for _, e := range edits {
		if e.Object == o.Ref {
			own = append(own, e)
		} else {
			r.shared = append(r.shared, e)
		}
	}
	return own
}

// An agreement is everything that the sidecars change in a workload.
type agreement struct {
	raw     []sidecar.Answer // of the patterns
	answers []sidecar.Answer // the same, with containers that run the app's program filled in
	edits   []sidecar.Edit
	without []*config.Entry // entries that the workload doesn't get
}

// agree asks all sidecars what they change in a workload. If a foreign container has the place of one that may be
// skipped, it asks all again without that one.
func (r *run) agree(o *manifest.Object, w *sidecar.Workload) (a agreement) {
	out := readOptOut(o, w.Template)
	var outcomes []outcome
	var fs sidecar.Findings
	for again := true; again; again = findForeign(r.conf, o, w, a.edits, out) {
		outcomes = r.askAll(o, w, out)
		a.raw, a.edits = answersOf(outcomes, -1), nil
		if a.answers, fs = merge.ResolveLikeApp(w, a.raw); len(a.answers) > 0 {
			var more sidecar.Findings
			a.edits, more = merge.Edits(w, a.answers)
			fs = append(fs, more...)
		}
	}
	for i := range outcomes {
		r.addFindings(outcomes[i].findings...)
		if outcomes[i].Answer == nil {
			a.without = append(a.without, &r.conf.Spec.Patterns[i])
		}
	}
	r.addFindings(fs...)
	return a
}

// checkOtherConfigs reports sidecars that another config has added already, under the same names. Mostly it's this
// config before it was renamed. If they were equal, they'd be merged, and nobody would know which config they belong
// to.
func (r *run) checkOtherConfigs(o *manifest.Object, w *sidecar.Workload, answers []sidecar.Answer) {
	others := o.Configs()
	if len(others) == 0 {
		return
	}
	for _, a := range answers {
		for _, c := range slices.Concat(a.Change.Containers, a.Change.InitContainers) {
			if w.Container(c.Name) != nil {
				r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "served-already", Object: o.Ref, File: o.File(),
					Sidecar: a.Name,
					Message: "container " + c.Name + " was added by another config, " + strings.Join(others, " or "),
					Hint: "give the sidecar another name, or, if that's the former name of this config, remove its work with " +
						"outrigger strip first"})
			}
		}
	}
}
