package rig

import (
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A part is one pod template of an object. Most objects have one. Of several, each is served as a workload is, but the
// object has one marker and one record, of what was laid on all of them.
type part struct {
	at      sidecar.Path
	whole   *request        // of all documents that serve the object
	q       *request        // of those that serve this template; nil: none does
	without []*config.Entry // entries of whole that the template goes without
}

// templatesOf returns the paths of an object's pod templates.
func (r *run) templatesOf(o *manifest.Object) []sidecar.Path {
	return o.Templates(r.all.Spec.PodTemplatePaths)
}

func podLabels(o *manifest.Object, at sidecar.Path) map[string]string {
	return o.StringsAt(at.To("metadata", "labels"))
}

// selectsTemplate reports whether a document selects one of an object's pod templates.
func (r *run) selectsTemplate(d *document, o *manifest.Object, m *config.Meta) bool {
	all := r.templatesOf(o)
	return len(all) < 2 || slices.ContainsFunc(all, func(at sidecar.Path) bool { return r.serves(d, o, m, at) })
}

// serves reports whether a document serves one of an object's pod templates. Of one that comes from a record it's not
// known what it selects, so it serves those where its sidecars stood. Its paths lead no other document to a template
// where those that are given find one.
func (r *run) serves(d *document, o *manifest.Object, m *config.Meta, at sidecar.Path) bool {
	if slices.Contains(r.remembered[o.Ref], d) {
		before := r.stood[o.Ref]
		if before == nil {
			return false
		}
		marker := sidecar.ParseMarker(before.StringsAt(at.To("metadata", "annotations"))[sidecar.PatternsKey])
		return slices.ContainsFunc(d.entries(), func(e *config.Entry) bool { return marker.Has(e.Name) })
	}
	isSame := func(other sidecar.Path) bool { return slices.Equal(other, at) }
	if given := o.Templates(r.givenPaths); len(given) > 0 && !slices.ContainsFunc(given, isSame) {
		return false
	}
	one := m.WithPod(podLabels(o, at))
	return d.Spec.Selects(&one)
}

// partsOf returns the pod templates of an object that documents serve.
func (r *run) partsOf(serving []*document, o *manifest.Object, m *config.Meta) []part {
	whole := r.requestOf(serving)
	parts := r.partsWithout(whole, o, nil)
	for i := range parts {
		p := &parts[i]
		if p.q = whole; len(parts) == 1 {
			break
		}
		those := slices.DeleteFunc(slices.Clone(serving), func(d *document) bool { return !r.serves(d, o, m, p.at) })
		if p.q = nil; len(those) > 0 {
			p.q = r.requestOf(those)
		}
	}
	return parts
}

// partsWithout returns the pod templates of an object that some documents don't serve. A record may make a workload of
// an object that has none, which is refused where it's read.
func (r *run) partsWithout(q *request, o *manifest.Object, entries []*config.Entry) (parts []part) {
	for _, at := range r.templatesOf(o) {
		parts = append(parts, part{at: at, whole: q, without: entries})
	}
	if parts == nil {
		return []part{{whole: q, without: entries}}
	}
	return parts
}

// lacking returns the entries of all documents that are among no answers for a pod template.
func (p *part) lacking(answers []sidecar.Answer) (without []*config.Entry) {
	for i := range p.whole.Spec.Patterns {
		e := &p.whole.Spec.Patterns[i]
		if !slices.ContainsFunc(answers, func(a sidecar.Answer) bool { return a.Name == e.Name }) {
			without = append(without, e)
		}
	}
	return without
}

// withoutOf returns the entries that a pod template goes without although their document serves it.
func withoutOf(parts []part) (without []*config.Entry) {
	for i := range parts {
		p := &parts[i]
		for _, e := range p.without {
			if p.q != nil && hasEntry(p.q.Sidecars, e.Name) {
				without = append(without, e)
			}
		}
	}
	return without
}

// A servedPart is what the sidecars of one pod template change.
type servedPart struct {
	w       *sidecar.Workload
	answers []sidecar.Answer
	own     []sidecar.Edit
}

// joinParts joins the edits of all pod templates of an object, and what serves them. Each template says which sidecars
// the object has: it gets one marker, of all of them.
func (r *run) joinParts(parts []part, served []servedPart) (own []sidecar.Edit, about *manifest.Record) {
	if len(served) == 1 {
		return served[0].own, r.aboutDocuments(parts[0].whole, served[0].answers)
	}
	var answers []sidecar.Answer
	for i := range served {
		own = append(own, served[i].own...)
		answers = append(answers, served[i].answers...)
	}
	if len(served) > 1 {
		own = merge.JoinMarkers(served[0].w, answers, own)
	}
	return own, r.aboutDocuments(parts[0].whole, answers)
}

// nameParts names the pod template in findings that are about it and name no field, where an object has several.
func (r *run) nameParts(from int, w *sidecar.Workload) {
	for i := from; i < len(r.findings) && w.IsPart; i++ {
		if f := &r.findings[i]; f.Object == w.Ref && f.Field == "" {
			f.Field = w.Template.String()
		}
	}
}
