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
	if isFunction(args, in) {
		if fn.Process(in, out, err) != nil {
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

// isFunction reports whether the program is called as a function. That's decided before any command is built, so that a
// renderer's run doesn't pay for them. kustomize's legacy plugins, which are called with the name of their kind and one
// file, would be recognised here, too.
func isFunction(args []string, in io.Reader) bool {
	return len(args) == 1 && !report.IsTerminal(in)
}
