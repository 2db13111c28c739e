package admission

import (
	"fmt"
	"maps"
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// podRules returns the rules for pods: those with the labels of a workload must have its containers.
func podRules(all []Workload) (rules []*rule, fs sidecar.Findings) {
	byCondition := map[string]*rule{}
	for i := range all {
		w := &all[i]
		if len(w.Containers) == 0 {
			continue
		}
		condition, have, f := podCondition(w, all)
		fs = append(fs, f...)
		if len(have) == 0 {
			continue
		}
		condition = inNamespace(w.Ref.Namespace, condition)
		if r := byCondition[condition]; r != nil {
			for _, c := range have {
				if !slices.Contains(r.containers, c) {
					r.containers = append(r.containers, c)
				}
			}
			continue
		}
		r := &rule{conditions: []string{condition}, namespaces: []string{w.Ref.Namespace}, containers: slices.Clone(have)}
		byCondition[condition], rules = r, append(rules, r)
	}
	return mergeRules(rules), fs
}

// mergeRules makes one rule of those that demand the same containers.
func mergeRules(rules []*rule) (merged []*rule) {
	bySet := map[string]*rule{}
	for _, r := range rules {
		set := tableOf(r.containers)
		if into := bySet[set]; into != nil {
			into.conditions = append(into.conditions, r.conditions...)
			into.namespaces = append(into.namespaces, r.namespaces...)
			continue
		}
		bySet[set], merged = r, append(merged, r)
	}
	return merged
}

// podCondition returns the condition for the pods of a workload, and the containers that all pods have for which it
// holds.
func podCondition(w *Workload, all []Workload) (condition string, have []Container, fs sidecar.Findings) {
	if w.Ref.Kind == "Pod" && w.Ref.Group == "" {
		name := objectName
		if w.Generated {
			name = objectStem
		}
		return name + " == " + quote(w.Ref.Name), w.Containers, nil
	}
	want := narrowLabels(w, all)
	if len(want) == 0 {
		return "", nil, sidecar.Findings{{Severity: sidecar.Warning, Code: "policy-labels", Object: w.Ref,
			Message: "has pods without labels, so the rule for pods doesn't know them",
			Hint:    "give the pod template a label of its own"}}
	}
	for _, c := range w.Containers {
		other := findLacking(w, c, want, all)
		if other == nil {
			have = append(have, c)
			continue
		}
		f := sidecar.Finding{Severity: sidecar.Warning, Code: "policy-labels", Object: w.Ref,
			Message: fmt.Sprintf("has pods with labels that those of %s have, too, which have no %s, so no rule for pods "+
				"demands it", other.Ref, c.Name),
			Hint: "give the pods of both other labels"}
		if other.OptOut != "" && c.Sidecar != "" {
			f.Hint = "that opts out by " + other.OptOut + ", which isn't on the pods: write it into the pod template"
		}
		fs = append(fs, f)
	}
	return allOf(hasLabels(want)), have, fs
}

// narrowLabels returns the labels by which the pods of a workload are known: those of its selector, which never change,
// or more if pods of others that have other containers have them, too.
func narrowLabels(w *Workload, all []Workload) map[string]string {
	stable := maps.Clone(w.PodLabels)
	maps.DeleteFunc(stable, func(key, _ string) bool { return slices.Contains(changing, key) })
	if len(w.Selector) == 0 || !sidecar.LabelsMatch(w.Selector, w.PodLabels) {
		if len(stable) == 0 && w.Ref.Kind == "Job" && w.Ref.Group == "batch" && !w.Generated {
			return map[string]string{jobName: w.Ref.Name}
		}
		return stable
	}
	for _, c := range w.Containers {
		if findLacking(w, c, w.Selector, all) != nil {
			maps.Copy(stable, w.Selector)
			return stable
		}
	}
	return w.Selector
}

// changing are labels that other releases of an app have with other values.
var changing = []string{"app.kubernetes.io/version", "helm.sh/chart"}

// jobName is the label that the controller of Jobs gives to pods
// (https://kubernetes.io/docs/reference/labels-annotations-taints/#batch-kubernetes-io-job-name).
const jobName = "batch.kubernetes.io/job-name"

// findLacking returns a workload with pods that have labels, and lack a container that isn't skipped by what the rule
// for pods sees.
func findLacking(of *Workload, c Container, want map[string]string, all []Workload) *Workload {
	for i := range all {
		w := &all[i]
		apart := w.Ref.Namespace != of.Ref.Namespace && w.Ref.Namespace != "" && of.Ref.Namespace != ""
		if apart || w == of || !sidecar.LabelsMatch(want, w.PodLabels) || hasContainer(w, c) {
			continue
		}
		seen := c.Sidecar != "" && (slices.Contains(w.PodSkips, "*") || slices.Contains(w.PodSkips, c.Sidecar))
		if !seen {
			return w
		}
	}
	return nil
}

// hasContainer reports whether a workload has a container that another one must have.
func hasContainer(w *Workload, c Container) bool {
	return slices.ContainsFunc(w.Containers, func(have Container) bool {
		have.Sidecar = c.Sidecar // they may be of two documents
		return have == c
	})
}
