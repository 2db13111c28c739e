package rig

import (
	"errors"
	"fmt"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Expand gives the config in which every pattern is replaced by the custom one
// that asks for the same: this is all that a pattern does. What a pattern needs
// depends on the workload, so the config must select just one.
func Expand(files []File, conf *config.Sidecars) (*config.Sidecars, error) {
	r := run{conf: conf}
	r.texts, r.findings = parse(files)
	if r.findings.Failed() || !r.strip() {
		return nil, r.findings
	}
	var found []*manifest.Object
	r.each(func(o *manifest.Object) { found = append(found, o) })
	if len(found) != 1 {
		return nil, errors.Join(fmt.Errorf("%d workloads are selected; a config can be expanded for one only", len(found)), r.findings.Err())
	}
	w, ok := r.view(found[0])
	if !ok {
		return nil, r.findings
	}
	asked := r.ask(found[0], w)
	if r.findings.Failed() {
		return nil, r.findings
	}
	out := *conf
	out.Spec.Patterns = make([]config.Entry, len(asked))
	for i, a := range asked {
		var apps config.Names
		for _, c := range a.Served() {
			apps = append(apps, c.Name)
		}
		out.Spec.Patterns[i] = config.Entry{Name: a.Name, App: apps, Placement: a.Placement, After: a.After, Before: a.Before,
			Custom: custom(a.Change)}
	}
	return &out, nil
}

// custom is a change without its notes, which are no part of what is asked for.
func custom(c *sidecar.Change) *pattern.Custom {
	out := pattern.Custom(*c)
	out.Notes = nil
	return &out
}
