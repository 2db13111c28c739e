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

// hintTwins says what to do about several objects with one reference.
const hintTwins = "run outrigger on each folder by itself, or give them different names or namespaces"

// checkEditedTwins reports objects that are edited and are there twice: only one of them would
// be, and a Service would lead past the proxy.
func (r *run) checkEditedTwins() {
	seen := map[sidecar.Ref]bool{}
	for i := range r.shared {
		ref := r.shared[i].Object
		if o, twin := r.findObject(ref), r.findTwin(ref); o != nil && twin != nil && !seen[ref] {
			seen[ref] = true
			r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "object-twice", Object: ref, File: twin.File(),
				Line: lineOf(twin), Sidecar: r.shared[i].Owner,
				Message: "is there twice" + alsoIn(o) + ", and has to be edited", Hint: hintTwins})
		}
	}
}

// checkEmittedTwins reports an object that's emitted for two workloads with one reference in
// two files, and would be written into one of them.
func (r *run) checkEmittedTwins(workload sidecar.Ref, owner string, object sidecar.Ref) {
	o := r.findObject(workload)
	twin := r.findTwin(workload)
	if !r.record || o == nil || twin == nil || o.File() == twin.File() {
		return
	}
	r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "object-twice", Object: workload, File: twin.File(),
		Line: lineOf(twin), Sidecar: owner,
		Message: "is there twice" + alsoIn(o) + ", and " + object.String() + " would be written for one of them",
		Hint:    hintTwins})
}

// checkRememberedTwins reports workloads with one reference of which one remembers documents
// that aren't given: they'd be laid on all of them.
func (r *run) checkRememberedTwins() {
	for ref := range r.remembered {
		if o, twin := r.findObject(ref), r.findTwin(ref); o != nil && twin != nil {
			r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "object-twice", Object: ref, File: twin.File(),
				Line:    lineOf(twin),
				Message: "is there twice" + alsoIn(o) + ", and has a record of other documents", Hint: hintTwins})
		}
	}
}

func alsoIn(o *manifest.Object) string {
	if o.File() == "" {
		return ""
	}
	return ", also in " + o.File()
}
