package admission

import (
	"maps"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A rule says which objects must have which containers.
type rule struct {
	ids        map[string][]string // kinds and names, as in Deployment/web, by namespace; "" is any
	stems      map[string][]string // the same with what generated names begin with
	conditions []string            // of which one must hold, where there are no ids
	namespaces []string            // in which it holds; nil: all
	kinds      []string
	containers []Container
}

// workloadRules returns the rules for workloads: for each set of containers those of the manifests, and for each
// selection by labels those that aren't among them.
func workloadRules(all []Workload, labelled []Labelled) (rules []*rule, fs sidecar.Findings) {
	bySet := map[string]*rule{}
	for _, w := range all {
		if len(w.Containers) == 0 {
			continue
		}
		if !isJudged(w.Ref) {
			fs = append(fs, sidecar.Finding{Severity: sidecar.Info, Code: "policy-pods-only", Object: w.Ref,
				Message: "is judged by its pods alone, as policies don't know where its kind has a pod template"})
			continue
		}
		if other := findOtherOf(&w, all); other != nil {
			fs = append(fs, sidecar.Finding{Severity: sidecar.Warning, Code: "policy-names", Object: w.Ref,
				Message: "has the generateName of another one with other sidecars, so no rule for workloads knows them apart",
				Hint:    "give one of them another generateName"})
			continue
		}
		set := tableOf(w.Containers)
		r := bySet[set]
		if r == nil {
			r = newIDRule()
			r.containers = w.Containers
			bySet[set], rules = r, append(rules, r)
		}
		r.addID(&w)
	}
	for _, r := range rules {
		r.conditions = r.idConditions()
	}
	given := idsOf(all).idConditions()
	for _, l := range labelled {
		if len(l.Containers) == 0 || len(l.Select) == 0 {
			continue
		}
		r := &rule{namespaces: l.Namespaces, containers: l.Containers}
		var selects, excludes []string
		for _, s := range l.Select {
			selects, r.kinds = append(selects, s.condition()), append(r.kinds, s.Kinds...)
		}
		for _, s := range l.Exclude {
			excludes = append(excludes, s.condition())
		}
		condition := anyOf(selects)
		if none := append(excludes, given...); len(none) > 0 {
			condition = allOf([]string{condition, "!" + parenthesize(anyOf(none))})
		}
		if l.Namespaces != nil {
			condition = allOf([]string{"request.namespace in " + quoteList(l.Namespaces), condition})
		}
		r.conditions = []string{condition}
		rules = append(rules, r)
	}
	return rules, fs
}

func newIDRule() *rule { return &rule{ids: map[string][]string{}, stems: map[string][]string{}} }

// addID adds a workload to a rule.
func (r *rule) addID(w *Workload) {
	ids, id := r.ids, w.Ref.Kind+"/"+w.Ref.Name
	if w.Generated {
		ids = r.stems
	}
	if !slices.Contains(ids[w.Ref.Namespace], id) {
		ids[w.Ref.Namespace] = append(ids[w.Ref.Namespace], id)
	}
	if !slices.Contains(r.kinds, w.Ref.Kind) {
		r.kinds = append(r.kinds, w.Ref.Kind)
	}
	r.addNamespace(w.Ref.Namespace)
}

// findOtherOf returns a workload with the same generateName that has other containers, or nil.
func findOtherOf(w *Workload, all []Workload) *Workload {
	i := slices.IndexFunc(all, func(o Workload) bool {
		ref := o.Ref
		ref.Nth = w.Ref.Nth
		return w.Generated && o.Generated && ref == w.Ref && tableOf(o.Containers) != tableOf(w.Containers)
	})
	if i < 0 {
		return nil
	}
	return &all[i]
}

// addNamespace adds a namespace in which the rule holds.
func (r *rule) addNamespace(namespace string) {
	if !slices.Contains(r.namespaces, namespace) {
		r.namespaces = append(r.namespaces, namespace)
	}
}

// idsOf returns a rule with the workloads that are judged when they are applied.
func idsOf(all []Workload) *rule {
	r := newIDRule()
	for i := range all {
		if isJudged(all[i].Ref) {
			r.addID(&all[i])
		}
	}
	return r
}

// idConditions returns conditions for workloads by their kinds and names.
func (r *rule) idConditions() []string {
	return append(conditionsOfIDs(r.ids, objectName), conditionsOfIDs(r.stems, objectStem)...)
}

func conditionsOfIDs(ids map[string][]string, name string) (all []string) {
	for _, namespace := range slices.Sorted(maps.Keys(ids)) {
		c := `(object.kind + "/" + ` + name + ") in " + quoteList(ids[namespace])
		all = append(all, inNamespace(namespace, c))
	}
	return all
}

const (
	// objectName is the name of an object. In Kubernetes before 1.37, one with generateName may have none yet.
	objectName = `object.metadata.?name.orValue("")`
	// objectStem is what a generated name begins with, which the object keeps.
	objectStem = `object.metadata.?generateName.orValue("")`
)

// inNamespace returns a condition that holds in one namespace alone; "" is any.
func inNamespace(namespace, condition string) string {
	if namespace == "" {
		return condition
	}
	return allOf([]string{"request.namespace == " + quote(namespace), condition})
}

// namespacesOf returns the namespaces of rules; nil if one of them holds in any.
func namespacesOf(rules []*rule) (all []string) {
	for _, r := range rules {
		if len(r.namespaces) == 0 || slices.Contains(r.namespaces, "") {
			return nil
		}
		all = append(all, r.namespaces...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func anyOf(conditions []string) string { return joinConditions(conditions, " ||\n", "&&") }

func allOf(conditions []string) string { return joinConditions(conditions, " &&\n", "||") }

// joinConditions joins conditions, in parentheses where they have an operator of the other kind.
func joinConditions(conditions []string, by, other string) string {
	if len(conditions) == 1 {
		return conditions[0]
	}
	parts := make([]string, len(conditions))
	for i, c := range conditions {
		if parts[i] = c; strings.Contains(c, other) {
			parts[i] = parenthesize(c)
		}
	}
	return strings.Join(parts, by)
}

func parenthesize(condition string) string { return "(" + condition + ")" }
