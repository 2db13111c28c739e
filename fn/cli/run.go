// Package cli is the command line of outrigger. Commands return errors; Run prints
// them and turns them into exit codes.
package cli

import (
	"errors"
	"io"
	"path/filepath"

	"github.com/outrigger-dev/outrigger/fn"
	"github.com/outrigger-dev/outrigger/pkg/report"
)

//go:generate go run ./gen

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1 // a finding is an error, or something couldn't be read or written: nothing was written
	exitMisuse = 2 // the command line is wrong
	// 3 is reserved for a check that finds that something would change
)

// streams are the standard streams of the program.
type streams struct {
	in       io.Reader
	out, err io.Writer
	color    report.Color
}

func (s *streams) printer() *report.Printer { return report.New(s.err, s.color) }

// Run runs the program and returns its exit code. args are the program's name and its arguments. An empty version means
// that of the module.
func Run(version string, args []string, in io.Reader, out, err io.Writer) int {
	if process := functionFor(args, in); process != nil {
		if process(in, out, err) != nil {
			return exitFailed
		}
		return exitDone
	}
	s := &streams{in: in, out: out, err: err, color: report.Auto}
	root := newRoot(version, s)
	root.SetArgs(args[1:])
	failure := root.Execute()
	s.printer().PrintError(failure)
	switch _, misused := errors.AsType[misuse](failure); {
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
