package rig

import (
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
	"github.com/outrigger-dev/outrigger/pkg/verify"
)

// checkMarks reports annotations of a workload that claim a sidecar which isn't laid on it. In a cluster, people would
// trust such an annotation.
func (r *run) checkMarks(o *manifest.Object, parts []part) {
	for i := range parts {
		p := &parts[i]
		for _, e := range p.without {
			if fields := findMarks(o, p.at, e.Name); len(fields) > 0 && !r.isLaidExactly(p.whole, o, p.at, e.Name) {
				r.reportForged(o, e, slices.DeleteFunc(fields, func(field string) bool {
					return isOfObject(field) && r.isOnAnother(o, parts, i, e.Name)
				}))
			}
		}
	}
}

// isOfObject reports whether an annotation is the object's own, and not one of its pods.
func isOfObject(field string) bool { return strings.HasPrefix(field, "metadata.annotations") }

// isOnAnother reports whether another pod template than that of a part has a sidecar, of which the object speaks then.
func (r *run) isOnAnother(o *manifest.Object, parts []part, but int, name string) bool {
	for i := range parts {
		lacks := slices.ContainsFunc(parts[i].without, func(e *config.Entry) bool { return e.Name == name })
		if i != but && (!lacks || r.isLaidExactly(parts[i].whole, o, parts[i].at, name)) {
			return true
		}
	}
	return false
}

func (r *run) reportForged(o *manifest.Object, e *config.Entry, fields []string) {
	for _, field := range fields {
		r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "marker-forged", Object: o.Ref, File: o.File(),
			Line: lineOf(o), Sidecar: e.Name,
			Field: field, Message: "claims this sidecar, but the workload doesn't have it as outrigger would add it",
			Hint: "remove the annotation, as only outrigger writes it, or give the sidecar another name if it belongs to " +
				"another config"})
	}
}

// findMarks returns the paths of a workload's annotations that name a sidecar as outrigger does.
func findMarks(o *manifest.Object, at sidecar.Path, name string) (found []string) {
	for n := range len(at) + 1 {
		notes := sidecar.Path(at[:n]).To("metadata", "annotations")
		have := o.StringsAt(notes)
		for _, key := range []string{sidecar.PatternsKey, sidecar.PhasesKey} {
			if sidecar.ParseMarker(have[key]).Has(name) {
				found = append(found, notes.To(key).String())
			}
		}
		if _, ok := have[sidecar.ChecksumPrefix+name]; ok {
			found = append(found, notes.To(sidecar.ChecksumPrefix+name).String())
		}
	}
	return found
}

// isLaidExactly reports whether a workload has a sidecar exactly as this run would add it, with all its settings and
// objects. What the manifest claims doesn't count.
func (r *run) isLaidExactly(q *request, o *manifest.Object, at sidecar.Path, name string) bool {
	w, fs := r.decodeWorkload(q, o, at)
	if fs.Failed() {
		return false
	}
	asked, fs := merge.ResolveLikeApp(w, answersOf(askAll(q, o, w, optOut{}), -1))
	i := slices.IndexFunc(asked, func(a sidecar.Answer) bool { return a.Name == name })
	if i < 0 || fs.Failed() {
		return false
	}
	edits, fs := merge.Edits(w, asked)
	n := 0
	for _, e := range edits {
		if e.Owner != name || e.Object != w.Ref {
			continue
		}
		if there, same := compareAt(o, e.Path, e.Value); e.Delete && there || !e.Delete && !same {
			return false
		}
		n++
	}
	for _, obj := range asked[i].Change.Objects {
		if obj, err := ownObject(obj, w.Ref.Namespace); err != nil || !r.findObject(obj.Ref()).HasContentOf(obj) {
			return false
		}
	}
	return n > 0 && !fs.Failed() && !verify.Check(w, asked).Failed()
}

// findForeign finds containers of the manifest that have the name of a sidecar's container and aren't that one, for
// entries that skip such workloads. It adds them to the opt-outs, and reports whether it added any.
func findForeign(conf *config.Sidecars, o *manifest.Object, w *sidecar.Workload, edits []sidecar.Edit,
	out optOut) (more bool) {
	at := len(w.Template) + len(sidecar.Fields("spec", "containers"))
	for _, e := range edits {
		if len(e.Path) != at+1 || e.Delete || !strings.HasSuffix(strings.ToLower(e.Path[at-1].Field), "containers") ||
			!skipsUnfit(conf, e.Owner) {
			continue
		}
		if there, same := compareAt(o, e.Path, e.Value); there && !same && out.foreign[e.Owner] == "" {
			out.foreign[e.Owner] = e.Path[at].Value
			more = true
		}
	}
	return more
}

// skipsUnfit reports whether the entry with the name skips workloads that it isn't for.
func skipsUnfit(conf *config.Sidecars, name string) bool {
	return slices.ContainsFunc(conf.Spec.Patterns, func(e config.Entry) bool {
		return e.Name == name && e.Unfit == config.UnfitSkip
	})
}
