// Package report prints for people what a run has found: errors, findings and notes,
// each with its way out on a line of its own below it, as compilers do:
//
//	error[unknown-field]: sidecars.yaml:7: spec.select[0].nmae: there is no such field
//	  hint: did you mean name
//
// What is printed is one line each, whatever the input has in it.
package report

import (
	"cmp"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// IO is the code of errors of files, streams and the system.
const IO = "io"

// printed are codes of info findings that nobody may miss: who goes without a sidecar,
// and what is removed. Others are in the results of a function only.
var printed = []string{sidecar.Skipped, "object-removed"}

// A Printer prints to a stream, mostly standard error. A stream that fails is no
// concern of its: there is no other place to say so.
type Printer struct {
	w       io.Writer
	colored bool
}

// New returns a printer that colors as color says.
func New(w io.Writer, color Color) *Printer {
	return &Printer{w: w, colored: color == Always || color != Never && canShowColor(w)}
}

// A Color says when output is colored.
type Color string

const (
	Auto   Color = "auto"   // on a terminal, unless NO_COLOR is set (https://no-color.org) or TERM is dumb
	Always Color = "always" // whatever the output is
	Never  Color = "never"
)

// Colors are all values of Color.
var Colors = []string{string(Auto), string(Always), string(Never)}

func canShowColor(w io.Writer) bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && IsTerminal(w)
}

// IsTerminal reports whether a stream is a terminal.
func IsTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// PrintFindings prints errors and warnings, and those info findings that nobody may
// miss.
func (p *Printer) PrintFindings(fs sidecar.Findings) {
	for _, f := range fs {
		if f.Severity != sidecar.Info || slices.Contains(printed, f.Code) {
			hint := f.Hint
			if f.Hint = ""; hint == "" { // a message may be an error of this house
				f.Message, hint, _ = strings.Cut(f.Message, "; ")
			}
			p.print(string(f.Severity), f.Code, f.String(), hint)
		}
	}
}

// PrintError prints an error: all findings where it's made of them, else each line of
// it. "what; hint" is the form of errors in this house. Without an error it prints nothing.
func (p *Printer) PrintError(err error) {
	if err == nil {
		return
	}
	if fs, ok := errors.AsType[sidecar.Findings](err); ok {
		p.PrintFindings(fs)
		return
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		what, hint, _ := strings.Cut(line, "; ")
		p.print(string(sidecar.Error), IO, what, hint)
	}
}

// PrintNotes prints what is worth knowing of the input.
func (p *Printer) PrintNotes(notes []string) {
	for _, n := range notes {
		what, hint, _ := strings.Cut(n, "; ")
		p.print("note", "", what, hint)
	}
}

// PrintLines prints lines as they are, each of them one.
func (p *Printer) PrintLines(lines []string) {
	for _, line := range lines {
		p.write(sidecar.OneLine(line) + "\n")
	}
}

// paint are the colors of a kind of message; others are blue.
var paint = map[string]string{"error": "\x1b[1;31m", "warning": "\x1b[1;33m"}

func (p *Printer) print(kind, code, what, hint string) {
	head, label := kind, "  hint:"
	if code != "" {
		head += "[" + code + "]"
	}
	head += ":"
	if p.colored {
		const reset = "\x1b[0m"
		head = cmp.Or(paint[kind], "\x1b[1;34m") + head + reset
		label = "  \x1b[36mhint:" + reset
	}
	text := head + " " + sidecar.OneLine(what) + "\n"
	if hint != "" {
		text += label + " " + sidecar.OneLine(hint) + "\n"
	}
	p.write(text)
}

func (p *Printer) write(text string) { _, _ = io.WriteString(p.w, text) }
