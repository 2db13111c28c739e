package sidecar

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Severity of a finding, in the words of the KRM functions specification.
type Severity string

const (
	Error   Severity = "error"   // the run fails, nothing is written
	Warning Severity = "warning" // the result works, but not as well as it could
	Info    Severity = "info"    // worth knowing
)

// Skipped is the code of findings about workloads that don't get a sidecar. They are
// always printed, whatever their severity.
const Skipped = "skipped"

// Patch is the code of findings about patches that a document would select. They are
// always printed.
const Patch = "patch"

// PodResources is the code of findings about a pod whose own resources are raised. They are
// always printed, since a pod that requests more is what somebody pays for.
const PodResources = "pod-resources"

// GracePeriodCode is the code of findings about a pod's grace period. They are always printed,
// since a value that a person wrote may have been raised.
const GracePeriodCode = "grace-period"

// A Finding is one thing that is wrong or worth knowing. Texts are lower case
// and without a full stop; they never hold the value of a secret.
type Finding struct {
	Severity Severity
	Code     string // stable, kebab-case: "port-conflict"
	Object   Ref    // zero if it's about the config
	Sidecar  string // the sidecar that it's about; may be empty
	Document string // of a finding about a field of the sidecar: the Sidecars document, where there may be several
	Field    string // path in Object or in the config
	Message  string // what is wrong
	Hint     string // what to do; may be empty
	File     string // slash-separated; may be empty
	Line     int    // in File, from 1; 0 if unknown
	Unfit    bool   // no config of this sidecar suits the workload
}

// String returns the finding on one line: "where: what; hint".
func (f Finding) String() string {
	var b strings.Builder
	if f.File != "" {
		b.WriteString(f.File)
		if f.Line > 0 {
			fmt.Fprintf(&b, ":%d", f.Line)
		}
		b.WriteString(": ")
	} else if f.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", f.Line)
	}
	if f.Object != (Ref{}) {
		b.WriteString(f.Object.String())
		if f.Field != "" {
			b.WriteString(" " + f.Field)
		}
		b.WriteString(": ")
	} else if f.Field != "" {
		b.WriteString(f.Field + ": ")
	}
	b.WriteString(f.About())
	if f.Hint != "" {
		b.WriteString("; " + f.Hint)
	}
	return OneLine(b.String())
}

// About returns the message, behind the sidecar and the document that it's about.
func (f Finding) About() string {
	who := f.Sidecar
	if f.Document != "" {
		who = strings.TrimSpace(who + " (Sidecars " + f.Document + ")")
	}
	if who == "" {
		return f.Message
	}
	return who + ": " + f.Message
}

// OneLine returns a text on one line that shows everything in it: line breaks become
// blanks, and other invisible characters, and those that reverse the direction of text,
// become numbers. Everything that is printed of an input goes through it.
func OneLine(s string) string {
	hidden := func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }
	if strings.IndexFunc(s, hidden) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n', r == '\t', r == '\r':
			b.WriteByte(' ')
		case hidden(r):
			fmt.Fprintf(&b, "\\u%04x", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Findings are all findings of a step. As an error, they have all of them, not just the
// first one.
type Findings []Finding

// Error returns the findings, one on a line.
func (fs Findings) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// Failed reports whether one of the findings is an error.
func (fs Findings) Failed() bool {
	for _, f := range fs {
		if f.Severity == Error {
			return true
		}
	}
	return false
}

// Err returns fs if one of the findings is an error, and nil otherwise.
func (fs Findings) Err() error {
	if fs.Failed() {
		return fs
	}
	return nil
}

// Add appends a finding. The field is that of the sidecar's config or of the object, the
// message says what is wrong, and the hint what to do.
func (fs *Findings) Add(s Severity, code, field, message, hint string) {
	*fs = append(*fs, Finding{Severity: s, Code: code, Field: field, Message: message, Hint: hint})
}

// AddUnfit appends a finding, as Add does, that makes the workload unfit for the sidecar.
// A config may skip such workloads.
func (fs *Findings) AddUnfit(s Severity, code, field, message, hint string) {
	*fs = append(*fs, Finding{Severity: s, Code: code, Field: field, Message: message, Hint: hint, Unfit: true})
}

// Unfit returns the first finding that makes the workload unfit for the sidecar, or nil. Other
// errors don't count: what is wrong with a sidecar that isn't for the workload doesn't matter.
func (fs Findings) Unfit() *Finding {
	for i := range fs {
		if fs[i].Unfit {
			return &fs[i]
		}
	}
	return nil
}
