package config

import (
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A Selector matches workloads like a target of kustomize's patches: all its fields
// must match. Names and kinds are regular expressions for the whole value.
type Selector struct {
	// Group of the API, such as apps.
	Group string `json:"group,omitempty"`
	// Version of the API, such as v1.
	Version string `json:"version,omitempty"`
	// Kind of the workload, such as Deployment, or Deployment|StatefulSet.
	Kind string `json:"kind,omitempty"`
	// Name of the workload, or one that it had before kustomize changed it.
	Name string `json:"name,omitempty"`
	// Namespace of the workload, or one that it had before kustomize changed it.
	// A workload without a namespace is in default.
	Namespace string `json:"namespace,omitempty"`
	// LabelSelector for the workload's labels, such as app=search,tier!=test.
	LabelSelector string `json:"labelSelector,omitempty"`
	// AnnotationSelector for the workload's annotations, written as a label selector.
	AnnotationSelector string `json:"annotationSelector,omitempty"`
	// PodSelector for the labels of the workload's pods, written as a label selector.
	PodSelector string `json:"podSelector,omitempty"`

	compiled *conditions // set when the document was read
}

// A Meta is what selectors see of a workload.
type Meta struct {
	Ref     sidecar.Ref
	Version string
	// Labels, Annotations and PodLabels are only read if the fields above match.
	Labels, Annotations func() map[string]string
	// PodLabels are those of each pod template.
	PodLabels func() []map[string]string
	// MayHave reports whether the workload may have a label or annotation with a key and a value, "" being any, without
	// reading it; nil: it may.
	MayHave func(key, value string) bool
	// Previous are the names and namespaces that kustomize has replaced; nil: none.
	Previous func() (names, namespaces []string)
}

// Selects reports whether a workload matches one of select and none of exclude.
func (s *Spec) Selects(m *Meta) bool { return s.Matches(m) && !s.Excludes(m) }

// Matches reports whether a workload matches one of select, whatever exclude says.
func (s *Spec) Matches(m *Meta) bool { return matchesOne(s.Select, m) }

// Excludes reports whether a workload matches one of exclude. One with several pod templates does so with all of them.
func (s *Spec) Excludes(m *Meta) bool {
	if !matchesOne(s.Exclude, m) {
		return false
	}
	byPods := func(sel Selector) bool { return sel.PodSelector != "" }
	if m.PodLabels == nil || !slices.ContainsFunc(s.Exclude, byPods) {
		return true
	}
	for _, labels := range m.PodLabels() {
		if part := m.WithPod(labels); !matchesOne(s.Exclude, &part) {
			return false
		}
	}
	return true
}

// WithPod returns what selectors see of one of a workload's pod templates.
func (m *Meta) WithPod(labels map[string]string) Meta {
	part := *m
	part.PodLabels = func() []map[string]string { return []map[string]string{labels} }
	return part
}

func matchesOne(list []Selector, m *Meta) bool {
	for i := range list {
		if list[i].matchesMeta(m) {
			return true
		}
	}
	return false
}

func (s *Selector) matchesMeta(m *Meta) bool {
	if s.compiled == nil { // it wasn't read from a document
		c, _ := s.compileConditions()
		return c.matchesMeta(m)
	}
	return s.compiled.matchesMeta(m)
}
