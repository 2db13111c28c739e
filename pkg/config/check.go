package config

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// checkSpec finds what is wrong with values that have the right types.
func (r *reader) checkSpec(s *Spec) {
	if slices.ContainsFunc(r.findings, func(f sidecar.Finding) bool { return f.Field == "spec" || f.Field == "" }) {
		return
	}
	r.checkSelection(s)
	if _, err := sidecar.ParseVersion(s.KubernetesVersion); err != nil {
		r.reportValue(
			"spec.kubernetesVersion",
			quoteWord(s.KubernetesVersion)+" isn't a valid Kubernetes version",
			`write one such as "1.33"`,
		)
	}
	for i, p := range s.PodTemplatePaths {
		if slices.ContainsFunc(strings.Split(p, "."), func(field string) bool {
			name := strings.TrimSuffix(field, "[*]") // each entry of a list
			return name == "" || strings.ContainsAny(name, "[]*")
		}) {
			r.reportValue(
				fmt.Sprintf("spec.podTemplatePaths[%d]", i),
				quoteWord(p)+" isn't a valid path",
				"write one such as spec.workers.template, or spec.groups[*].template for the entries of a list",
			)
		}
	}
	r.checkImages(s)
	named := map[string]string{}
	for i := range s.Patterns {
		if r.stopped {
			return
		}
		r.checkEntry(&s.Patterns[i], fmt.Sprintf("spec.patterns[%d]", i), named)
	}
}

// checkDocumentName checks the name of the document, which objects may remember and other tools write into labels.
func (r *reader) checkDocumentName(name string) {
	if name != "" && (strings.Contains(name, "/") || validation.IsQualifiedName(name) != nil) {
		r.reportValue("metadata.name", quoteWord(name)+" isn't a valid name of a document",
			"use at most 63 letters, digits, -, _ and dots, with a letter or digit at both ends")
	}
}

// reportValue reports an invalid value, unless the field has a finding already.
func (r *reader) reportValue(at, message, hint string) { r.reportOnce("bad-value", at, message, hint) }

// reportOnce reports a mistake, unless the field has a finding already.
func (r *reader) reportOnce(code, at, message, hint string) {
	if !r.isReported(at) {
		r.addFinding(r.lineOfField(at), at, code, message, hint)
	}
}

// isReported reports whether a field, or one below it, has a finding, or whether one above it couldn't be read.
func (r *reader) isReported(at string) bool {
	for p := at; p != ""; p = parentPath(p) {
		if r.silent[p] {
			return true
		}
	}
	return slices.ContainsFunc(r.findings, func(f sidecar.Finding) bool {
		rest, in := strings.CutPrefix(f.Field, at)
		return in && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

func (r *reader) checkSelection(s *Spec) {
	if len(s.Select) == 0 {
		r.reportOnce(
			"missing-field",
			"spec.select",
			"select at least one workload",
			"as in select: [{kind: Deployment, name: search}]",
		)
	}
	for _, list := range []struct {
		at        string
		selectors []Selector
	}{{"spec.select", s.Select}, {"spec.exclude", s.Exclude}} {
		for i := range list.selectors {
			sel, at := &list.selectors[i], fmt.Sprintf("%s[%d]", list.at, i)
			var mistakes []mistake
			sel.compiled, mistakes = sel.compileConditions()
			for _, m := range mistakes {
				r.reportValue(at+"."+m.field, m.message, m.hint)
			}
			if len(sel.compiled.parts) == 0 {
				r.reportValue(at, "is empty, which would select every workload", `if that's intended, write name: ".*"`)
			}
		}
	}
	switch least, most := s.Expect.Min, s.Expect.Max; {
	case *least < 0:
		r.reportValue("spec.expect.min", "must not be negative", "")
	case most != nil && *most < *least:
		r.reportValue("spec.expect.max", fmt.Sprintf("max %d is less than min %d", *most, *least), "")
	}
}

// checkEntry checks one entry; named has the paths of the entries before it by their names.
func (r *reader) checkEntry(e *Entry, at string, named map[string]string) {
	switch set := e.listPatterns(); {
	case len(set) == 0:
		r.reportOnce("missing-field", at, "no pattern is given", "add one of "+strings.Join(PatternKeys(), ", "))
		if e.Name == "" {
			return
		}
	case len(set) > 1:
		second := at + "." + set[1].key
		r.addFinding(
			r.lineOfField(second),
			second,
			"several-patterns",
			"is a second pattern, beside "+set[0].key,
			"an entry has one pattern, so begin another entry for it",
		)
	default:
		r.validatePattern(set[0], at+"."+set[0].key)
	}
	if r.checkName(at+".name", e.Name); named[e.Name] != "" {
		r.reportValue(at+".name", quoteWord(e.Name)+" is also the name of "+named[e.Name], "give one of them another name")
	}
	named[e.Name] = at
	r.checkApps(at+".app", e.App)
	for _, list := range []struct {
		at    string
		names []string
	}{{at + ".after", e.After}, {at + ".before", e.Before}} {
		for i, name := range list.names {
			path := fmt.Sprintf("%s[%d]", list.at, i)
			if r.checkName(path, name); name == e.Name {
				r.reportValue(path, "an entry can't start before or after itself", "")
			}
		}
	}
	if e.Required && e.Unfit == UnfitSkip {
		r.reportValue(at+".required", "contradicts unfit: skip", "remove one of them")
	}
	r.checkRemoved(e, at+".override")
	if e.Override != nil && e.Override.Name != "" && e.Override.Name != e.Name {
		r.reportValue(
			at+".override.name",
			quoteWord(e.Override.Name)+" isn't the entry's name, "+quoteWord(e.Name),
			"remove it, or change the entry's name",
		)
	}
}

// checkRemoved sets what an entry's override removes, and finds what every container needs.
func (r *reader) checkRemoved(e *Entry, at string) {
	e.Removed = r.nulls[at]
	if e.Removed.Contains("image") {
		r.reportValue(at+".image", "can't be removed, as nothing works without it", "write another image, or remove the line")
	}
	if e.Removed.Contains("restartPolicy") {
		r.reportValue(at+".restartPolicy", "can't be removed, as the placement sets it", "write placement: beside")
	}
}

// checkApps checks the names of the containers that are served.
func (r *reader) checkApps(at string, names Names) {
	for i, name := range names {
		path := fmt.Sprintf("%s[%d]", at, i)
		if len(names) == 1 {
			path = at
		}
		switch {
		case name == Every && len(names) == 1:
		case name == Every:
			r.reportValue(
				path,
				quoteWord(Every)+" means all containers, so no other name can be in the list",
				"remove "+quoteWord(Every)+", or all other names",
			)
		case slices.Contains(names[:i], name):
			r.reportValue(path, quoteWord(name)+" is in the list twice", "remove one of them")
		default:
			r.checkName(path, name)
		}
	}
}

// checkName checks the name of a container.
func (r *reader) checkName(at, name string) {
	if errs := validation.IsDNS1123Label(name); errs != nil {
		r.reportValue(
			at,
			quoteWord(name)+" isn't a valid container name",
			"use at most 63 lower-case letters, digits and dashes",
		)
	}
}

// validatePattern reports the findings of a pattern about its own fields.
func (r *reader) validatePattern(k keyed, at string) {
	for _, f := range k.pattern.Validate() {
		if f.Field == "" {
			f.Field = at
		} else {
			f.Field = at + "." + f.Field
		}
		if !r.isReported(f.Field) {
			f.Line = r.lineOfField(f.Field)
			r.findings = append(r.findings, f)
		}
	}
}

// compileAlone compiles an expression as it's written: "a)(b" isn't a valid one, although it would be in brackets.
func compileAlone(want string) error {
	_, err := regexp.Compile(want)
	return err
}

// regexpError says what is wrong with a regular expression.
func regexpError(err error) string {
	if e, ok := errors.AsType[*syntax.Error](err); ok {
		return e.Code.String()
	}
	return "it's too large"
}
