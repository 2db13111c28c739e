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
		set := tableOf(w.Containers)
		r := bySet[set]
		if r == nil {
			r = &rule{ids: map[string][]string{}, containers: w.Containers}
			bySet[set], rules = r, append(rules, r)
		}
		r.addID(w.Ref)
	}
	for _, r := range rules {
		r.conditions = conditionsOfIDs(r.ids)
	}
	given := conditionsOfIDs(idsOf(all))
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

// addID adds a workload to a rule.
func (r *rule) addID(ref sidecar.Ref) {
	id := ref.Kind + "/" + ref.Name
	if !slices.Contains(r.ids[ref.Namespace], id) {
		r.ids[ref.Namespace] = append(r.ids[ref.Namespace], id)
	}
	if !slices.Contains(r.kinds, ref.Kind) {
		r.kinds = append(r.kinds, ref.Kind)
	}
	r.addNamespace(ref.Namespace)
}

// addNamespace adds a namespace in which the rule holds.
func (r *rule) addNamespace(namespace string) {
	if !slices.Contains(r.namespaces, namespace) {
		r.namespaces = append(r.namespaces, namespace)
	}
}

// idsOf returns the kinds and names of workloads that are judged when they are applied, by namespace.
func idsOf(all []Workload) map[string][]string {
	r := rule{ids: map[string][]string{}}
	for _, w := range all {
		if isJudged(w.Ref) {
			r.addID(w.Ref)
		}
	}
	return r.ids
}

// conditionsOfIDs returns conditions for workloads by their kinds and names.
func conditionsOfIDs(ids map[string][]string) (all []string) {
	for _, namespace := range slices.Sorted(maps.Keys(ids)) {
		c := `(object.kind + "/" + ` + objectName + ") in " + quoteList(ids[namespace])
		all = append(all, inNamespace(namespace, c))
	}
	return all
}

// objectName is the name of an object. In Kubernetes before 1.37, one with generateName may have none yet.
const objectName = `object.metadata.?name.orValue("")`

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
