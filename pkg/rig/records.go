package rig

import (
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// decideRecord finds out whether objects must remember what is laid on them. By the name
// of the config they do: without one it would take everything for its own.
func (r *run) decideRecord(opt Options) bool {
	wanted := r.conf.Spec.Record
	r.record = wanted == config.RecordAlways || wanted != config.RecordNever && (opt.InPlace || r.writesBack())
	if r.record && r.conf.Metadata.Name == "" {
		r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "missing-field", Field: "metadata.name",
			Message: "is missing",
			Hint:    "where files are written back, objects remember by this name what the config laid on them"})
		return false
	}
	return true
}

// writesBack reports whether the runner writes files back: kpt does, whose lists tell
// the paths. In a plain stream such an annotation means nothing.
func (r *run) writesBack() bool {
	for _, t := range r.texts {
		if !t.IsResourceList() {
			continue
		}
		for _, o := range t.Objects {
			if o.InPlace() { // what kustomize gives isn't, and one object that looks like it proves nothing of the others
				return true
			}
		}
	}
	return false
}

// stripEarlierRun takes off what this config laid on before, where it's obeyed what
// records say; what follows works on the texts as a person wrote them.
func (r *run) stripEarlierRun() bool {
	r.texts = slices.Clone(r.texts)
	for i, t := range r.texts {
		if !t.Recorded(r.conf.Metadata.Name) {
			continue
		}
		bare, fs := manifest.Strip(t, r.conf.Metadata.Name, false)
		if r.addFindings(fs...); !fs.Failed() {
			r.texts[i] = bare.Reread()
		}
	}
	return !r.findings.Failed()
}

// checkRecordUnused reports an object with a record that isn't obeyed here. What stands there
// is the work of an earlier run, which can neither be taken off nor be laid on again.
func (r *run) checkRecordUnused(o *manifest.Object) bool {
	if r.record || r.conf.Metadata.Name == "" || !o.Recorded(r.conf.Metadata.Name) {
		return false
	}
	r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "record-unused", Object: o.Ref, File: o.File(),
		Line:    lineOf(o),
		Message: "carries a record of what this config laid on it, which counts only where files are written back",
		Hint: "render it with -w or kpt, or write record: always into the config; or take the record off first with " +
			"outrigger strip"})
	return true
}
