package rig

import (
	"cmp"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

var severityRanks = map[sidecar.Severity]int{sidecar.Error: 0, sidecar.Warning: 1, sidecar.Info: 2}

// sortFindings sorts findings, errors first, and drops duplicates.
func sortFindings(fs sidecar.Findings) sidecar.Findings {
	out := slices.Clone(fs)
	slices.SortStableFunc(out, compareFindings)
	return slices.Compact(out)
}

// compareFindings orders findings. Whole texts are made only of those that are alike.
func compareFindings(a, b sidecar.Finding) int {
	order := cmp.Or(cmp.Compare(severityRanks[a.Severity], severityRanks[b.Severity]),
		cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	if order == 0 && a.Object != b.Object {
		order = cmp.Compare(a.Object.String(), b.Object.String())
	}
	if order == 0 {
		order = cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Code, b.Code))
	}
	if order == 0 {
		order = cmp.Compare(a.String(), b.String())
	}
	return order
}

// tellFindings returns the findings for the user: sorted, and in the spelling of the documents that they're about.
func (r *run) tellFindings() sidecar.Findings {
	for i := range r.findings {
		f := &r.findings[i]
		d := r.documentOf(f)
		if d != nil {
			d.Respell(f)
		}
		if f.Document != "" || f.Code == "order-unknown" { // about after or before of an entry
			f.Document = r.tellDocument(d)
		}
		if f.Code == "conflict" && r.ignoreCarried && r.wasCarried(f.Object) {
			f.Hint = "a Sidecars document of this build, or this one, laid that on before kustomize renamed or patched it: " +
				"list all of them in one kustomization, and the prefixes and patches in one above"
		}
	}
	placeFindings(r.findings, r.given, r.texts, r.emits...)
	return sortFindings(r.findings)
}

// wasCarried reports whether another function of the build laid something on an object.
func (r *run) wasCarried(ref sidecar.Ref) bool {
	o := r.findObject(ref)
	return o != nil && o.HasCarriedRecord()
}

// addAbout adds a finding about a field of a document.
func (r *run) addAbout(d *document, f sidecar.Finding) {
	d.Respell(&f)
	d.Place(&f)
	r.addFindings(f)
}

// tellDocument returns the name of a document for a finding about one of its fields. Where there's one alone, nobody
// needs it; a function sees one, and there may be others. In the flat form, the sidecar is the document.
func (r *run) tellDocument(d *document) string {
	if d == nil || d.IsFlat() || len(r.docs) < 2 && !slices.ContainsFunc(r.given, (*manifest.Text).IsResourceList) {
		return ""
	}
	return shownName(d)
}

// documentOf returns the document that a finding is about: that of its sidecar, or the only one; nil if there are
// several.
func (r *run) documentOf(f *sidecar.Finding) *document {
	if f.Sidecar != "" && r.all != nil {
		return r.all.owner[f.Sidecar]
	}
	if len(r.docs) == 1 {
		return r.docs[0]
	}
	return nil
}

// describeAnswers lists sidecars, each with what it adds.
func describeAnswers(answers []sidecar.Answer) []string {
	parts := make([]string, len(answers))
	for i, a := range answers {
		parts[i] = a.Name
		if has := describeAdditions(a); len(has) > 0 {
			parts[i] += " (" + strings.Join(has, ", ") + ")"
		}
	}
	return parts
}

// oneLineEach removes line breaks from the lines of a report.
func oneLineEach(report []string) []string {
	for i := range report {
		report[i] = sidecar.OneLine(report[i])
	}
	return report
}

// checkName reports whether names of other objects can be made of an object's name, and adds a finding if not.
func (r *run) checkName(o *manifest.Object) bool {
	field, line, why := o.CheckName()
	if why == "" {
		return true
	}
	r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "no-name", Object: o.Ref, File: o.File(), Line: line,
		Field: field, Message: why})
	return false
}
