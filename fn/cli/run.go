// Package cli is the command line of outrigger. Commands return errors; Run prints
// them and turns them into exit codes.
package cli

import (
	"errors"
	"io"
	"path/filepath"
	"slices"

	"github.com/outrigger-dev/outrigger/fn"
	"github.com/outrigger-dev/outrigger/pkg/report"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

//go:generate go run ./gen

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1 // a finding is an error, or something couldn't be read or written: nothing was written
	exitMisuse = 2 // the command line is wrong
	exitChange = 3 // --check: something would change
)

// streams are the standard streams of the program.
type streams struct {
	in       io.Reader
	out, err io.Writer
	color    report.Color
	warnings sidecar.Severity // what they are; "": warnings
	quiet    bool             // nothing but findings is printed on err
	// helmPlugin says that errors are printed on out, too, as nobody sees err and the exit code: see tellHelm.
	helmPlugin bool
	findings   findingsFlags
}

// printer returns the printer of what isn't a finding. It prints nothing where a program reads err.
func (s *streams) printer() *report.Printer {
	if s.findings.isDocument() {
		return report.New(io.Discard, report.Never)
	}
	return report.New(s.err, s.color)
}

// showProgress says on a terminal what takes long, until finish is called.
func (s *streams) showProgress(what string) (finish func()) {
	if s.quiet || s.findings.isDocument() {
		return func() {}
	}
	return report.ShowProgress(s.err, what)
}

// tellFindings prints findings, or returns them as an error if one of them fails the run.
func (s *streams) tellFindings(fs sidecar.Findings) error {
	if s.warnings == sidecar.Error {
		fs = slices.Clone(fs)
		for i := range fs {
			if fs[i].Severity == sidecar.Warning {
				fs[i].Severity = sidecar.Error
			}
		}
	}
	if fs.Failed() { // nothing is removed then
		return slices.DeleteFunc(slices.Clone(fs), func(f sidecar.Finding) bool { return f.Code == "object-removed" })
	}
	s.findings.found = append(s.findings.found, fs...)
	if s.findings.printsText() {
		s.printer().PrintFindings(fs)
	}
	return nil
}

// Run runs the program and returns its exit code. args are the program's name and its arguments.
func Run(build Build, args []string, in io.Reader, out, err io.Writer) int {
	if process := functionFor(args, in); process != nil {
		if process(in, out, err) != nil {
			return exitFailed
		}
		return exitDone
	}
	s := &streams{in: in, out: out, err: err, color: report.Auto}
	root := newRoot(build, s)
	root.SetArgs(args[1:])
	failure := root.Execute()
	failure = s.finishFindings(failure, root.Version)
	if failure != nil && s.tellHelm(failure) {
		return exitDone
	}
	switch _, misused := errors.AsType[misuse](failure); {
	case errors.Is(failure, errWouldChange):
		return exitChange
	case misused:
		return exitMisuse
	case failure != nil:
		return exitFailed
	}
	return exitDone
}

// functionFor returns the function as which the program is called, or nil. That's decided
// before any command is built, so that a renderer's run doesn't pay for them. kustomize calls
// a legacy plugin by the name of its kind, with one file.
func functionFor(args []string, in io.Reader) func(in io.Reader, out, err io.Writer) error {
	switch {
	case len(args) == 2 && filepath.Base(args[0]) == pluginName:
		return func(in io.Reader, out, err io.Writer) error { return fn.Plugin(args[1], in, out, err) }
	case len(args) == 1 && !report.IsTerminal(in):
		return fn.Process
	}
	return nil
}
