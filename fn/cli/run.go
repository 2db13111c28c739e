// Package cli is the command line of outrigger. Commands return errors; Run prints
// them and turns them into exit codes.
package cli

import (
	"errors"
	"io"

	"github.com/outrigger-dev/outrigger/fn"
	"github.com/outrigger-dev/outrigger/pkg/report"
)

//go:generate go run ./gen

// Exit codes.
const (
	Done   = 0
	Failed = 1 // a finding is an error, or something couldn't be read or written: nothing was written
	Misuse = 2 // the command line is wrong
	// 3 is kept for a check that finds that something would change.
)

// streams are those of the program, and how it prints to standard error.
type streams struct {
	in       io.Reader
	out, err io.Writer
	color    report.Color
}

func (s *streams) printer() *report.Printer { return report.New(s.err, s.color) }

// Run runs the program and returns its exit code. args are the program's name and its
// arguments; an empty version stands for that of the module.
func Run(version string, args []string, in io.Reader, out, err io.Writer) int {
	if isFunction(args, in) {
		if fn.Process(in, out, err) != nil {
			return Failed
		}
		return Done
	}
	s := &streams{in: in, out: out, err: err, color: report.Auto}
	root := newRoot(version, s)
	root.SetArgs(args[1:])
	failure := root.Execute()
	s.printer().PrintError(failure)
	switch _, misused := errors.AsType[misuse](failure); {
	case misused:
		return Misuse
	case failure != nil:
		return Failed
	}
	return Done
}

// isFunction reports whether the program is called as a function. That is decided
// here, before there are any commands, so that a run in a renderer doesn't pay for them.
// kustomize's plugins of the legacy form, which are called by the name of their kind and
// with one file, would be recognised here too.
func isFunction(args []string, in io.Reader) bool {
	return len(args) == 1 && !report.IsTerminal(in)
}
