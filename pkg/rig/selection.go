package rig

import (
	"fmt"
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// visitSelected visits the objects that the config selects and that have a pod template; visit
// tells whether one gets every sidecar. They're forgotten right after, so that there is
// never more in memory than one.
func (r *run) visitSelected(visit func(*manifest.Object) bool) {
	for _, t := range r.texts {
		for _, o := range t.Objects {
			if m := r.metaOf(o); r.conf.Spec.Matches(&m) {
				r.visitObject(o, &m, visit)
			}
			o.Release() // its labels may have been looked at
		}
	}
}

// visitObject visits one object that is selected, or says why not.
func (r *run) visitObject(o *manifest.Object, m *config.Meta, visit func(*manifest.Object) bool) {
	_, pod := o.Template(r.conf.Spec.PodTemplatePaths)
	switch {
	case r.excludedByFormerName(m):
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
		r.tally.known(o)
		r.checkTemplates(o)
		if r.checkName(o) && visit(o) {
			r.tally.complete++
		}
	default:
		r.checkPodless(o, m)
	}
}

// excludedByFormerName reports whether a workload is excluded only by what it was named before, as
// kustomize tells in annotations. Whoever writes the workload can write those too, so it's
// a skip and no exclusion.
func (r *run) excludedByFormerName(m *config.Meta) bool {
	now := *m
	now.Previous = nil
	return r.conf.Spec.Excludes(m) && !r.conf.Spec.Excludes(&now)
}

// checkTemplates says of a custom resource with several pod templates that all but one
// of them go without sidecars.
func (r *run) checkTemplates(o *manifest.Object) {
	all := o.Templates(r.conf.Spec.PodTemplatePaths)
	for _, at := range all[1:] {
		r.addFindings(r.forbidSkip(sidecar.Finding{Severity: sidecar.Warning, Code: "template-several", Object: o.Ref,
			File: o.File(), Line: lineOf(o), Field: at.String(),
			Message: "is a second pod template, which gets no sidecars: those go to " + all[0].String(),
			Hint:    "take it out, or exclude the object"}))
	}
}

// checkPodless says what is wrong with a selected object that has no pod template.
func (r *run) checkPodless(o *manifest.Object, m *config.Meta) {
	if of, ok := o.Value(sidecar.Fields("spec", "workloadRef", "name")); ok {
		r.tally.selected++
		r.addFindings(r.forbidSkip(sidecar.Finding{Severity: sidecar.Warning, Code: "workload-ref", Object: o.Ref,
			File: o.File(), Line: lineOf(o),
			Message: fmt.Sprintf("takes its pods from another workload, %v: there is nothing to do here", of),
			Hint:    "select that one"}))
	} else if r.selectsKind(m) {
		r.tally.wrong = true
		r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "template-missing", Object: o.Ref, File: o.File(),
			Line:    lineOf(o),
			Message: "is selected but has no pod template",
			Hint:    "name the path of its pod template in spec.podTemplatePaths, or select another kind"})
	}
}

// selectableWorkloads are what all objects with a pod template are selected by.
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

// selectsKind reports whether a selector that asks for the kind by name selects m:
// a selector without a kind means workloads only.
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

// allEntries are all of the config.
func (r *run) allEntries() []*config.Entry {
	all := make([]*config.Entry, len(r.conf.Spec.Patterns))
	for i := range all {
		all[i] = &r.conf.Spec.Patterns[i]
	}
	return all
}
