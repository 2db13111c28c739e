package rig

import (
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// guardKind is the kind of the object that shows a kustomization whether the function has run: the function removes it,
// and a check behind the function fails if it's still there. Without a flag, kustomize skips functions silently.
const guardKind = "Guard"

// removeGuards removes the guards that kustomize hands over. A guard with content is an error. Several documents may
// share one guard: if the first run has removed it, outrigger has run, so the second run doesn't need to see it.
func (r *run) removeGuards() {
	for _, t := range r.texts {
		for _, o := range t.Objects {
			if o.Ref.Group != config.Group || o.Ref.Kind != guardKind || !o.ByKustomize() {
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
		Message: "comes filled in, so it can't show whether the function has run",
		Hint:    "leave only its apiVersion, kind and metadata"}
}
