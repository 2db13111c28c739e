package rig

import (
	"cmp"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

var rank = map[sidecar.Severity]int{sidecar.Error: 0, sidecar.Warning: 1, sidecar.Info: 2}

// sortFindings sorts findings, errors first, and drops what is said twice.
func sortFindings(fs sidecar.Findings) sidecar.Findings {
	out := slices.Clone(fs)
	slices.SortStableFunc(out, func(a, b sidecar.Finding) int {
		return cmp.Or(cmp.Compare(rank[a.Severity], rank[b.Severity]), cmp.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Object.String(), b.Object.String()), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.String(), b.String()))
	})
	return slices.Compact(out)
}

// describeWorkload says what a workload got.
func describeWorkload(o *manifest.Object, answers []sidecar.Answer) string {
	parts := make([]string, len(answers))
	for i, a := range answers {
		parts[i] = a.Name
		if has := describeAdditions(a); len(has) > 0 {
			parts[i] += " (" + strings.Join(has, ", ") + ")"
		}
	}
	return o.Ref.String() + ": " + strings.Join(parts, "; ")
}

// oneLineEach makes each line of a report one.
func oneLineEach(report []string) []string {
	for i := range report {
		report[i] = sidecar.OneLine(report[i])
	}
	return report
}

// checkName reports whether an object has a name to make others of, and says so if not.
func (r *run) checkName(o *manifest.Object) bool {
	field, at, why := o.CheckName()
	if why == "" {
		return true
	}
	if o.Text().IsResourceList() {
		at = 0
	}
	r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "no-name", Object: o.Ref, File: o.File(), Line: at,
		Field: field, Message: why})
	return false
}
