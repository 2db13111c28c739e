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

// A likeness is how warnings with one code and other words are joined: of several in a run, one is printed in full, and
// names the objects of the others. Where one change, of the config or of Prometheus, ends all, it names some of them.
// Where each needs one, it names all. A hint may be the object's own, and then says that the others have theirs.
type likeness struct{ namesAll, ownHint bool }

var alike = map[string]likeness{
	"args-replace-cmd":      {},
	"default-container":     {},
	"env-append-hidden":     {},
	"gateway-backend-tls":   {namesAll: true, ownHint: true},
	"mesh-backend":          {namesAll: true, ownHint: true},
	"mesh-startup":          {},
	"network-policy-dial":   {namesAll: true},
	"network-policy-egress": {namesAll: true},
	"network-policy-open":   {namesAll: true},
	"network-policy-scrape": {namesAll: true},
	"port-left":             {namesAll: true},
	"scrape-ca":             {},
	"scrape-refused":        {},
	"service-headless":      {namesAll: true},
	"startup-deadlock":      {},
}

// joinAlike makes one of such warnings that have the same hint, and of any with the same words. It names the other
// objects in its message.
func joinAlike(fs sidecar.Findings) sidecar.Findings {
	type kind struct {
		severity                               sidecar.Severity
		code, sidecar, document, message, hint string
	}
	first, others, more := map[kind]int{}, map[kind][]string{}, map[kind]bool{}
	var out sidecar.Findings
	for _, f := range fs {
		k := kind{f.Severity, f.Code, f.Sidecar, f.Document, f.Message, f.Hint}
		like, inOtherWords := alike[f.Code]
		if inOtherWords {
			k.message = ""
		}
		if like.ownHint {
			k.hint = ""
		}
		at, known := first[k]
		if f.Severity != sidecar.Warning || !known {
			first[k] = len(out)
			out = append(out, f)
			continue
		}
		more[k] = more[k] || like.ownHint && f.Hint != out[at].Hint
		if name := f.Object.String(); f.Object != out[at].Object && !slices.Contains(others[k], name) {
			others[k] = append(others[k], name)
		}
	}
	const most = 5 // that are named where one change ends all
	for k, names := range others {
		text := strings.Join(names, ", ")
		if like, known := alike[k.code]; known && !like.namesAll && len(names) > most {
			text = fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
		}
		out[first[k]].Message += " (also " + text + ")"
	}
	for k := range more {
		if more[k] {
			out[first[k]].Hint += ", and one like it for each of the others (--findings json has them)"
		}
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
