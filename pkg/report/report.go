// Package report prints errors, findings and notes for people, each with its hint on a
// line of its own, as compilers do:
//
//	error[unknown-field]: sidecars.yaml:7: spec.select[0].nmae: there is no such field
//	  hint: did you mean name
//
// Each message and each hint is one line, whatever characters the input has.
package report

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// IO is the code of errors of files, streams and the system.
const IO = "io"

// printed are the codes of info findings that are printed: a workload doesn't get a
// sidecar, a patch isn't one, an object is removed, or a value of the pod is raised. Others are only in the results of
// a function.
var printed = []string{sidecar.Skipped, sidecar.Patch, sidecar.PodResources, sidecar.GracePeriodCode, "object-removed",
	"line-break"}

// A Printer prints to a stream, usually standard error. It ignores errors of the stream,
// since there is no other place to report them.
type Printer struct {
	w       io.Writer
	colored bool
}

// New returns a printer. color decides whether it prints colors.
func New(w io.Writer, color Color) *Printer {
	return &Printer{w: w, colored: color == Always || color != Never && canShowColor(w)}
}

// Color says when output is colored.
type Color string

const (
	Auto   Color = "auto"   // on a terminal, unless NO_COLOR is set (https://no-color.org) or TERM is dumb
	Always Color = "always" // on every output
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

// alike are the codes of warnings that are as true of one workload as of the next, and that one change of the config,
// or of Prometheus, ends for all. Of several, one is printed in full.
var alike = []string{"args-replace-cmd", "env-append-hidden", "scrape-ca", "scrape-refused"}

// joinAlike makes one of such warnings that have the same hint, and names the other objects in its message.
func joinAlike(fs sidecar.Findings) sidecar.Findings {
	type kind struct{ code, sidecar, document, hint string }
	first, others := map[kind]int{}, map[kind][]string{}
	var out sidecar.Findings
	for _, f := range fs {
		k := kind{f.Code, f.Sidecar, f.Document, f.Hint}
		at, known := first[k]
		if f.Severity != sidecar.Warning || !slices.Contains(alike, f.Code) || !known {
			first[k] = len(out)
			out = append(out, f)
		} else if name := f.Object.String(); f.Object != out[at].Object && !slices.Contains(others[k], name) {
			others[k] = append(others[k], name)
		}
	}
	const most = 5 // that are named
	for k, names := range others {
		text := strings.Join(names, ", ")
		if len(names) > most {
			text = fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
		}
		out[first[k]].Message += " (also " + text + ")"
	}
	return out
}

// PrintFindings prints errors, warnings, and info findings with a code of printed.
func (p *Printer) PrintFindings(fs sidecar.Findings) {
	for _, f := range joinAlike(fs) {
		if f.Severity != sidecar.Info || slices.Contains(printed, f.Code) {
			hint := f.Hint
			if f.Hint = ""; hint == "" { // the message may be an error of the form "what; hint"
				f.Message, hint, _ = strings.Cut(f.Message, "; ")
			}
			p.print(string(f.Severity), f.Code, f.String(), hint)
		}
	}
}

// PrintError prints an error: all findings if it consists of them, or else each of its
// lines, which have the form "what; hint". It prints nothing for nil.
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

// PrintNotes prints notes about the input.
func (p *Printer) PrintNotes(notes []string) {
	for _, n := range notes {
		what, hint, _ := strings.Cut(n, "; ")
		p.print("note", "", what, hint)
	}
}

// PrintLines prints each text on one line.
func (p *Printer) PrintLines(lines []string) {
	for _, line := range lines {
		p.write(sidecar.OneLine(line) + "\n")
	}
}

// paint has the colors of some kinds of messages. Others are blue.
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
