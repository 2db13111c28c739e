package rig

import (
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// known remembers a workload that is selected.
func (t *tally) known(o *manifest.Object) {
	if t.refs == nil {
		t.refs = map[sidecar.Ref]int{}
	}
	t.refs[manifest.NormalizeRef(o.Ref)]++
}

// checkTwins says of objects that have the reference of a selected workload and aren't selected
// that they go without sidecars: a cluster has one of them only, the one applied last.
func (r *run) checkTwins() {
	all := map[sidecar.Ref]int{}
	each := func(visit func(*manifest.Object, sidecar.Ref)) {
		for _, t := range r.texts {
			for _, o := range t.Objects {
				if ref := manifest.NormalizeRef(o.Ref); r.tally.refs[ref] > 0 && !o.IsToolConfig() {
					visit(o, ref)
				}
			}
		}
	}
	each(func(_ *manifest.Object, ref sidecar.Ref) { all[ref]++ })
	each(func(o *manifest.Object, ref sidecar.Ref) {
		if all[ref] == r.tally.refs[ref] {
			return
		}
		if m := r.metaOf(o); !r.conf.Spec.Selects(&m) {
			r.addFindings(r.forbidSkip(sidecar.Finding{Severity: sidecar.Warning, Code: "workload-twin", Object: o.Ref,
				File: o.File(), Line: lineOf(o),
				Message: "isn't selected, and another of its name is: it goes without sidecars, and takes that one's place if " +
					"it's applied later",
				Hint: "take one of the two out, or select both"}))
		}
		o.Release()
	})
}
