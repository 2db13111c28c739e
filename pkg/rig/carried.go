package rig

import (
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// provesCarried reports whether the records that kustomize carries are those of this build.
// They may have come with a base, to take out what an overlay has added. So the documents in
// them are laid on alone: that has to give what stood there.
func (r *run) provesCarried() bool {
	if len(r.stood) == 0 {
		return true
	}
	again := newRun(r.texts, nil)
	again.carry, again.stood, again.remembered, again.read = true, r.stood, r.remembered, r.read
	again.others = r.others
	out := again.layDocuments()
	r.overRecords = again.overRecords
	if len(r.overRecords) > 0 || out.Findings.Failed() {
		return r.refuseCarried()
	}
	now := map[sidecar.Ref]*manifest.Object{}
	for _, t := range out.Texts {
		text, err := manifest.Parse(t.Name, t.String())
		if err != nil {
			return r.refuseCarried()
		}
		for _, o := range text.Objects {
			now[o.Ref] = o
		}
	}
	for ref, before := range r.stood {
		if now[ref] == nil || !before.IsLike(now[ref]) {
			return r.refuseCarried()
		}
	}
	return true
}

// refuseCarried ends a run that can't use the records that kustomize carries. The next one
// ignores them, so nobody reads the finding.
func (r *run) refuseCarried() bool {
	r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "record-forged",
		Message: "the records that kustomize carries aren't those of this build"})
	return false
}
