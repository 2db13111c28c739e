package rig

import (
	"fmt"
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// visitSelected visits the objects that the config selects and that have a pod template; visit reports whether one gets
// every sidecar. It releases each right after, so that there's only one in memory.
func (r *run) visitSelected(visit func(*manifest.Object) bool) {
	for _, t := range r.texts {
		for _, o := range t.Objects {
			if m := r.metaOf(o); r.conf.Spec.Matches(&m) {
				r.visitObject(o, &m, visit)
			}
			o.Release() // its labels may have been read
		}
	}
}

// visitObject visits one selected object, or reports why it's skipped.
func (r *run) visitObject(o *manifest.Object, m *config.Meta, visit func(*manifest.Object) bool) {
	_, pod := o.Template(r.conf.Spec.PodTemplatePaths)
	switch {
	case r.isExcludedByFormerName(m):
		if pod && !o.IsToolConfig() {
			r.tally.selected++
			r.reportSkipped(o, "the annotation of its former names or namespaces")
			r.checkMarks(o, r.allEntries())
		}
	case r.conf.Spec.Excludes(m):
		if pod && !o.IsToolConfig() {
			r.checkMarks(o, r.allEntries())
		}
	case o.IsToolConfig():
		if pod && o.IsLocal() {
			r.tally.selected++
			r.reportSkipped(o, "annotation "+manifest.LocalKey)
			r.checkMarks(o, r.allEntries())
		}
	case o.Labels()[sidecar.ManagedLabel] == sidecar.ManagedBy:
		if pod {
			r.tally.labelled = append(r.tally.labelled, o)
		}
	case pod:
		r.tally.selected++
		r.tally.countRef(o)
		r.checkTemplates(o)
		if r.checkName(o) && visit(o) {
			r.tally.complete++
		}
	default:
		r.checkPodless(o, m)
	}
}

// isExcludedByFormerName reports whether a workload is only excluded because of former names, which kustomize writes
// into annotations. Whoever writes the workload can write those, too, so it's a skip and not an exclusion.
func (r *run) isExcludedByFormerName(m *config.Meta) bool {
	now := *m
	now.Previous = nil
	return r.conf.Spec.Excludes(m) && !r.conf.Spec.Excludes(&now)
}

// checkTemplates reports all pod templates of a custom resource but the first one: they get no sidecars.
func (r *run) checkTemplates(o *manifest.Object) {
	all := o.Templates(r.conf.Spec.PodTemplatePaths)
	for _, at := range all[1:] {
		r.addFindings(r.forbidSkip(sidecar.Finding{Severity: sidecar.Warning, Code: "template-several", Object: o.Ref,
			File: o.File(), Line: lineOf(o), Field: at.String(),
			Message: "is a second pod template, which gets no sidecars, as they are added to " + all[0].String(),
			Hint:    "remove it, or exclude the object"}))
	}
}

// checkPodless reports a selected object that has no pod template.
func (r *run) checkPodless(o *manifest.Object, m *config.Meta) {
	if of, ok := o.Value(sidecar.Fields("spec", "workloadRef", "name")); ok {
		r.tally.selected++
		r.addFindings(r.forbidSkip(sidecar.Finding{Severity: sidecar.Warning, Code: "workload-ref", Object: o.Ref,
			File: o.File(), Line: lineOf(o),
			Message: fmt.Sprintf("has no pods of its own, but those of workload %v", of),
			Hint:    "select that workload"}))
	} else if r.selectsKind(m) {
		r.tally.invalid = true
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
			if _, pod := o.Template(r.conf.Spec.PodTemplatePaths); pod && !o.IsToolConfig() {
				metas = append(metas, r.metaOf(o))
			}
			o.Release()
		}
	}
	return metas
}

// selectsKind reports whether a selector with a kind selects m. A selector without a kind means workloads only.
func (r *run) selectsKind(m *config.Meta) bool {
	s := r.conf.Spec
	s.Select = slices.DeleteFunc(slices.Clone(s.Select), func(sel config.Selector) bool { return sel.Kind == "" })
	return s.Selects(m)
}

func (r *run) metaOf(o *manifest.Object) config.Meta {
	return config.Meta{Ref: o.Ref, Version: o.Version, Previous: o.PreviousNames, Labels: o.Labels,
		Annotations: o.Annotations,
		PodLabels: func() map[string]string {
			at, _ := o.Template(r.conf.Spec.PodTemplatePaths)
			return o.Strings(append(fieldNames(at), "metadata", "labels")...)
		}}
}

// allEntries returns all entries of the config.
func (r *run) allEntries() []*config.Entry {
	all := make([]*config.Entry, len(r.conf.Spec.Patterns))
	for i := range all {
		all[i] = &r.conf.Spec.Patterns[i]
	}
	return all
}
