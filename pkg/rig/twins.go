package rig

import (
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// countRef counts a selected workload.
func (t *tally) countRef(o *manifest.Object) {
	if t.refs == nil {
		t.refs = map[sidecar.Ref]int{}
	}
	t.refs[manifest.NormalizeRef(o.Ref)]++
}

// checkTwins reports objects that aren't selected although another one with the same reference is. They get no
// sidecars, and a cluster has only the one that is applied last.
func (r *run) checkTwins(d *document) {
	all := map[sidecar.Ref]int{}
	each := func(visit func(*manifest.Object, sidecar.Ref)) {
		for _, t := range r.texts {
			for _, o := range t.Objects {
				if ref := manifest.NormalizeRef(o.Ref); d.tally.refs[ref] > 0 && !o.IsToolConfig() {
					visit(o, ref)
				}
			}
		}
	}
	each(func(_ *manifest.Object, ref sidecar.Ref) { all[ref]++ })
	each(func(o *manifest.Object, ref sidecar.Ref) {
		if all[ref] == d.tally.refs[ref] {
			return
		}
		if m := r.metaOf(o); !d.Spec.Selects(&m) {
			r.addFindings(d.forbidSkip(sidecar.Finding{Severity: sidecar.Warning, Code: "workload-twin", Object: o.Ref,
				File: o.File(), Line: lineOf(o),
				Message: "isn't selected, but another one with its name is, so the cluster loses the sidecars if this one is " +
					"applied later",
				Hint: "remove one of the two, or select both"}))
		}
		o.Release()
	})
}
