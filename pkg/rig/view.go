package rig

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// each visits the objects that the config selects and that have a pod template; visit
// tells whether one gets every sidecar. They're forgotten right after, so that there is
// never more in memory than one.
func (r *run) each(visit func(*manifest.Object) bool) {
	for _, t := range r.texts {
		for _, o := range t.Objects {
			if m := r.meta(o); r.conf.Spec.Matches(&m) {
				r.selected(o, &m, visit)
			}
			o.Release() // its labels may have been looked at
		}
	}
}

// selected visits one object that is selected, or says why not.
func (r *run) selected(o *manifest.Object, m *config.Meta, visit func(*manifest.Object) bool) {
	_, pod := o.Template(r.conf.Spec.PodTemplatePaths)
	switch {
	case r.onceExcluded(m):
		if pod && !o.IsToolConfig() {
			r.tally.selected++
			r.left(o, "the annotation of its former names or namespaces")
			r.unlaid(o, r.entries())
		}
	case r.conf.Spec.Excludes(m):
		if pod && !o.IsToolConfig() {
			r.unlaid(o, r.entries())
		}
	case o.IsToolConfig():
		if pod && o.IsLocal() {
			r.tally.selected++
			r.left(o, "annotation "+manifest.LocalKey)
			r.unlaid(o, r.entries())
		}
	case o.Labels()[sidecar.ManagedLabel] == sidecar.ManagedBy:
		if pod {
			r.tally.labelled = append(r.tally.labelled, o)
		}
	case pod:
		r.tally.selected++
		r.tally.known(o)
		r.severalTemplates(o)
		if r.wellNamed(o) && visit(o) {
			r.tally.complete++
		}
	default:
		r.podless(o, m)
	}
}

// onceExcluded reports whether a workload is excluded only by what it was named before, as
// kustomize tells in annotations. Whoever writes the workload can write those too, so it's
// a skip and no exclusion.
func (r *run) onceExcluded(m *config.Meta) bool {
	now := *m
	now.Previous = nil
	return r.conf.Spec.Excludes(m) && !r.conf.Spec.Excludes(&now)
}

// severalTemplates says of a custom resource with several pod templates that all but one
// of them go without sidecars.
func (r *run) severalTemplates(o *manifest.Object) {
	all := o.Templates(r.conf.Spec.PodTemplatePaths)
	for _, at := range all[1:] {
		r.add(r.forbid(sidecar.Finding{Severity: sidecar.Warning, Code: "template-several", Object: o.Ref, File: o.File(), Line: line(o), Field: at.String(),
			Message: "is a second pod template, which gets no sidecars: those go to " + all[0].String(), Hint: "take it out, or exclude the object"}))
	}
}

// podless says what is wrong with a selected object that has no pod template.
func (r *run) podless(o *manifest.Object, m *config.Meta) {
	if of, ok := o.Value(sidecar.Fields("spec", "workloadRef", "name")); ok {
		r.tally.selected++
		r.add(r.forbid(sidecar.Finding{Severity: sidecar.Warning, Code: "workload-ref", Object: o.Ref, File: o.File(), Line: line(o),
			Message: fmt.Sprintf("takes its pods from another workload, %v: there is nothing to do here", of), Hint: "select that one"}))
	} else if r.namesKind(m) {
		r.tally.wrong = true
		r.add(sidecar.Finding{Severity: sidecar.Error, Code: "template-missing", Object: o.Ref, File: o.File(), Line: line(o),
			Message: "is selected but has no pod template", Hint: "name the path of its pod template in spec.podTemplatePaths, or select another kind"})
	}
}

// workloads are what all objects with a pod template are selected by.
func (r *run) workloads() (metas []config.Meta) {
	for _, t := range r.texts {
		for _, o := range t.Objects {
			if _, pod := o.Template(r.conf.Spec.PodTemplatePaths); pod && !o.IsToolConfig() {
				metas = append(metas, r.meta(o))
			}
			o.Release()
		}
	}
	return metas
}

// object finds an object by reference, the first of two equal ones; nil where
// there is none.
func (r *run) object(ref sidecar.Ref) *manifest.Object {
	if r.objects == nil {
		r.objects = map[sidecar.Ref]*manifest.Object{}
		for _, t := range r.texts {
			for _, o := range t.Objects {
				if r.objects[o.Ref] == nil && !o.IsToolConfig() {
					r.objects[o.Ref] = o
				}
			}
		}
	}
	return r.objects[ref]
}

// namesKind reports whether a selector that asks for the kind by name selects m:
// a selector without a kind means workloads only.
func (r *run) namesKind(m *config.Meta) bool {
	s := r.conf.Spec
	s.Select = slices.DeleteFunc(slices.Clone(s.Select), func(sel config.Selector) bool { return sel.Kind == "" })
	return s.Selects(m)
}

func (r *run) meta(o *manifest.Object) config.Meta {
	return config.Meta{Ref: o.Ref, Version: o.Version, Previous: o.PreviousNames, Labels: o.Labels, Annotations: o.Annotations, PodLabels: func() map[string]string {
		at, _ := o.Template(r.conf.Spec.PodTemplatePaths)
		return o.Strings(append(fields(at), "metadata", "labels")...)
	}}
}

func fields(p sidecar.Path) []string {
	out := make([]string, len(p))
	for i, s := range p {
		out[i] = s.Field
	}
	return out
}

// view decodes a workload and what is around it.
func (r *run) view(o *manifest.Object) (*sidecar.Workload, bool) {
	at, _ := o.Template(r.conf.Spec.PodTemplatePaths)
	w := &sidecar.Workload{Ref: o.Ref, Template: at, Annotations: o.Annotations(), Kubernetes: r.conf.Spec.Kubernetes()}
	if err := o.Decode(at, &w.Pod); err != nil {
		r.add(sidecar.Finding{Severity: sidecar.Error, Code: "unreadable", Object: o.Ref, File: o.File(), Line: line(o), Field: at.String(), Message: err.Error()})
		return nil, false
	}
	if len(w.Pod.Spec.Containers) == 0 {
		r.add(sidecar.Finding{Severity: sidecar.Error, Code: "template-missing", Object: o.Ref, File: o.File(), Line: line(o), Message: "has no containers", Hint: "select a workload that has some"})
		return nil, false
	}
	w.Services, w.Claims = r.front(w), claims(o)
	w.MatchLabels = o.Strings("spec", "selector", "matchLabels")
	w.Replicas = replicas(o)
	r.surroundings(w)
	r.isolators(w)
	return w, true
}

// replicas are as many pods as the workload asks for, where it says so.
func replicas(o *manifest.Object) *int32 {
	var n *int32
	if o.Decode(sidecar.Fields("spec", "replicas"), &n) != nil {
		return nil // the API server has to say what is wrong with it
	}
	return n
}

// claims are the names of the volumes that a StatefulSet claims.
func claims(o *manifest.Object) (names []string) {
	var templates []struct {
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
	}
	if o.Decode(sidecar.Fields("spec", "volumeClaimTemplates"), &templates) != nil {
		return nil // the API server has to say what is wrong with it
	}
	for _, t := range templates {
		names = append(names, t.Metadata.Name)
	}
	return names
}

// front are the Services whose selector matches the workload's pods.
func (r *run) front(w *sidecar.Workload) []sidecar.Service {
	if r.services == nil {
		r.selectors()
	}
	var out []sidecar.Service
	for _, s := range r.services[w.Ref.Namespace] {
		if !sidecar.LabelsMatch(s.selector, w.Pod.Labels) {
			continue
		}
		if s.decoded == nil {
			r.wellNamed(s.object)
			s.decoded = &sidecar.Service{Ref: s.object.Ref, Labels: s.object.Labels(), Annotations: s.object.Annotations()}
			if err := s.object.Decode(sidecar.Fields("spec"), &s.decoded.Spec); err != nil {
				r.add(sidecar.Finding{Severity: sidecar.Error, Code: "unreadable", Object: s.object.Ref, File: s.object.File(), Line: line(s.object), Field: "spec", Message: err.Error()})
			}
		}
		if s.decoded.Spec.Type != corev1.ServiceTypeExternalName && !r.takenForOurs(s) {
			out = append(out, *s.decoded)
		}
	}
	return out
}

// takenForOurs reports whether a Service has the label of what outrigger emits: ours
// get nothing of ours. A label proves nothing, so that [run.claimed] looks again when
// it's known what this run emits.
func (r *run) takenForOurs(s *service) bool {
	if s.decoded.Labels[sidecar.ManagedLabel] != sidecar.ManagedBy || r.ordinary[s.object.Ref] {
		return false
	}
	if r.labelled == nil {
		r.labelled = map[sidecar.Ref]*manifest.Object{}
	}
	r.labelled[s.object.Ref] = s.object
	return true
}

// claimed are the Services in front of a workload that claim to be emitted by outrigger
// and that this run doesn't emit: they lead to the app as any other does.
func (r *run) claimed() map[sidecar.Ref]bool {
	claimed := map[sidecar.Ref]bool{}
	for ref, o := range r.labelled {
		if !r.emitsIt(o) {
			claimed[ref] = true
		}
	}
	return claimed
}

// A service is decoded when a workload wants it, and only once.
type service struct {
	object   *manifest.Object
	selector map[string]string
	decoded  *sidecar.Service
}

// selectors reads what the Services select, by namespace.
func (r *run) selectors() {
	r.services = map[string][]*service{}
	for _, t := range r.texts {
		for _, o := range t.Objects {
			if o.Ref.Kind == "Service" && o.Ref.Group == "" && !o.IsToolConfig() {
				in := o.Ref.Namespace
				r.services[in] = append(r.services[in], &service{object: o, selector: o.Strings("spec", "selector")})
				o.Release()
			}
		}
	}
}

// has tells Merge what stands in the manifests.
func has(o *manifest.Object, path sidecar.Path, want any) (there, same bool) {
	if o == nil {
		return false, false
	}
	v, there := o.Value(path)
	return there, there && manifest.SameValue(v, want)
}

// line is where an object stands, where a person can look: what a runner hands
// us isn't.
func line(o *manifest.Object) int {
	if o.Text().IsResourceList() {
		return 0
	}
	return o.Line()
}
