package rig

import (
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Strip takes off what the document of a name laid on, or what any did where by is
// "". What other documents ask of the same workloads is laid on anew. Work without a
// record is an error: what stood there before isn't known.
func Strip(files []File, by string) ([]File, sidecar.Findings) {
	texts, fs := parseFiles(files)
	if fs.Failed() {
		return nil, fs
	}
	for _, t := range texts {
		for _, o := range t.Objects {
			if o.IsLaid() {
				fs = append(fs, sidecar.Finding{Severity: sidecar.Error, Code: "record-missing", Object: o.Ref, File: o.File(),
					Line:    lineOf(o),
					Message: "has sidecars of outrigger but no record of what was there before",
					Hint:    "render it from its sources again, without sidecars or with spec.record: always"})
			}
		}
	}
	if by != "" && !fs.Failed() {
		return stripDocument(texts, by)
	}
	every := func(string) bool { return true }
	out := make([]File, len(files))
	for i, t := range texts {
		text, more := manifest.Strip(t, func(*manifest.Object) bool { return true }, every)
		if fs = append(fs, more...); !more.Failed() {
			out[i] = File{files[i].Name, text.String()}
		}
	}
	fs = append(fs, manifest.ParseFindings(texts)...)
	if placeFindings(fs, texts, texts); fs.Failed() {
		return nil, sortFindings(fs)
	}
	return out, sortFindings(fs)
}

// stripDocument takes off what one document laid on, with a run that doesn't have it.
func stripDocument(texts []*manifest.Text, name string) ([]File, sidecar.Findings) {
	out := repeat(func() run {
		r := newRun(texts, nil)
		r.dropped, r.record = name, true
		return r
	}, (*run).layAll)
	if out.Findings.Failed() {
		return nil, out.Findings
	}
	return out.Files(), out.Findings
}
