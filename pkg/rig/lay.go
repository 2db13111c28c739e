package rig

import (
	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/neighbour"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// keepEdits keeps the edits of a workload if other workloads may edit it later: then all edits are laid on again at
// once. Otherwise, none stay in memory.
func (r *run) keepEdits(o *manifest.Object, own []sidecar.Edit, about *manifest.Record) {
	around := neighbour.New(neighbour.Kind{Group: o.Ref.Group, Kind: o.Ref.Kind}) != nil // by spec.podTemplatePaths
	if !around && !r.hasPattern(rewritesCallers) {
		return
	}
	for i := range own {
		own[i].View = nil // messages needed it
	}
	if r.laidEdits == nil {
		r.laidEdits = map[*manifest.Object]laid{}
	}
	r.laidEdits[o] = laid{own, about}
}

// laid is what was laid on a workload, and what it remembers of that.
type laid struct {
	edits []sidecar.Edit
	about *manifest.Record
}

// rewritesCallers reports whether an entry edits other workloads.
func rewritesCallers(e *config.Entry) bool {
	c, ok := e.Pattern().(sidecar.CallerRewriter)
	return ok && c.RewritesCallers()
}

// layAround lays on the edits of objects around the workloads.
func (r *run) layAround() {
	if r.findOverRecords(); len(r.overRecords) > 0 {
		return
	}
	r.checkEditedTwins()
	merged, fs := merge.Merge(r.shared, func(ref sidecar.Ref, path sidecar.Path, want any) (there, same bool) {
		return compareAt(r.findObject(ref), path, want)
	})
	if r.addFindings(fs...); fs.Failed() {
		return
	}
	r.checkRemembered(merged)
	var order []*manifest.Object
	edits := map[*manifest.Object][]sidecar.Edit{}
	for _, e := range merged {
		o := r.findObject(e.Object)
		if o == nil {
			continue
		}
		if edits[o] == nil {
			order = append(order, o)
		}
		edits[o] = append(edits[o], e)
	}
	for _, o := range order {
		r.layWithOwn(o, edits[o])
	}
}

// layWithOwn lays more edits on an object, together with those of its own sidecars.
func (r *run) layWithOwn(o *manifest.Object, more []sidecar.Edit) {
	own, kept := r.laidEdits[o]
	if !kept && r.layer.Laid(o) {
		r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "pattern", Object: o.Ref, Sidecar: more[0].Owner,
			Message: "edits another workload, although its pattern isn't declared to rewrite callers",
			Hint:    "report this as a bug of outrigger"})
		return
	}
	if !kept && r.checkRecordUnused(o) {
		return
	}
	about := r.aboutWorkloads(more)
	if kept && about != nil {
		about.Documents = own.about.Documents
	}
	r.layOn(o, append(own.edits[:len(own.edits):len(own.edits)], more...), about)
	o.Release()
}

// layOn lays all edits of an object on its text, unless they conflict with each other or with the manifest. It reports
// whether it did.
func (r *run) layOn(o *manifest.Object, edits []sidecar.Edit, about *manifest.Record) bool {
	merged, fs := merge.Merge(edits, func(_ sidecar.Ref, path sidecar.Path, want any) (there, same bool) {
		return compareAt(o, path, want)
	})
	if r.addFindings(fs...); fs.Failed() {
		return false
	}
	r.layer.Edit(o, merged, about)
	return true
}
