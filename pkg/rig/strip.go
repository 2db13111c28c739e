package rig

import (
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Strip takes off what the config of a name laid on, or what any did where by is
// "". Work without a record is an error: what stood there before isn't known.
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
					Message: "has sidecars of outrigger's but no record of what stood there before",
					Hint:    "render from the sources again without them, or set spec.record: always"})
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
