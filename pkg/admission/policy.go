package admission

import (
	"fmt"
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A policyForm is what differs between the policies.
type policyForm struct {
	ending    string     // of the name
	pod       string     // the spec of the pod
	metadata  string     // where opt-outs may stand; the first that has one counts
	variables values.Map // more of them
	passes    string     // a condition under which everything passes, with its operator; or ""
	resources func(kinds []string) []any
}

var workloadPolicy = policyForm{
	ending: "-workloads",
	pod:    "variables.template.spec",
	metadata: `object.kind == "CronJob"
  ? [variables.template.?metadata.orValue({}), object.spec.jobTemplate.?metadata.orValue({}), object.metadata]
  : [variables.template.?metadata.orValue({}), object.metadata]`,
	variables: values.Map{
		{Key: "template", Value: templateOf("object")},
		// Without it, labels, restarts and even the garbage collector couldn't touch what is older than the policy.
		{Key: "unchanged", Value: "request.operation == \"UPDATE\" &&\nvariables.template.spec == (" +
			templateOf("oldObject") + ").spec"},
	},
	passes: "variables.unchanged || ",
	resources: func(kinds []string) (all []any) {
		for _, group := range []string{"apps", "batch"} {
			var resources []any
			for _, k := range judged {
				if k.group == group && slices.Contains(kinds, k.kind) {
					resources = append(resources, k.resource)
				}
			}
			if len(resources) > 0 {
				all = append(all, resourceRule(group, []any{"CREATE", "UPDATE"}, resources))
			}
		}
		return all
	},
}

var podPolicy = policyForm{
	ending:   "-pods",
	pod:      "object.spec",
	metadata: "[object.metadata]",
	resources: func([]string) []any {
		return []any{resourceRule("", []any{"CREATE"}, []any{"pods"})}
	},
}

func resourceRule(group string, operations, resources []any) any {
	return values.Map{{Key: "apiGroups", Value: []any{group}}, {Key: "apiVersions", Value: []any{"v1"}},
		{Key: "operations", Value: operations}, {Key: "resources", Value: resources}}
}

// policyOf returns a policy and its binding, or nothing if there are no rules.
func policyOf(form *policyForm, rules []*rule, opt Options) []values.Map {
	if len(rules) == 0 {
		return nil
	}
	name := sidecar.Shorten(opt.Name, sidecar.SubdomainLength-len(form.ending)) + form.ending
	var kinds, conditions []string
	for _, r := range rules {
		kinds, conditions = append(kinds, r.kinds...), append(conditions, anyOf(r.conditions))
	}
	object := func(kind string, spec values.Map) values.Map {
		return values.Map{
			{Key: "apiVersion", Value: "admissionregistration.k8s.io/v1"},
			{Key: "kind", Value: kind},
			{Key: "metadata", Value: values.Map{{Key: "name", Value: name}, {Key: "labels", Value: values.Map{
				{Key: sidecar.ManagedLabel, Value: sidecar.ManagedBy}}}}},
			{Key: "spec", Value: spec},
		}
	}
	policy := values.Map{
		{Key: "failurePolicy", Value: "Fail"},
		{Key: "matchConstraints", Value: values.Map{{Key: "resourceRules", Value: form.resources(kinds)}}},
		{Key: "matchConditions", Value: []any{named("selected", anyOf(conditions))}},
		{Key: "variables", Value: form.variablesOf(rules)},
		{Key: "validations", Value: form.validations(opt.WayOut)},
	}
	binding := values.Map{{Key: "policyName", Value: name}, {Key: "validationActions", Value: []any{"Deny"}}}
	if in := namespacesOf(rules); in != nil {
		binding = append(binding, values.Entry{Key: "matchResources", Value: values.Map{{Key: "namespaceSelector",
			Value: values.Map{{Key: "matchExpressions", Value: []any{values.Map{
				{Key: "key", Value: "kubernetes.io/metadata.name"}, {Key: "operator", Value: "In"},
				{Key: "values", Value: anyList(in)}}}}}}}})
	}
	return []values.Map{object("ValidatingAdmissionPolicy", policy), object("ValidatingAdmissionPolicyBinding", binding)}
}

func anyList(all []string) []any {
	out := make([]any, len(all))
	for i, s := range all {
		out[i] = s
	}
	return out
}

func named(name, expression string) values.Map {
	return values.Map{{Key: "name", Value: name}, {Key: "expression", Value: expression}}
}

const (
	initContainers = "initContainers"
	containers     = "containers"
)

// variablesOf returns the variables of a policy: the last three are lists of what is wrong.
func (form *policyForm) variablesOf(rules []*rule) (all []any) {
	add := func(name, expression string) { all = append(all, named(name, expression)) }
	for _, e := range form.variables {
		add(e.Key, e.Value.(string))
	}
	add("who", `object.kind + " " + object.metadata.?name.orValue(object.metadata.?generateName.orValue(""))`)
	add(initContainers, form.pod+".?initContainers.orValue([])")
	add(containers, form.pod+".?containers.orValue([])")
	want := wanted(rules)
	if maySkip(rules) {
		add("metadata", form.metadata)
		add("optOuts", `variables.metadata.map(m,
  m.?labels["outrigger.dev/inject"].orValue("") == "false" ||
  m.?annotations["outrigger.dev/inject"].orValue("") == "false" ? ["*"]
  : m.?annotations["outrigger.dev/skip"].hasValue()
  ? m.annotations["outrigger.dev/skip"].split(",").map(s, s.trim()) : []
).filter(names, size(names) > 0)`)
		add("skipped", "size(variables.optOuts) > 0 ? variables.optOuts[0] : []")
		want += `.filter(w,
  w.optOut == "" || !("*" in variables.skipped || w.optOut in variables.skipped))`
	}
	add("wanted", want)
	add("missing", `variables.wanted.filter(w,
  !(variables.initContainers + variables.containers).exists(c, c.name == w.name))`)
	add("misplaced", `variables.wanted.filter(w,
  !(w.list == "initContainers" ? variables.initContainers : variables.containers).exists(c,
    c.name == w.name && c.?restartPolicy.orValue("") == w.restartPolicy))`)
	add("foreign", `variables.wanted.filter(w,
  !(variables.initContainers + variables.containers).exists(c,
    c.name == w.name && c.?image.orValue("").matches(w.pattern)))`)
	return all
}

// validations returns the validations of a policy. The message of the first that fails is what people see.
func (form *policyForm) validations(wayOut string) (all []any) {
	const who = "variables.who"
	end := " + " + quote(". "+wayOut)
	for _, v := range []struct{ list, message string }{
		{"missing", ` + " comes without its sidecars: " + variables.missing.map(w, w.name).join(", ")`},
		{"misplaced", ` + " must have " + variables.misplaced.map(w,
  w.name + " in " + w.list + (w.restartPolicy == "" ? "" : " with restartPolicy " + w.restartPolicy)).join(", ")`},
		{"foreign", ` + " must have " + variables.foreign.map(w,
  w.name + " with the image " + w.image).join(", ")`},
	} {
		all = append(all, values.Map{
			{Key: "expression", Value: form.passes + "size(variables." + v.list + ") == 0"},
			{Key: "reason", Value: "Forbidden"},
			{Key: "messageExpression", Value: who + v.message + end},
		})
	}
	return all
}

// maxExpression is the length at which CEL refuses an expression
// (cel-go parser/options.go, expressionSizeCodePointLimit).
const maxExpression = 100_000

// checkLengths reports expressions that are too long for the API server.
func checkLengths(objects []values.Map) (fs sidecar.Findings) {
	var visit func(v any)
	visit = func(v any) {
		switch v := v.(type) {
		case string:
			if len(v) > maxExpression {
				fs = append(fs, sidecar.Finding{Severity: sidecar.Error, Code: "policy-long",
					Message: fmt.Sprintf("an expression has %d characters, and the API server takes %d", len(v), maxExpression),
					Hint:    "run the command for fewer manifests at once, each time with another --name"})
			}
		case []any:
			for _, item := range v {
				visit(item)
			}
		case values.Map:
			for _, e := range v {
				visit(e.Value)
			}
		}
	}
	for _, o := range objects {
		visit(o)
	}
	return fs
}
