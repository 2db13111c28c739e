package rig

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// findServices are the Services whose selector matches the workload's pods.
func (r *run) findServices(w *sidecar.Workload) []sidecar.Service {
	if r.services == nil {
		r.readSelectors()
	}
	var out []sidecar.Service
	for _, s := range r.services[w.Ref.Namespace] {
		if !sidecar.LabelsMatch(s.selector, w.Pod.Labels) {
			continue
		}
		if s.decoded == nil {
			r.checkName(s.object)
			s.decoded = &sidecar.Service{Ref: s.object.Ref, Labels: s.object.Labels(), Annotations: s.object.Annotations()}
			if err := s.object.Decode(sidecar.Fields("spec"), &s.decoded.Spec); err != nil {
				r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "unreadable", Object: s.object.Ref,
					File: s.object.File(), Line: lineOf(s.object), Field: "spec", Message: err.Error()})
			}
		}
		if s.decoded.Spec.Type != corev1.ServiceTypeExternalName && !r.takesForOurs(s) {
			out = append(out, *s.decoded)
		}
	}
	return out
}

// takesForOurs reports whether a Service has the label of what outrigger emits: ours
// get nothing of ours. A label proves nothing, so that [run.claimedServices] looks again when
// it's known what this run emits.
func (r *run) takesForOurs(s *service) bool {
	if s.decoded.Labels[sidecar.ManagedLabel] != sidecar.ManagedBy || r.ordinary[s.object.Ref] {
		return false
	}
	if r.labelled == nil {
		r.labelled = map[sidecar.Ref]*manifest.Object{}
	}
	r.labelled[s.object.Ref] = s.object
	return true
}

// claimedServices are the Services in front of a workload that claim to be emitted by outrigger
// and that this run doesn't emit: they lead to the app as any other does.
func (r *run) claimedServices() map[sidecar.Ref]bool {
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

// readSelectors reads what the Services select, by namespace.
func (r *run) readSelectors() {
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
