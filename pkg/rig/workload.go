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

// serveWorkload asks the patterns what one workload needs and lays it on. What they want
// of objects around it is put aside. It reports whether the workload gets every sidecar.
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
	own := r.putAside(o, r.editsOf(o, w, &a))
	r.footprints = append(r.footprints, neighbour.Observe(w, a.answers))
	r.report = append(r.report, describeWorkload(o, a.answers))
	if len(own) > 0 && r.layOn(o, own) {
		r.rememberLaid(o, own)
	}
	return complete
}

// editsOf are all edits that come of what was agreed on: those of the answers, of what
// follows, and of the objects that are emitted.
func (r *run) editsOf(o *manifest.Object, w *sidecar.Workload, a *agreement) []sidecar.Edit {
	follow := neighbour.Follow(w, a.answers)
	r.addFindings(follow.Findings...)
	edits := append(a.edits, follow.Edits...)
	for _, answer := range a.answers {
		edits = append(edits, r.emitObjects(o, w, answer)...)
	}
	return edits
}

// putAside keeps edits of objects around a workload until all are known, and gives those
// of the workload itself.
func (r *run) putAside(o *manifest.Object, edits []sidecar.Edit) (own []sidecar.Edit) {
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

// An agreement is what the sidecars want of a workload.
type agreement struct {
	said    []sidecar.Answer // as the patterns said it
	answers []sidecar.Answer // with containers that run the app's program filled in
	edits   []sidecar.Edit
	without []*config.Entry // the workload goes without these
}

// agree asks all sidecars what they want of a workload. Where a container of another's
// stands in the place of one that may be left out, all are asked again without that one.
func (r *run) agree(o *manifest.Object, w *sidecar.Workload) (a agreement) {
	out := readOptOut(o, w.Template)
	var outcomes []outcome
	var fs sidecar.Findings
	for again := true; again; again = findForeign(r.conf, o, w, a.edits, out) {
		outcomes = r.askAll(o, w, out)
		a.said, a.edits = answersOf(outcomes, -1), nil
		if a.answers, fs = merge.ResolveLikeApp(w, a.said); len(a.answers) > 0 {
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

// checkOtherConfigs finds sidecars that another config has laid on already, under the
// same names: mostly it's this one before it was renamed. Where they're equal they'd
// coalesce, and nobody would know whose they are.
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
					Message: "container " + c.Name + " stands there by " + strings.Join(others, " or ") + ", another config",
					Hint: "if that was the name of this config, take its work off first with outrigger strip; else give the " +
						"sidecar another name"})
			}
		}
	}
}
