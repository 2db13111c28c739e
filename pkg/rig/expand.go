package rig

import (
	"fmt"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Expand gives the config in which every pattern is replaced by the custom one
// that asks for the same: this is all that a pattern does. What a pattern needs
// depends on the workload, so the config must select just one.
func Expand(files []File, conf *config.Sidecars) (*config.Sidecars, sidecar.Findings) {
	r := run{conf: conf}
	r.texts, r.findings = parseFiles(files)
	if r.findings.Failed() || !r.stripEarlierRun() {
		return nil, sortFindings(r.findings)
	}
	var found []*manifest.Object
	r.visitSelected(func(o *manifest.Object) bool { found = append(found, o); return true })
	r.checkExpected()
	if len(found) > 1 {
		r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "expand-several", Field: "spec.select",
			Message: fmt.Sprintf("%d workloads are selected, as %s and %s, and what a pattern needs depends on the workload",
				len(found), found[0].Ref, found[1].Ref),
			Hint: fmt.Sprintf("with explain --expand select one, as in select: [{kind: %s, name: %s}]; "+
				"for each another document", found[0].Ref.Kind, found[0].Ref.Name)})
	}
	if r.findings.Failed() || len(found) == 0 {
		if len(found) == 0 && !r.findings.Failed() { // by expect
			r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "nothing-selected", Field: "spec.select",
				Message: "selects no workload", Hint: "explain --expand needs one"})
		}
		return nil, sortFindings(r.findings)
	}
	w, ok := r.view(found[0])
	if !ok {
		return nil, sortFindings(r.findings)
	}
	asked := r.agree(found[0], w).said
	if r.findings.Failed() {
		return nil, sortFindings(r.findings)
	}
	out := *conf
	out.Spec.RebindPresets = nil // no pattern is left that moves the app
	out.Spec.Patterns = make([]config.Entry, len(asked))
	for i, a := range asked {
		var apps config.Names
		for _, c := range a.ServedApps() {
			apps = append(apps, c.Name)
		}
		out.Spec.Patterns[i] = config.Entry{Name: a.Name, App: apps, Placement: a.Placement, After: a.After, Before: a.Before,
			Custom: toCustom(a.Change)}
	}
	return &out, sortFindings(r.findings)
}

// toCustom is a change without its notes, which are no part of what is asked for.
func toCustom(c *sidecar.Change) *pattern.Custom {
	out := pattern.Custom(*c)
	out.Notes = nil
	return &out
}
