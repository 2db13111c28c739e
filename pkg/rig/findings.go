package rig

import (
	"cmp"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

var rank = map[sidecar.Severity]int{sidecar.Error: 0, sidecar.Warning: 1, sidecar.Info: 2}

// tidy sorts findings, errors first, and drops what is said twice.
func tidy(fs sidecar.Findings) sidecar.Findings {
	out := slices.Clone(fs)
	slices.SortStableFunc(out, func(a, b sidecar.Finding) int {
		return cmp.Or(cmp.Compare(rank[a.Severity], rank[b.Severity]), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Object.String(), b.Object.String()), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Code, b.Code), cmp.Compare(a.String(), b.String()))
	})
	return slices.Compact(out)
}

// told reports what a workload got.
func (r *run) told(o *manifest.Object, asked []sidecar.Answer) {
	parts := make([]string, len(asked))
	for i, a := range asked {
		parts[i] = a.Name
		if has := describeAdditions(a); len(has) > 0 {
			parts[i] += " (" + strings.Join(has, ", ") + ")"
		}
	}
	r.report = append(r.report, o.Ref.String()+": "+strings.Join(parts, "; "))
}

// oneLine makes each line of a report one.
func oneLine(report []string) []string {
	for i := range report {
		report[i] = sidecar.OneLine(report[i])
	}
	return report
}

// wellNamed reports whether an object has a name to make others of, and says so if not.
func (r *run) wellNamed(o *manifest.Object) bool {
	field, at, why := o.CheckName()
	if why == "" {
		return true
	}
	if o.Text().IsResourceList() {
		at = 0
	}
	r.add(sidecar.Finding{Severity: sidecar.Error, Code: "no-name", Object: o.Ref, File: o.File(), Line: at, Field: field, Message: why})
	return false
}
