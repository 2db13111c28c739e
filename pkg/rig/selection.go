package rig

import (
	"fmt"
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// visitSelected visits the objects that documents select and that have a pod template, with
// what those documents ask for. visit returns what a workload goes without. Objects are
// forgotten right after, so that there is never more in memory than one.
func (r *run) visitSelected(visit func(*manifest.Object, []part) (without []*config.Entry, ok bool)) {
	for _, t := range r.texts {
		for _, o := range t.Objects {
			m := r.metaOf(o)
			var serving, passing []*document
			for _, d := range r.docs {
				switch {
				case !d.Spec.Matches(&m):
				case r.isServed(d, o, &m):
					serving = append(serving, d)
				default:
					passing = append(passing, d)
				}
			}
			serving, known := append(serving, r.remembered[o.Ref]...), r.checkRenamed(o, serving)
			if len(serving) > 0 && known && r.checkName(o) {
				sortDocuments(serving)
				r.visitServed(serving, o, &m, visit)
			}
			r.checkPassedOver(passing, serving, o)
			o.Release() // its labels may have been looked at
			t.Recycle()
		}
	}
}

// visitServed visits one object, and counts it for each of the documents that serve it.
func (r *run) visitServed(
	serving []*document, o *manifest.Object, m *config.Meta, visit func(*manifest.Object, []part) ([]*config.Entry, bool),
) {
	parts := r.partsOf(serving, o, m)
	without, ok := visit(o, parts)
	for _, d := range serving {
		lacks := func(e *config.Entry) bool { return parts[0].whole.Spec.Of(e) == &d.Spec }
		if ok && !slices.ContainsFunc(without, lacks) {
			d.tally.complete++
		}
	}
}

// isServed reports whether a document serves an object that it matches, or says why not.
func (r *run) isServed(d *document, o *manifest.Object, m *config.Meta) bool {
	pod := len(r.templatesOf(o)) > 0
	switch {
	case isExcludedByFormerName(d, m):
		if pod && !o.IsToolConfig() {
			d.tally.selected++
			r.reportSkipped(d, o, "the annotation of its former names or namespaces")
		}
	case d.Spec.Excludes(m):
	case o.PatchedBy() != "":
		r.addFindings(sidecar.Finding{Severity: sidecar.Info, Code: sidecar.Patch, Object: o.Ref, File: o.File(),
			Message: "isn't a workload, but a patch of " + o.PatchedBy()})
	case o.IsToolConfig():
		if pod && o.IsLocal() {
			d.tally.selected++
			r.reportSkipped(d, o, "annotation "+manifest.LocalKey)
		}
	case o.Label(sidecar.ManagedLabel) == sidecar.ManagedBy:
		if pod {
			d.tally.labelled = append(d.tally.labelled, o)
		}
	case pod && !r.selectsTemplate(d, o, m):
	case pod:
		d.tally.selected++
		d.tally.countRef(o)
		r.checkElsewhere(d, o, m)
		return true
	default:
		r.checkPodless(d, o, m)
	}
	return false
}

// checkPassedOver checks the marks of a workload for documents that match it and don't serve
// it. A sidecar of a document that does has its marks there by right.
func (r *run) checkPassedOver(passing, serving []*document, o *manifest.Object) {
	if len(passing) == 0 { // most objects, which are never read
		return
	}
	if len(r.templatesOf(o)) == 0 || o.IsToolConfig() && !o.IsLocal() ||
		o.Label(sidecar.ManagedLabel) == sidecar.ManagedBy {
		return
	}
	for _, d := range passing {
		entries := d.entries()
		if len(serving) > 0 {
			served := r.requestOf(serving).owner
			entries = slices.DeleteFunc(entries, func(e *config.Entry) bool { return served[e.Name] != nil })
		}
		r.checkMarks(o, r.partsWithout(r.requestOf([]*document{d}), o, entries))
	}
}

// isExcludedByFormerName reports whether a workload is excluded only by what it was named before, as
// kustomize tells in annotations. Whoever writes the workload can write those too, so it's
// a skip and no exclusion.
func isExcludedByFormerName(d *document, m *config.Meta) bool {
	now := *m
	now.Previous = nil
	return d.Spec.Excludes(m) && !d.Spec.Excludes(&now)
}

// checkElsewhere reports pods of an object that get no sidecars, as their template is where outrigger doesn't look, or
// stands in no manifest. It reports whether there are any.
func (r *run) checkElsewhere(d *document, o *manifest.Object, m *config.Meta) bool {
	warn := func(code string, at sidecar.Path, message, hint string) {
		r.addFindings(d.forbidSkip(sidecar.Finding{Severity: sidecar.Warning, Code: code, Object: o.Ref, File: o.File(),
			Line: lineOf(o), Field: at.String(), Message: message, Hint: hint}))
	}
	elsewhere := o.TemplatesElsewhere(r.all.Spec.PodTemplatePaths)
	for _, at := range elsewhere {
		warn("template-unreached", at, "is a pod template where outrigger doesn't look, so it gets no sidecars",
			"write it into spec.podTemplatePaths, or exclude the object")
	}
	without := m.WithPod(nil)
	if !d.Spec.Selects(&without) {
		return len(elsewhere) > 0
	}
	absent := o.TemplatesAbsent(r.all.Spec.PodTemplatePaths)
	for _, at := range absent {
		warn("template-absent", at, "has no containers here, since its operator makes the pods, so they get no sidecars",
			"write the container there, with the name that the operator gives it, or exclude the object")
	}
	return len(elsewhere)+len(absent) > 0
}

// checkPodless reports a selected object that has no pod template.
func (r *run) checkPodless(d *document, o *manifest.Object, m *config.Meta) {
	if _, unreadable := o.ParseFinding(); unreadable { // it's reported, and may have one
		d.tally.invalid = true
	} else if of, ok := o.Value(sidecar.Fields("spec", "workloadRef", "name")); ok {
		d.tally.selected++
		r.addFindings(d.forbidSkip(sidecar.Finding{Severity: sidecar.Warning, Code: "workload-ref", Object: o.Ref,
			File: o.File(), Line: lineOf(o),
			Message: fmt.Sprintf("has no pods of its own, but those of workload %v", of),
			Hint:    "select that workload"}))
	} else if r.checkElsewhere(d, o, m) {
		d.tally.selected++
	} else if d.selectsKind(m) {
		d.tally.invalid = true
		r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "template-missing", Object: o.Ref, File: o.File(),
			Line:    lineOf(o),
			Message: "is selected but has no pod template",
			Hint:    "add the path of its pod template to spec.podTemplatePaths, or select another kind"})
	}
}

// selectableWorkloads returns all objects with a pod template, as selectors see them.
func (r *run) selectableWorkloads() (metas []config.Meta) {
	for _, t := range r.texts {
		for _, o := range t.Objects {
			if len(r.templatesOf(o)) > 0 && !o.IsToolConfig() {
				metas = append(metas, r.metaOf(o))
			}
			o.Release()
		}
	}
	return metas
}

// selectsKind reports whether a selector with a kind selects m. A selector without a kind means workloads only.
func (d *document) selectsKind(m *config.Meta) bool {
	s := d.Spec
	s.Select = slices.DeleteFunc(slices.Clone(s.Select), func(sel config.Selector) bool { return sel.Kind == "" })
	return s.Selects(m)
}

func (r *run) metaOf(o *manifest.Object) config.Meta {
	return config.Meta{Ref: o.Ref, Version: o.Version, Previous: o.PreviousNames, Labels: o.Labels,
		Annotations: o.Annotations, MayHave: o.MayHave,
		PodLabels: func() (all []map[string]string) {
			for _, at := range r.templatesOf(o) {
				all = append(all, podLabels(o, at))
			}
			return all
		}}
}
