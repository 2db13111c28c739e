package config

import (
	"regexp"
	"slices"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A Selector matches workloads as patches of kustomize do: all that is written
// must hold. Names and kinds are regular expressions for the whole value.
type Selector struct {
	// Group of the API, as in apps.
	Group string `json:"group,omitempty"`
	// Version of the API, as in v1.
	Version string `json:"version,omitempty"`
	// Kind of the workload, as in Deployment, or Deployment|StatefulSet.
	Kind string `json:"kind,omitempty"`
	// Name of the workload, or one that it had before kustomize changed it.
	Name string `json:"name,omitempty"`
	// Namespace of the workload, or one that it had before kustomize changed it.
	// A workload without a namespace is in default.
	Namespace string `json:"namespace,omitempty"`
	// LabelSelector for the workload's labels, as in app=search,tier!=test.
	LabelSelector string `json:"labelSelector,omitempty"`
	// AnnotationSelector for the workload's annotations, written as a label selector.
	AnnotationSelector string `json:"annotationSelector,omitempty"`
	// PodSelector for the labels of the workload's pods, written as a label selector.
	PodSelector string `json:"podSelector,omitempty"`

	tests []test // made of the above when the document was read
}

// A Meta is what a workload is selected by.
type Meta struct {
	Ref     sidecar.Ref
	Version string
	// What is asked for only where the above doesn't decide already.
	Labels, Annotations, PodLabels func() map[string]string
	// Previous are the names and namespaces that kustomize has replaced; nil: none.
	Previous func() (names, namespaces []string)
}

func (m *Meta) names() []string {
	if m.Previous == nil {
		return []string{m.Ref.Name}
	}
	names, _ := m.Previous()
	return slices.Concat([]string{m.Ref.Name}, names)
}

// Selects reports whether a workload matches one of select and none of exclude.
func (s *Spec) Selects(m *Meta) bool { return s.Matches(m) && !s.Excludes(m) }

// Matches reports whether a workload matches one of select, whatever exclude says.
func (s *Spec) Matches(m *Meta) bool { return matchesOne(s.Select, m) }

// Excludes reports whether a workload matches one of exclude.
func (s *Spec) Excludes(m *Meta) bool { return matchesOne(s.Exclude, m) }

func matchesOne(list []Selector, m *Meta) bool {
	for i := range list {
		if list[i].matches(m) {
			return true
		}
	}
	return false
}

func (s *Selector) matches(m *Meta) bool {
	tests := s.tests
	if tests == nil { // not made by Read
		tests, _ = s.compile()
	}
	for _, t := range tests {
		if !t.pass(m) {
			return false
		}
	}
	return true
}

// A test is one field of a Selector.
type test struct {
	field string
	want  string
	pass  func(*Meta) bool
}

// A mistake in a Selector.
type mistake struct {
	field, message, hint string
}

// compile makes the tests. A field that can't be understood fails for everything.
func (s *Selector) compile() (tests []test, mistakes []mistake) {
	text := func(field, want string, values func(*Meta) []string) {
		if want == "" {
			return
		}
		pass := func(*Meta) bool { return false }
		re, err := regexp.Compile("^(?:" + want + ")$")
		if _, alone := regexp.Compile(want); err == nil {
			err = alone // "a)(b" is none, though it is one in brackets
		}
		if err == nil {
			pass = func(m *Meta) bool { return slices.ContainsFunc(values(m), re.MatchString) }
		} else {
			mistakes = append(mistakes, mistake{field, quote(want) + " is no regular expression: " + regexpError(err), ""})
		}
		tests = append(tests, test{field, want, pass})
	}
	set := func(field, want string, have func(*Meta) map[string]string) {
		if want == "" {
			return
		}
		pass := func(*Meta) bool { return false }
		sel, err := labels.Parse(want)
		if err == nil {
			pass = func(m *Meta) bool { return sel.Matches(labels.Set(have(m))) }
		} else {
			mistakes = append(mistakes, mistake{field, quote(want) + " is no label selector", "write one as app=search,tier!=test"})
		}
		tests = append(tests, test{field, want, pass})
	}
	text("group", s.Group, func(m *Meta) []string { return []string{m.Ref.Group} })
	text("version", s.Version, func(m *Meta) []string { return []string{m.Version} })
	text("kind", s.Kind, func(m *Meta) []string { return []string{m.Ref.Kind} })
	text("name", s.Name, (*Meta).names)
	text("namespace", s.Namespace, (*Meta).namespaces)
	set("labelSelector", s.LabelSelector, func(m *Meta) map[string]string { return of(m.Labels) })
	set("annotationSelector", s.AnnotationSelector, func(m *Meta) map[string]string { return of(m.Annotations) })
	set("podSelector", s.PodSelector, func(m *Meta) map[string]string { return of(m.PodLabels) })
	return tests, mistakes
}

// namespaces are all that the workload had; none is default, as in kustomize.
func (m *Meta) namespaces() []string {
	all := []string{m.Ref.Namespace}
	if m.Previous != nil {
		_, before := m.Previous()
		all = append(all, before...)
	}
	for i, ns := range all {
		if ns == "" {
			all[i] = "default"
		}
	}
	return all
}

func of(labels func() map[string]string) map[string]string {
	if labels == nil {
		return nil
	}
	return labels()
}
