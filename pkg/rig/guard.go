package rig

import (
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

const (
	// GuardKind is the kind of the object by which a kustomization knows whether the
	// function has run: it comes without a status, and the function gives it one.
	// kustomize skips functions without a word where a flag is missing.
	GuardKind = "Guard"
	// GuardField is the field of the status that the check behind the function reads.
	// kustomize prints its name where it's missing, so it says what to do.
	GuardField = "has not run: kustomize needs --enable-alpha-plugins --enable-exec"
)

// sign signs the guards that kustomize hands over. One that is signed already would be
// content without a run, so it's an error.
func (r *run) sign() {
	for _, t := range r.texts {
		for _, o := range t.Objects {
			if o.Ref.Group != config.Group || o.Ref.Kind != GuardKind || !o.ByKustomize() {
				continue
			}
			if slices.ContainsFunc(o.Keys(), func(key string) bool { return key != "apiVersion" && key != "kind" && key != "metadata" }) {
				r.add(filled(o))
				continue
			}
			signed := map[string]string{GuardField: "signed by " + r.conf.Metadata.Name}
			r.layer.Edit(o, []sidecar.Edit{{Object: o.Ref, Path: sidecar.Fields("status"), Value: signed}})
		}
	}
}

func filled(o *manifest.Object) sidecar.Finding {
	return sidecar.Finding{Severity: sidecar.Error, Code: "guard-filled", Object: o.Ref, File: o.File(),
		Message: "comes filled in, so it would say that outrigger has run where it hasn't",
		Hint:    "leave nothing but its apiVersion, kind and metadata; where several documents have one kustomization, give each a Component of its own"}
}
