package config

import (
	"slices"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/resid"
)

// conditions are a compiled selector. Conditions that kustomize's selectors have, too, are kustomize's own.
type conditions struct {
	whole    *types.SelectorRegex // nil if a field is an invalid regular expression: then nothing matches
	selected []labelCondition
	parts    []part // the same conditions one by one, for mistakes and near misses
}

// A labelCondition is a label selector for one of the mappings of a workload.
type labelCondition struct {
	labels.Selector
	of    func(*Meta) []map[string]string // one of them must match
	needs [][2]string                     // keys that must be there; with a value where only that one will do
}

// A part is one field of a Selector.
type part struct {
	field string
	want  string
	pass  func(*Meta) bool
}

// A mistake in a Selector.
type mistake struct {
	field, message, hint string
}

// matchesMeta reports whether all conditions hold. It begins with those that need nothing to be read.
func (c *conditions) matchesMeta(m *Meta) bool {
	if c.whole == nil || !c.whole.MatchGvk(m.gvk()) {
		return false
	}
	if !c.whole.MatchName(m.Ref.Name) && !slices.ContainsFunc(m.allNames(), c.whole.MatchName) {
		return false
	}
	now := effectiveNamespace(m.Ref.Namespace)
	if !c.whole.MatchNamespace(now) && !slices.ContainsFunc(m.allNamespaces(), c.whole.MatchNamespace) {
		return false
	}
	return !slices.ContainsFunc(c.selected, func(l labelCondition) bool { return !l.matchesMeta(m) })
}

func (l labelCondition) matchesMeta(m *Meta) bool {
	for _, n := range l.needs {
		if m.MayHave != nil && !m.MayHave(n[0], n[1]) {
			return false // most workloads, which needn't be read for it
		}
	}
	return slices.ContainsFunc(l.of(m), func(have map[string]string) bool { return l.Matches(labels.Set(have)) })
}

// needsOf returns the keys without which a selector matches nothing.
func needsOf(s labels.Selector) (needs [][2]string) {
	all, _ := s.Requirements()
	for i := range all {
		switch all[i].Operator() {
		case selection.NotEquals, selection.NotIn, selection.DoesNotExist:
			continue
		}
		need := [2]string{all[i].Key()}
		if values := all[i].ValuesUnsorted(); len(values) == 1 && all[i].Operator() != selection.GreaterThan &&
			all[i].Operator() != selection.LessThan {
			need[1] = values[0]
		}
		needs = append(needs, need)
	}
	return needs
}

// compileConditions compiles the selector, and returns all fields that are invalid. Those match nothing.
func (s *Selector) compileConditions() (*conditions, []mistake) {
	c := &conditions{}
	var mistakes []mistake
	add := func(field, want string, pass func(*Meta) bool, err *mistake) {
		if err != nil {
			err.field = field
			mistakes = append(mistakes, *err)
			pass = func(*Meta) bool { return false }
		}
		c.parts = append(c.parts, part{field, want, pass})
	}
	for _, f := range s.identityFields() {
		if f.want != "" {
			pass, err := f.compileRegexp()
			add(f.field, f.want, pass, err)
		}
	}
	for _, f := range s.labelFields() {
		if f.want != "" {
			l, err := f.compileSelector()
			add(f.field, f.want, l.matchesMeta, err)
			c.selected = append(c.selected, l)
		}
	}
	if len(mistakes) == 0 {
		whole := s.toKustomize()
		c.whole, _ = types.NewSelectorRegex(&whole) // each field of it compiles
	}
	return c, mistakes
}

// toKustomize returns the selector as one of kustomize, without labels and annotations, which SelectorRegex leaves to
// its callers.
func (s *Selector) toKustomize() types.Selector {
	gvk := resid.Gvk{Group: s.Group, Version: s.Version, Kind: s.Kind}
	return types.Selector{ResId: resid.ResId{Gvk: gvk, Name: s.Name, Namespace: s.Namespace}}
}

// An identityField is a regular expression for a part of a workload's identity.
type identityField struct {
	field, want string
	alone       Selector // with this field only
}

func (s *Selector) identityFields() []identityField {
	return []identityField{
		{"group", s.Group, Selector{Group: s.Group}},
		{"version", s.Version, Selector{Version: s.Version}},
		{"kind", s.Kind, Selector{Kind: s.Kind}},
		{"name", s.Name, Selector{Name: s.Name}},
		{"namespace", s.Namespace, Selector{Namespace: s.Namespace}},
	}
}

func (f identityField) compileRegexp() (pass func(*Meta) bool, err *mistake) {
	selector := f.alone.toKustomize()
	re, wrong := types.NewSelectorRegex(&selector)
	if wrong == nil {
		wrong = compileAlone(f.want)
	}
	if wrong != nil {
		return nil, &mistake{message: quoteWord(f.want) + " isn't a valid regular expression: " + regexpError(wrong)}
	}
	c := conditions{whole: re}
	return c.matchesMeta, nil
}

// A labelField is a label selector as it's written.
type labelField struct {
	field, want string
	of          func(*Meta) []map[string]string
}

func (s *Selector) labelFields() []labelField {
	return []labelField{
		{"labelSelector", s.LabelSelector, func(m *Meta) []map[string]string { return oneSet(m.Labels) }},
		{"annotationSelector", s.AnnotationSelector, func(m *Meta) []map[string]string { return oneSet(m.Annotations) }},
		{"podSelector", s.PodSelector, (*Meta).podLabels},
	}
}

func (f labelField) compileSelector() (labelCondition, *mistake) {
	selector, err := labels.Parse(f.want)
	if err != nil {
		wrong := mistake{message: quoteWord(f.want) + " isn't a valid label selector"}
		wrong.hint = "write one such as app=search,tier!=test"
		return labelCondition{Selector: labels.Nothing(), of: f.of}, &wrong
	}
	return labelCondition{selector, f.of, needsOf(selector)}, nil
}

func (m *Meta) gvk() resid.Gvk {
	return resid.Gvk{Group: m.Ref.Group, Version: m.Version, Kind: m.Ref.Kind}
}

// allNames returns all names that the workload has and had.
func (m *Meta) allNames() []string {
	if m.Previous == nil {
		return []string{m.Ref.Name}
	}
	names, _ := m.Previous()
	return append([]string{m.Ref.Name}, names...)
}

// allNamespaces returns all namespaces that the workload has and had, as kustomize compares them.
func (m *Meta) allNamespaces() []string {
	all := []string{m.Ref.Namespace}
	if m.Previous != nil {
		_, before := m.Previous()
		all = append(all, before...)
	}
	for i, ns := range all {
		all[i] = effectiveNamespace(ns)
	}
	return all
}

// effectiveNamespace returns a namespace as kustomize compares it: without one, it's default. All workloads have a
// namespace, so kustomize's OpenAPI schema, which knows kinds without one, isn't read: that takes longer than a whole
// run.
func effectiveNamespace(namespace string) string {
	return resid.ResId{Namespace: namespace}.EffectiveNamespace()
}

// oneSet reads labels or annotations, if there are any.
func oneSet(read func() map[string]string) []map[string]string {
	if read == nil {
		return []map[string]string{nil}
	}
	return []map[string]string{read()}
}

// podLabels returns the labels of the pods. What has no pods has none.
func (m *Meta) podLabels() []map[string]string {
	if m.PodLabels != nil {
		if all := m.PodLabels(); len(all) > 0 {
			return all
		}
	}
	return []map[string]string{nil}
}
