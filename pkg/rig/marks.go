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

// unlaid checks what a workload claims of sidecars that aren't laid on it. Whoever
// reads such a mark in a cluster takes it for outrigger's word.
func (r *run) unlaid(o *manifest.Object, entries []*config.Entry) {
	at, _ := o.Template(r.conf.Spec.PodTemplatePaths)
	for _, e := range entries {
		fields := marks(o, at, e.Name)
		if len(fields) == 0 || r.stands(o, e.Name) {
			continue
		}
		for _, field := range fields {
			r.add(sidecar.Finding{Severity: sidecar.Error, Code: "marker-forged", Object: o.Ref, File: o.File(), Line: line(o), Sidecar: e.Name,
				Field: field, Message: "claims this sidecar, which doesn't stand there as outrigger would lay it on",
				Hint: "take it away: only outrigger writes it; where another config means one of its own, give one of the two another name"})
		}
	}
}

// marks are the annotations of a workload that name a sidecar as outrigger does.
func marks(o *manifest.Object, at sidecar.Path, name string) (found []string) {
	for n := range len(at) + 1 {
		notes := sidecar.Path(at[:n]).To("metadata", "annotations")
		have := o.Strings(fields(notes)...)
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

// stands reports whether a sidecar stands on a workload exactly as it would be laid on,
// with all that it sets there and its objects: what the manifest claims doesn't count.
func (r *run) stands(o *manifest.Object, name string) bool {
	quiet := *r
	quiet.findings, quiet.report, quiet.shared, quiet.servings = nil, nil, nil, nil
	w, ok := quiet.view(o)
	if !ok {
		return false
	}
	asked, fs := merge.Likened(w, given(quiet.ask(o, w, optOut{}), -1))
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
		if there, same := has(o, e.Path, e.Value); e.Delete && there || !e.Delete && !same {
			return false
		}
		n++
	}
	for _, obj := range asked[i].Change.Objects {
		if obj, err := owned(obj, w.Ref.Namespace); err != nil || !r.object(obj.Ref()).HasContentOf(obj) {
			return false
		}
	}
	return n > 0 && !fs.Failed() && !verify.Check(w, asked).Failed()
}

// others finds containers of the manifest that have the name of a sidecar's and are
// something else, where the config leaves such workloads out. It reports whether there
// are more than it knew.
func (r *run) others(o *manifest.Object, w *sidecar.Workload, edits []sidecar.Edit, out optOut) (more bool) {
	at := len(w.Template) + len(sidecar.Fields("spec", "containers"))
	for _, e := range edits {
		if len(e.Path) != at+1 || e.Delete || !strings.HasSuffix(strings.ToLower(e.Path[at-1].Field), "containers") || !r.leaves(e.Owner) {
			continue
		}
		if there, same := has(o, e.Path, e.Value); there && !same && out.others[e.Owner] == "" {
			out.others[e.Owner] = e.Path[at].Value
			more = true
		}
	}
	return more
}

// leaves reports whether the entry of a name leaves workloads out that it isn't for.
func (r *run) leaves(name string) bool {
	return slices.ContainsFunc(r.conf.Spec.Patterns, func(e config.Entry) bool { return e.Name == name && e.Unfit == config.UnfitSkip })
}

// entries are all of the config.
func (r *run) entries() []*config.Entry {
	all := make([]*config.Entry, len(r.conf.Spec.Patterns))
	for i := range all {
		all[i] = &r.conf.Spec.Patterns[i]
	}
	return all
}
