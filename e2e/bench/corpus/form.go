package corpus

import (
	"bufio"
	"strconv"
	"strings"
)

// A Form is what hands the objects over.
type Form string

const (
	// Stream is a stream of documents, each as its repository writes them.
	Stream Form = "stream"
	// Kustomize is the ResourceList that kustomize gives to functions: comments
	// gone, keys sorted, lists compact, the function's config last.
	Kustomize Form = "kustomize"
	// Kpt is the ResourceList that kpt gives: comments, quotes and the order of
	// keys kept, the indentation its own.
	Kpt Form = "kpt"
)

// Flow is a stream of documents with metadata in brackets, as people write small ones.
const Flow Form = "flow"

// Forms are all of them.
var Forms = []Form{Stream, Kustomize, Kpt, Flow}

// IsStream reports whether the objects are documents, and no list.
func (f Form) IsStream() bool { return f == Stream || f == Flow }

type formatter struct {
	form   Form
	config string
	w      *bufio.Writer
	n      int
}

// putIntoBrackets writes the metadata of an object on one line, without annotations.
func putIntoBrackets(text string) string {
	head, rest, found := strings.Cut(text, "\nmetadata:\n")
	if !found {
		return text
	}
	var fields, labels []string
	in := ""
	for line := range strings.Lines(rest) {
		if !strings.HasPrefix(line, "  ") {
			break
		}
		rest = rest[len(line):]
		switch field := strings.TrimSpace(line); {
		case !strings.HasPrefix(line, "    "):
			if in = field; field != "labels:" && field != "annotations:" {
				fields = append(fields, field)
			}
		case in == "labels:":
			labels = append(labels, field)
		}
	}
	if labels != nil {
		fields = append(fields, "labels: {"+strings.Join(labels, ", ")+"}")
	}
	return head + "\nmetadata: {" + strings.Join(fields, ", ") + "}\n" + rest
}

func (f *formatter) beginStream() {
	if !f.form.IsStream() {
		f.w.WriteString("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n")
	}
}

func (f *formatter) writeObject(g *maker, o mapping) {
	house := houseOf(o)
	f.n++
	switch f.form {
	case Stream:
		if f.n > 1 || house.comments {
			f.w.WriteString("---\n")
		}
		if house.comments {
			f.w.WriteString("# " + licence + "\n")
		}
		(&writer{house, f.w}).writeMapping(o, 0)
	case Flow:
		var text strings.Builder
		b := bufio.NewWriter(&text)
		(&writer{style{indent: 2, compact: true}, b}).writeMapping(o, 0)
		b.Flush()
		f.w.WriteString("---\n" + putIntoBrackets(text.String()))
	case Kustomize:
		f.w.WriteString("- ")
		w := &writer{style{indent: 2, compact: true, sorted: true}, f.w}
		w.writeMapping(forKustomize(g, o), 2)
	case Kpt:
		f.w.WriteString("- ")
		if house.comments {
			f.w.WriteString("# " + licence + "\n  ")
		}
		wide := !house.compact
		house.indent, house.compact = 2, true
		(&writer{house, f.w}).writeMapping(forKpt(g, o, wide), 2)
	}
	f.w.WriteByte('\n')
}

func (f *formatter) endStream() {
	if f.form.IsStream() {
		return
	}
	f.w.WriteString("functionConfig:\n")
	for l := range strings.Lines(f.config) {
		f.w.WriteString("  " + l)
	}
}

const licence = "Copyright The Example Authors. Licensed under the Apache License 2.0."

// houseOf is the style of the repository that an object comes from: there is one
// for each namespace.
func houseOf(o mapping) style {
	team := 0
	if _, n, ok := strings.Cut(o.get("metadata").text("namespace"), "-"); ok {
		team, _ = strconv.Atoi(n) // namespaces are ours
	}
	return houses[team%len(houses)]
}

var houses = []style{
	{indent: 2, compact: true},
	{indent: 2},
	{indent: 2, flow: true, comments: true},
	{indent: 4, quote: '"'},
	{indent: 2, compact: true, comments: true, quote: '\''},
	{indent: 2, compact: true, flow: true, quote: '"'},
	{indent: 4, compact: true, comments: true},
}
