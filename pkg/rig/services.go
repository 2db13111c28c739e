package rig

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// findServices returns the Services that select the workload's pods.
func (r *run) findServices(w *sidecar.Workload) []sidecar.Service {
	var out []sidecar.Service
	for _, s := range r.servicesIn(w.Ref.Namespace) {
		if !sidecar.LabelsMatch(s.selector, w.Pod.Labels) {
			continue
		}
		r.noteOverRecord(s.object)
		if s.decoded == nil {
			s.object.Glance(func() { r.decodeService(s) })
		}
		if s.decoded.Spec.Type != corev1.ServiceTypeExternalName && !r.takesForEmitted(s) {
			out = append(out, *s.decoded)
		}
	}
	return out
}

// decodeService decodes a Service, and reports what is wrong with it.
func (r *run) decodeService(s *service) {
	r.checkName(s.object)
	s.decoded = &sidecar.Service{Ref: s.object.Ref, Labels: s.object.Labels(), Annotations: s.object.Annotations()}
	if err := s.object.Decode(sidecar.Fields("spec"), &s.decoded.Spec); err != nil {
		field, message := explainUnreadable(sidecar.Fields("spec"), err)
		r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "unreadable", Object: s.object.Ref,
			File: s.object.File(), Line: lineOf(s.object), Field: field, Message: message})
	}
}

// takesForEmitted reports whether a Service is treated as one that this run emits, because of its label. A label proves
// nothing, so [run.claimedServices] checks it again at the end of the run.
func (r *run) takesForEmitted(s *service) bool {
	if s.decoded.Labels[sidecar.ManagedLabel] != sidecar.ManagedBy || r.notEmitted[s.object.Ref] {
		return false
	}
	if r.labelledServices == nil {
		r.labelledServices = map[sidecar.Ref]*manifest.Object{}
	}
	r.labelledServices[s.object.Ref] = s.object
	return true
}

// claimedServices returns the Services of workloads that have the label of emitted objects although this run doesn't
// emit them. They lead to the app like any other Service.
func (r *run) claimedServices() map[sidecar.Ref]bool {
	claimed := map[sidecar.Ref]bool{}
	for ref, o := range r.labelledServices {
		if !r.isEmitted(o) {
			claimed[ref] = true
		}
	}
	return claimed
}

// A service is decoded when a workload needs it, and only once.
type service struct {
	object   *manifest.Object
	selector map[string]string
	decoded  *sidecar.Service
}

// servicesIn returns the Services of a namespace with their selectors.
func (r *run) servicesIn(namespace string) []*service {
	all, known := r.services[namespace]
	if known {
		return all
	}
	for _, o := range r.coreObjects("Service", namespace) {
		if !o.IsToolConfig() {
			s := &service{object: o}
			o.Glance(func() { s.selector = o.Strings("spec", "selector") })
			all = append(all, s)
		}
	}
	if r.services == nil {
		r.services = map[string][]*service{}
	}
	r.services[namespace] = all
	return all
}
