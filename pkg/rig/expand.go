package rig

import (
	"fmt"
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Expand returns the config with every pattern replaced by the equal custom pattern. What a pattern needs depends on
// the workload, so the config must select just one.
func Expand(files []File, conf *config.Sidecars) (*config.Sidecars, sidecar.Findings) {
	texts, fs := parseFiles(files)
	r := newRun(texts, []*config.Sidecars{conf})
	r.addFindings(fs...)
	if r.findings.Failed() || !r.stripEarlierRun() {
		return nil, r.tellFindings()
	}
	r.joinDocuments()
	var found []*manifest.Object
	var served []part
	r.visitSelected(func(o *manifest.Object, parts []part) ([]*config.Entry, bool) {
		found = append(found, o)
		served = append(served, slices.DeleteFunc(parts, func(p part) bool { return p.q == nil })...)
		return nil, true
	})
	r.checkExpected(r.docs[0])
	if len(found) > 1 {
		r.addAbout(r.docs[0], sidecar.Finding{Severity: sidecar.Error, Code: "expand-several", Field: "spec.select",
			Message: fmt.Sprintf("%d workloads are selected, such as %s and %s, but explain --expand needs just one",
				len(found), found[0].Ref, found[1].Ref),
			Hint: fmt.Sprintf("write a document for each workload, with select: [{kind: %s, name: %s}] for this one",
				found[0].Ref.Kind, found[0].Ref.Name)})
	} else if len(served) > 1 {
		r.addAbout(r.docs[0], sidecar.Finding{Severity: sidecar.Error, Code: "expand-several", Field: "spec.select",
			Message: fmt.Sprintf("%s has %d pod templates that are selected, such as %s and %s, but explain --expand needs "+
				"just one", found[0].Ref, len(served), served[0].at, served[1].at),
			Hint: "select one of them by the labels of its pods, with podSelector"})
	}
	if r.findings.Failed() || len(found) == 0 {
		if len(found) == 0 && !r.findings.Failed() { // expect allows that
			r.addAbout(r.docs[0], sidecar.Finding{Severity: sidecar.Error, Code: "nothing-selected", Field: "spec.select",
				Message: "selects no workload", Hint: "explain --expand needs one"})
		}
		return nil, r.tellFindings()
	}
	w, ok := r.view(r.all, found[0], served[0].at)
	if !ok {
		return nil, r.tellFindings()
	}
	answers := r.agree(r.all, found[0], w).raw
	if r.findings.Failed() {
		return nil, r.tellFindings()
	}
	out := *conf
	out.Spec.RebindPresets, out.Spec.Images, out.Spec.ImagePullSecrets = nil, nil, nil // custom has them spelled out
	out.Spec.Patterns = make([]config.Entry, len(answers))
	for i, a := range answers {
		var apps config.Names
		for _, c := range a.ServedApps() {
			if c.Name != "" { // the only one of its pod, which goes without saying
				apps = append(apps, c.Name)
			}
		}
		out.Spec.Patterns[i] = config.Entry{Name: a.Name, App: apps, Placement: a.Placement, After: a.After, Before: a.Before,
			Custom: toCustom(a.Change)}
	}
	return &out, r.tellFindings()
}

// toCustom returns a change as a custom pattern, without the notes.
func toCustom(c *sidecar.Change) *pattern.Custom {
	out := pattern.Custom(*c)
	out.Notes = nil
	return &out
}
