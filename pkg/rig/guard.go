package rig

import (
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// GuardKind is the kind of the object by which a kustomization knows whether the
// function has run: the function takes it out, and a check behind it fails where it still
// stands. kustomize skips functions without a word where a flag is missing.
const GuardKind = "Guard"

// removeGuards takes out the guards that kustomize hands over. One with content isn't a guard
// that we know, so it's an error. Several documents may have one guard: nobody can bring
// forth that it's gone but who runs, so that the second needn't see it.
func (r *run) removeGuards() {
	for _, t := range r.texts {
		for _, o := range t.Objects {
			if o.Ref.Group != config.Group || o.Ref.Kind != GuardKind || !o.ByKustomize() {
				continue
			}
			if slices.ContainsFunc(o.Keys(), func(key string) bool {
				return key != "apiVersion" && key != "kind" && key != "metadata"
			}) {
				r.addFindings(guardFilled(o))
				continue
			}
			r.layer.TakeOut(o)
		}
	}
}

func guardFilled(o *manifest.Object) sidecar.Finding {
	return sidecar.Finding{Severity: sidecar.Error, Code: "guard-filled", Object: o.Ref, File: o.File(),
		Message: "comes filled in, and says by that nothing which can be believed",
		Hint:    "leave nothing but its apiVersion, kind and metadata"}
}
