package rig

import (
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Strip removes what the config with a name added, or what any config did if by is "". Sidecars without a record are an
// error, since nobody knows what was there before.
func Strip(files []File, by string) ([]File, sidecar.Findings) {
	texts, fs := parseFiles(files)
	if fs.Failed() {
		return nil, fs
	}
	out := make([]File, len(files))
	for i, t := range texts {
		for _, o := range t.Objects {
			if o.Laid() {
				fs = append(fs, sidecar.Finding{Severity: sidecar.Error, Code: "record-missing", Object: o.Ref, File: o.File(),
					Line:    lineOf(o),
					Message: "has sidecars of outrigger but no record of what was there before",
					Hint:    "render it from its sources again, without sidecars or with spec.record: always"})
			}
		}
		text, more := manifest.Strip(t, by, true)
		if fs = append(fs, more...); !more.Failed() {
			out[i] = File{files[i].Name, text.String()}
		}
	}
	if fs = append(fs, manifest.ParseFindings(texts)...); fs.Failed() {
		return nil, sortFindings(fs)
	}
	return out, sortFindings(fs)
}
