package rig

import (
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// decideRecord decides whether edits are recorded in the objects. A record needs the name of the config, since without
// one the config couldn't tell its own work from that of others.
func (r *run) decideRecord(opt Options) bool {
	wanted := r.conf.Spec.Record
	r.record = wanted == config.RecordAlways || wanted != config.RecordNever && (opt.InPlace || r.writesBack())
	if r.record && r.conf.Metadata.Name == "" {
		r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "missing-field", Field: "metadata.name",
			Message: "is missing",
			Hint:    "add a name, as the record of what was added, which files need to be written back, has it"})
		return false
	}
	return true
}

// writesBack reports whether the runner writes files back, as kpt does: the objects of its lists have annotations with
// paths. In a plain stream, such an annotation means nothing.
func (r *run) writesBack() bool {
	for _, t := range r.texts {
		if !t.IsResourceList() {
			continue
		}
		for _, o := range t.Objects {
			if o.InPlace() { // kustomize's objects aren't, but one that looks like kustomize's proves nothing for the rest
				return true
			}
		}
	}
	return false
}

// stripEarlierRun removes what this config added before, as the records say. The rest of the run works on the texts as
// a person wrote them.
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

// checkRecordUnused reports an object with a record that this run doesn't use. The work of the earlier run can neither
// be removed nor be added again.
func (r *run) checkRecordUnused(o *manifest.Object) bool {
	if r.record || r.conf.Metadata.Name == "" || !o.Recorded(r.conf.Metadata.Name) {
		return false
	}
	r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "record-unused", Object: o.Ref, File: o.File(),
		Line:    lineOf(o),
		Message: "has a record of what this config added, which is only used when files are written back",
		Hint: "render it with -w or kpt, or set record: always in the config, or remove what was added with outrigger " +
			"strip first"})
	return true
}
