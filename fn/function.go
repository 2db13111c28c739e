// Package fn is the KRM function: it reads a ResourceList with a Sidecars document as its functionConfig, and writes it
// with the sidecars of that document. kustomize and kpt run it as the program outrigger. Other programs can embed it.
package fn

import (
	"errors"
	"io"
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/files"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/report"
	"github.com/outrigger-dev/outrigger/pkg/rig"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Process reads a ResourceList from in, and writes it to out with the sidecars of its functionConfig. It prints
// findings on err for people, as kustomize doesn't show results. If a finding is an error, it writes the items
// unchanged and the findings as results, since runners delete items that a function doesn't return.
//
// An error means that the run failed, and has been printed on err already. It consists of sidecar.Findings.
func Process(in io.Reader, out, err io.Writer) error {
	p := report.New(err, report.Auto)
	failure := Transform(in, out, p)
	p.PrintError(failure)
	return failure
}

// Transform is Process for callers that print the error themselves. It prints the findings of a run that succeeds.
func Transform(in io.Reader, out io.Writer, p *report.Printer) error {
	text, err := readList(in)
	if err != nil {
		return err
	}
	laid, fs, results := layConfig(text)
	if fs.Failed() {
		laid, results = manifest.Unchanged(text), fs
	} else {
		p.PrintFindings(fs)
	}
	laid, err = laid.WithResults(results)
	if err != nil {
		return refuse("results-refused", "results can't be added: "+err.Error(), "")
	}
	if _, err := laid.WriteTo(out); err != nil {
		return refuse(report.IO, "standard output can't be written: "+err.Error(), "")
	}
	return fs.Err()
}

// readList reads a ResourceList.
func readList(in io.Reader) (*manifest.Text, error) {
	src, err := files.ReadStream(in)
	switch {
	case errors.Is(err, files.ErrEmpty):
		return nil, refuse("no-input", err.Error(), "a ResourceList is expected there; see outrigger --help")
	case err != nil:
		return nil, refuse(report.IO, err.Error(), "")
	}
	text, err := manifest.Parse("", src)
	if err != nil {
		return nil, refuse("yaml-syntax", "standard input: "+err.Error(), "")
	}
	if !text.IsResourceList() {
		message := "standard input: " + text.NoResourceList()
		return nil, refuse("no-resource-list", message, "for plain manifests use: outrigger inject -c FILE")
	}
	return text, nil
}

// refuse returns an error with one finding.
func refuse(code, message, hint string) error {
	return sidecar.Findings{{Severity: sidecar.Error, Code: code, Message: message, Hint: hint}}
}

// layConfig adds the sidecars of a list's functionConfig to the list. Its findings are for people. Where files are
// written back, the results for the runner have one about each workload, too.
func layConfig(text *manifest.Text) (laid manifest.Edited, fs, results sidecar.Findings) {
	if text.FunctionConfig == nil {
		return laid, sidecar.Findings{{Severity: sidecar.Error, Code: "config-missing", Field: "functionConfig",
			Message: "the ResourceList has none", Hint: "give the runner a Sidecars document"}}, nil
	}
	conf, fs := config.ReadFunctionConfig(text.FunctionConfig)
	if fs = slices.Concat(fs, checkPosition(text), checkTwins(text, conf)); fs.Failed() {
		return laid, fs, nil
	}
	if isGenerator(conf, text.Objects) {
		return laid, append(fs, noObjects(conf)...), nil
	}
	laid, more, results := laySidecars(text, conf)
	return laid, slices.Concat(fs, more), slices.Concat(fs, results)
}

// laySidecars adds the sidecars of a document to a list.
func laySidecars(text *manifest.Text, conf *config.Sidecars) (laid manifest.Edited, fs, results sidecar.Findings) {
	out := rig.RunTexts([]*manifest.Text{text}, []*config.Sidecars{conf}, rig.Options{})
	stray := checkResources(text.Objects)
	fs = slices.Concat(stray, out.Findings)
	if fs.Failed() {
		return laid, fs, nil
	}
	if results = fs; text.IsWrittenBack() {
		fs, results = slices.Concat(stray, out.Own()), slices.Concat(stray, out.Results())
	}
	laid, more := out.Texts[0].ForgetIDs(text)
	return laid, slices.Concat(fs, more), results
}
