package rig

import (
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Results returns the findings for a runner that keeps results: one tells of each workload
// what it got and what it goes without.
func (o Output) Results() sidecar.Findings {
	told := func(f sidecar.Finding) bool {
		return isSkip(f) && slices.ContainsFunc(o.workloads, func(w sidecar.Finding) bool { return w.Object == f.Object })
	}
	return append(slices.DeleteFunc(slices.Clone(o.Findings), told), o.workloads...)
}

// noteServed notes what a workload got.
func (r *run) noteServed(o *manifest.Object, w *sidecar.Workload, answers []sidecar.Answer) {
	has := describeAnswers(answers)
	f := sidecar.Finding{Severity: sidecar.Info, Code: sidecar.Skipped, Object: o.Ref, File: o.File(),
		Field: w.Template.To("spec").String()}
	if len(answers) > 0 {
		f.Code, f.Message = "added", "added "+strings.Join(has, ", ")
		r.report = append(r.report, o.Ref.String()+": "+strings.Join(has, "; "))
	}
	r.workloads = append(r.workloads, f)
}

// describeServed returns the findings about workloads, with the sidecars that they go without.
func (r *run) describeServed() sidecar.Findings {
	skips := map[sidecar.Ref][]string{}
	for _, f := range sortFindings(r.findings) {
		if isSkip(f) && f.Sidecar != "" {
			skips[f.Object] = append(skips[f.Object], f.Sidecar+": "+f.Message)
		}
	}
	var all sidecar.Findings
	for _, f := range r.workloads {
		has := slices.DeleteFunc(append([]string{f.Message}, skips[f.Object]...), func(s string) bool { return s == "" })
		if f.Message = strings.Join(has, "; "); f.Message != "" {
			all = append(all, f)
		}
	}
	return sortFindings(all)
}

// isSkip reports whether a finding tells that a workload goes without a sidecar, as it may.
func isSkip(f sidecar.Finding) bool { return f.Code == sidecar.Skipped && f.Severity == sidecar.Info }
