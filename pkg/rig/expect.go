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
	complete int                 // of those, they got every sidecar
	wrong    bool                // one that is selected can't be served: what is wrong with it says more
	labelled []*manifest.Object  // selected, with the label of what outrigger emits
	refs     map[sidecar.Ref]int // how many of a reference are selected
}

// checkLabelled are selected workloads that have the label of what outrigger emits and that
// this run doesn't emit: they go without sidecars as any other skipped one.
func (r *run) checkLabelled() {
	for _, o := range r.tally.labelled {
		if r.emitsIt(o) {
			continue
		}
		r.tally.selected++
		r.reportSkipped(o, "label "+sidecar.ManagedLabel)
		r.checkMarks(o, r.allEntries())
		o.Release()
	}
}

// emitsIt reports whether this run writes an object that stands there, or takes it out.
// A label and a name prove nothing: the content counts.
func (r *run) emitsIt(o *manifest.Object) bool {
	if r.layer.Writes(o) {
		return true
	}
	same := r.spaced[manifest.NormalizeRef(o.Ref)]
	return len(same) > 0 && (r.findings.Failed() || slices.ContainsFunc(same, o.HasContentOf))
}

// checkExpected checks how many workloads were selected, and how many got every sidecar.
func (r *run) checkExpected() {
	if r.tally.wrong {
		return
	}
	n := r.tally.selected
	lo, hi := 1, n
	if e := r.conf.Spec.Expect; e != nil {
		if e.Min != nil {
			lo = *e.Min
		}
		if e.Max != nil {
			hi = *e.Max
		}
	}
	f := sidecar.Finding{Severity: sidecar.Error, Code: "expect", Field: "spec.expect.min"}
	switch {
	case n < lo && n == 0:
		f.Code, f.Field, f.Message = "nothing-selected", "spec.select", "selects no workload"
		if f.Hint = strings.Join(r.conf.Spec.NearMiss(r.selectableWorkloads()), "; "); f.Hint == "" {
			f.Hint = "there is no workload among the manifests; see that the function comes after them"
		}
	case n < lo:
		f.Message = fmt.Sprintf("%d workloads are selected, at least %d are expected", n, lo)
	case n > hi:
		f.Field, f.Message = "spec.expect.max", fmt.Sprintf("%d workloads are selected, at most %d are expected", n, hi)
	case r.tally.complete < lo && len(r.conf.Spec.Patterns) > 0 && !r.findings.Failed():
		f.Message = fmt.Sprintf("%d of %d selected workloads got every sidecar, at least %d are expected", r.tally.complete,
			n, lo)
		f.Hint = fmt.Sprintf("what is skipped and why is told above; where that is meant, write expect: {min: %d}",
			r.tally.complete)
	default:
		return
	}
	r.addFindings(f)
}
