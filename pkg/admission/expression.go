package admission

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
)

// quote writes a string literal of CEL. Everything but printable ASCII is escaped, in ways that Go and CEL share
// (https://github.com/google/cel-spec/blob/master/doc/langdef.md#string-and-bytes-values). A text that isn't valid
// UTF-8 can't be in a manifest.
func quote(s string) string { return strconv.QuoteToASCII(strings.ToValidUTF8(s, "\uFFFD")) }

// quoteList writes a list of string literals: on one line, or a line each if that is long.
func quoteList(all []string) string {
	quoted := make([]string, len(all))
	for i, s := range all {
		quoted[i] = quote(s)
	}
	return joinList("[", quoted, "]")
}

// longLine is the length of a list that is written on several lines.
const longLine = 80

// joinList writes a list: on one line, or a line each if that is long.
func joinList(open string, items []string, end string) string {
	if line := open + strings.Join(items, ", ") + end; len(line) <= longLine && !strings.Contains(line, "\n") {
		return line
	}
	var b strings.Builder
	b.WriteString(open + "\n")
	for i, item := range items {
		b.WriteString(indent(item))
		if i < len(items)-1 {
			b.WriteString(",")
		}
		b.WriteString("\n")
	}
	return b.String() + end
}

func indent(text string) string { return "  " + strings.ReplaceAll(text, "\n", "\n  ") }

// templateOf is the pod template of an object or an oldObject.
func templateOf(object string) string {
	return object + `.kind == "CronJob" ? ` + object + ".spec.jobTemplate.spec.template : " + object + ".spec.template"
}

// mapAt is a mapping of strings of an object, which may be missing.
func mapAt(object, field string) string { return object + ".?" + field + ".orValue({})" }

// condition returns the condition of a selection. It uses no variables, as conditions that select can't.
func (s *Selection) condition() string {
	var all []string
	if len(s.Kinds) < len(judged) {
		all = append(all, "object.kind in "+quoteList(s.Kinds))
	}
	if s.Name != "" {
		all = append(all, objectName+".matches("+quote("^(?:"+s.Name+")$")+")")
	}
	if s.Namespace != "" {
		all = append(all, "request.namespace.matches("+quote("^(?:"+s.Namespace+")$")+")")
	}
	all = append(all, labelConditions(s.Labels, mapAt("object.metadata", "labels"))...)
	all = append(all, labelConditions(s.Annotations, mapAt("object.metadata", "annotations"))...)
	pod := mapAt("("+templateOf("object")+")", "metadata.?labels")
	all = append(all, labelConditions(s.PodLabels, pod)...)
	if len(all) == 0 {
		return "true"
	}
	return allOf(all)
}

// labelConditions returns the conditions of a label selector for a mapping.
func labelConditions(s labels.Selector, of string) (all []string) {
	if s == nil {
		return nil
	}
	requirements, selectable := s.Requirements()
	if !selectable {
		return []string{"false"}
	}
	for i := range requirements {
		all = append(all, labelCondition(&requirements[i], of))
	}
	return all
}

func labelCondition(r *labels.Requirement, of string) string {
	has := quote(r.Key()) + " in " + of
	value := of + "[" + quote(r.Key()) + "]"
	among := has + " && " + value + " in " + quoteList(r.ValuesUnsorted())
	switch r.Operator() {
	case selection.Exists:
		return has
	case selection.DoesNotExist:
		return "!(" + has + ")"
	case selection.NotIn, selection.NotEquals:
		return "!(" + among + ")"
	case selection.GreaterThan, selection.LessThan:
		sign := map[selection.Operator]string{selection.GreaterThan: ">", selection.LessThan: "<"}[r.Operator()]
		return fmt.Sprintf(`%s && %s.matches("^[-+]?[0-9]{1,18}$") && int(%s) %s %s`, has, value, value, sign,
			r.ValuesUnsorted()[0])
	}
	return among
}

// hasLabels returns the conditions that an object has labels.
func hasLabels(want map[string]string) (all []string) {
	of := mapAt("object.metadata", "labels")
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if want[key] == "" {
			all = append(all, quote(key)+" in "+of+" && "+of+"["+quote(key)+"] == \"\"")
			continue
		}
		all = append(all, "object.metadata.?labels["+quote(key)+"].orValue(\"\") == "+quote(want[key]))
	}
	return all
}

// tableOf writes containers as a list.
func tableOf(containers []Container) string {
	rows := make([]string, len(containers))
	for i, c := range containers {
		list := "containers"
		if c.Init {
			list = "initContainers"
		}
		fields := []string{`"name": ` + quote(c.Name), `"list": ` + quote(list),
			`"restartPolicy": ` + quote(c.RestartPolicy), `"image": ` + quote(c.Image),
			`"pattern": ` + quote(imagePattern(c.Image)), `"optOut": ` + quote(c.Sidecar)}
		rows[i] = joinList("{", fields, "}")
	}
	return joinList("[", rows, "]")
}

// wanted returns the list of containers that an object must have.
func wanted(rules []*rule) string {
	if len(rules) == 1 {
		return tableOf(rules[0].containers) // the object is one that the rule selects
	}
	terms := make([]string, len(rules))
	for i, r := range rules {
		terms[i] = "(" + parenthesize(anyOf(r.conditions)) + " ? " + tableOf(r.containers) + " : [])"
	}
	return "(" + strings.Join(terms, " +\n") + ")"
}

// maySkip reports whether a workload may opt out of one of the containers.
func maySkip(rules []*rule) bool {
	return slices.ContainsFunc(rules, func(r *rule) bool {
		return slices.ContainsFunc(r.containers, func(c Container) bool { return c.Sidecar != "" })
	})
}
