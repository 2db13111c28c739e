package rig

import (
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/neighbour"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// rememberLaid remembers what is laid on a workload, where others may want more of the object
// later: then all is laid on at once. Else nothing of it stays in memory.
func (r *run) rememberLaid(o *manifest.Object, own []sidecar.Edit) {
	around := neighbour.New(neighbour.Kind{Group: o.Ref.Group, Kind: o.Ref.Kind}) != nil // by spec.podTemplatePaths
	if !around && !slices.ContainsFunc(r.conf.Spec.Patterns, func(e config.Entry) bool { return rewritesCallers(&e) }) {
		return
	}
	for i := range own {
		own[i].View = nil // which says what stands there, for messages: they're told now
	}
	if r.laid == nil {
		r.laid = map[*manifest.Object][]sidecar.Edit{}
	}
	r.laid[o] = own
}

// rewritesCallers reports whether an entry edits other workloads.
func rewritesCallers(e *config.Entry) bool {
	c, ok := e.Pattern().(sidecar.CallerRewriter)
	return ok && c.RewritesCallers()
}

// layAround lays on what the workloads want of the objects around them.
func (r *run) layAround() {
	merged, fs := merge.Merge(r.shared, func(ref sidecar.Ref, path sidecar.Path, want any) (there, same bool) {
		return compareAt(r.findObject(ref), path, want)
	})
	if r.addFindings(fs...); fs.Failed() {
		return
	}
	var order []*manifest.Object
	per := map[*manifest.Object][]sidecar.Edit{}
	for _, e := range merged {
		o := r.findObject(e.Object)
		if o == nil {
			continue
		}
		if per[o] == nil {
			order = append(order, o)
		}
		per[o] = append(per[o], e)
	}
	for _, o := range order {
		r.layMore(o, per[o])
	}
}

// layMore lays edits of others on an object, together with what stands there already.
func (r *run) layMore(o *manifest.Object, more []sidecar.Edit) {
	own, kept := r.laid[o]
	if !kept && r.layer.Laid(o) {
		r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "pattern", Object: o.Ref, Sidecar: more[0].Owner,
			Message: "edits another workload, though its pattern doesn't say that it rewrites callers",
			Hint:    "report this as a bug of outrigger"})
		return
	}
	if !kept && r.checkRecordUnused(o) {
		return
	}
	r.layOn(o, append(own[:len(own):len(own)], more...))
	o.Release()
}

// layOn lays all edits of an object on its text, unless two of them, or one and the
// manifest, want different things.
func (r *run) layOn(o *manifest.Object, edits []sidecar.Edit) bool {
	merged, fs := merge.Merge(edits, func(_ sidecar.Ref, path sidecar.Path, want any) (there, same bool) {
		return compareAt(o, path, want)
	})
	if r.addFindings(fs...); fs.Failed() {
		return false
	}
	r.layer.Edit(o, merged)
	return true
}
