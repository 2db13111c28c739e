package rig

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// RunRendered is [RunAll] for what a renderer has printed, which must be objects and nothing
// else: its output may be applied to a cluster, with everything removed from it that isn't
// there any more.
func RunRendered(text string, docs []*config.Sidecars) Output {
	t, f := parseRendered(text)
	if f.Message != "" {
		f.Severity, f.Code = sidecar.Error, "rendered-other"
		return Output{Findings: sidecar.Findings{f}}
	}
	return RunTexts([]*manifest.Text{t}, docs, Options{})
}

// onlyManifests is the hint about what a renderer prints.
const onlyManifests = "it may print nothing but manifests to its standard output"

// parseRendered parses what a renderer has printed, or says what is wrong with it.
func parseRendered(text string) (*manifest.Text, sidecar.Finding) {
	t, err := manifest.Parse("", text)
	if err != nil {
		message := "the output can't be read: " + err.Error()
		if line := manifest.DescribeBroken(text, err); line != "" {
			message = "the output isn't manifests alone: " + line
		}
		return nil, sidecar.Finding{Message: message, Hint: onlyManifests}
	}
	if stray := t.FindStray(); stray != "" {
		return nil, sidecar.Finding{Message: "the output isn't manifests alone: " + stray, Hint: onlyManifests}
	}
	if len(t.Objects) == 0 {
		return nil, sidecar.Finding{Message: "the output has no objects",
			Hint: "see what the command prints without outrigger"}
	}
	return t, sidecar.Finding{}
}

// ReadObjects returns the objects of files as JSON, without those that no cluster takes.
func ReadObjects(files []File) (all []json.RawMessage, fs sidecar.Findings) {
	texts, fs := parseFiles(files)
	manifest.MarkPatches(texts)
	for _, t := range texts {
		for _, o := range t.Objects {
			if o.IsOnlyLocal() || o.IsToolConfig() {
				continue
			}
			var raw json.RawMessage
			if err := o.Decode(nil, &raw); err != nil {
				fs = append(fs, sidecar.Finding{Severity: sidecar.Error, Code: "object-unreadable", Object: o.Ref, File: o.File(),
					Line: o.Line(), Message: err.Error()})
			}
			all = append(all, raw)
		}
	}
	return all, append(fs, manifest.ParseFindings(texts)...)
}

// RunInBuild runs documents over objects as kustomize runs a function within a build. They need the annotation by which
// it identifies them.
func RunInBuild(objects []json.RawMessage, docs []*config.Sidecars) (all []json.RawMessage, err error) {
	var b strings.Builder
	b.WriteString(`{"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": [`)
	for i, o := range objects {
		if i > 0 {
			b.WriteString(",\n")
		}
		b.Write(o)
	}
	b.WriteString("]}\n")
	t, err := manifest.Parse("", b.String())
	if err != nil {
		return nil, err
	}
	out := RunTexts([]*manifest.Text{t}, docs, Options{})
	if out.Findings.Failed() {
		return nil, out.Findings
	}
	if t, err = manifest.Parse("", out.Texts[0].String()); err != nil {
		return nil, err
	}
	for _, o := range t.Objects {
		var raw json.RawMessage
		if err := o.Decode(nil, &raw); err != nil {
			return nil, errors.New(o.Ref.String() + ": " + err.Error())
		}
		all = append(all, raw)
	}
	return all, nil
}
