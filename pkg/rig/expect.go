package rig

import (
	"fmt"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A tally counts workloads.
type tally struct {
	selected int
	complete int                 // how many of the selected ones got every sidecar
	invalid  bool                // a selected one is invalid, which is reported already
	labelled []*manifest.Object  // selected ones with the label of objects that outrigger emits
	refs     map[sidecar.Ref]int // how many selected ones have the reference
}

// checkLabelled reports selected workloads that have the label of emitted objects although this run doesn't emit them.
// They get no sidecars, like any skipped workload.
func (r *run) checkLabelled(d *document) {
	for _, o := range d.tally.labelled {
		if r.isEmitted(o) {
			continue
		}
		d.tally.selected++
		r.reportSkipped(d, o, "label "+sidecar.ManagedLabel)
		r.checkMarks(o, r.partsWithout(r.requestOf([]*document{d}), o, d.entries()))
		o.Release()
	}
}

// isEmitted reports whether an object of the manifests is one that this run writes or removes. Its label and name prove
// nothing, so its content is compared.
func (r *run) isEmitted(o *manifest.Object) bool {
	if r.layer.Writes(o) {
		return true
	}
	same := r.emittedBySpace[manifest.NormalizeRef(o.Ref)]
	return len(same) > 0 && (r.findings.Failed() || slices.ContainsFunc(same, o.HasContentOf))
}

// hookKey is the annotation of Helm's hooks.
const hookKey = sidecar.HelmHookKey

// hasOnlyHooks reports whether all objects are hooks of Helm's. There may be none.
func (r *run) hasOnlyHooks() bool {
	for _, t := range r.texts {
		for _, o := range t.Objects {
			hook := o.Annotation(hookKey) != ""
			if o.Release(); !hook {
				return false
			}
		}
	}
	return true
}

// checkExpected checks how many workloads were selected, and how many got every sidecar.
func (r *run) checkExpected(d *document) {
	if d.tally.invalid || d.tally.selected == 0 && r.noMatch && r.hasOnlyHooks() {
		return
	}
	n := d.tally.selected
	lo, hi := 1, n
	if e := d.Spec.Expect; e != nil {
		if e.Min != nil {
			lo = *e.Min
		}
		if e.Max != nil {
			hi = *e.Max
		}
	}
	f := sidecar.Finding{Severity: sidecar.Error, Code: "expect", Field: "spec.expect.min"}
	switch {
	case n < lo && len(manifest.ParseFindings(r.texts)) > 0: // what can't be read may be selected
		return
	case n < lo && n == 0:
		f.Code, f.Field, f.Message = "nothing-selected", "spec.select", "selects no workload"
		f.Hint = strings.Join(d.Spec.NearMiss(r.selectableWorkloads()), "; ")
	case n < lo:
		f.Message = fmt.Sprintf("%d workloads are selected, at least %d are expected", n, lo)
	case n > hi:
		f.Field, f.Message = "spec.expect.max", fmt.Sprintf("%d workloads are selected, at most %d are expected", n, hi)
	case d.tally.complete < lo && len(d.Spec.Patterns) > 0 && !r.findings.Failed():
		f.Message = fmt.Sprintf("%d of %d selected workloads got every sidecar, at least %d are expected", d.tally.complete,
			n, lo)
		f.Hint = fmt.Sprintf("other findings say why sidecars are skipped, and if that's intended, set expect: {min: %d}",
			d.tally.complete)
	default:
		return
	}
	r.addAbout(d, f)
}
