package generate

import "strings"

// A layout is how a text is written throughout.
type layout struct {
	indent  int  // of a mapping in a mapping
	compact bool // lists stand at the column of their key
	gap     int  // blanks behind a dash
}

type writer struct {
	layout
	b strings.Builder
}

// write gives the text of a block mapping at a column, each line with its break.
func (l layout) write(n *Node, col int) string {
	w := writer{layout: l}
	if n.flow || len(n.entries) == 0 {
		w.pad(col)
		w.b.WriteString(n.prefix + w.brackets(n, col))
		w.b.WriteByte('\n')
		return w.b.String()
	}
	w.collection(n, col, false)
	return w.b.String()
}

func (w *writer) pad(n int) { w.b.WriteString(strings.Repeat(" ", n)) }

func (w *writer) comments(cs []comment, col int) {
	for _, c := range cs {
		if c.text != "" && !c.left {
			w.pad(col)
		}
		w.b.WriteString(c.text + "\n")
	}
}

// collection writes entries; the first one stands where the writer is where
// inline is set.
func (w *writer) collection(n *Node, col int, inline bool) {
	for i, e := range n.entries {
		if i > 0 || !inline {
			w.comments(e.above, col)
			w.pad(col)
		}
		if n.kind == mapKind {
			w.b.WriteString(e.quote + e.key + e.quote + ":")
			w.value(e, col, false)
		} else {
			w.b.WriteString("-")
			w.value(e, col, true)
		}
		w.comments(e.below, col)
	}
}

// value writes what stands behind a key's colon or a dash, up to the line's end.
func (w *writer) value(e *Entry, col int, item bool) {
	n := e.value
	lead := " "
	if n.prefix != "" {
		lead += strings.TrimSuffix(n.prefix, " ")
	}
	switch {
	case len(n.body) > 0:
		w.b.WriteString(" " + n.text + e.behind + "\n")
		w.lines(n.body, col)
	case n.collection() && len(n.entries) > 0 && !n.flow && !item:
		if n.prefix != "" {
			w.b.WriteString(lead)
		}
		w.b.WriteString(e.behind + "\n")
		at := col + w.indent
		if n.kind == listKind && w.compact {
			at = col
		}
		w.collection(n, at, false)
	case n.collection() && len(n.entries) > 0 && !n.flow:
		at := col + 1 + w.gap
		if e.own || n.prefix != "" {
			if n.prefix != "" {
				w.b.WriteString(lead)
			}
			w.b.WriteString(e.behind + "\n")
			w.collection(n, at, false)
			return
		}
		w.pad(w.gap)
		w.collection(n, at, true)
	default:
		text := n.text
		if n.collection() {
			text = w.brackets(n, col)
		}
		if n.prefix != "" {
			w.b.WriteString(lead)
		}
		if text != "" {
			if item && n.prefix == "" {
				w.pad(w.gap)
			} else {
				w.b.WriteByte(' ')
			}
			w.b.WriteString(text)
		}
		w.b.WriteString(e.behind + "\n")
	}
}

// lines writes the body of a block scalar; a line of blanks only stays as it is.
func (w *writer) lines(body []string, col int) {
	for _, l := range body {
		if l != "" {
			w.pad(col + w.indent)
		}
		w.b.WriteString(l + "\n")
	}
}

// brackets writes a collection between brackets.
func (w *writer) brackets(n *Node, col int) string {
	shut := map[kind]string{mapKind: "{}", listKind: "[]"}[n.kind]
	if len(n.entries) == 0 {
		return shut
	}
	sep, first, last := ", ", "", ""
	if n.broken {
		sep = ",\n" + strings.Repeat(" ", col+w.indent)
		first, last = sep[1:], sep[1:len(sep)-w.indent]
	}
	var parts []string
	for _, e := range n.entries {
		text := e.value.text
		if e.value.collection() {
			text = w.brackets(e.value, col+w.indent)
		}
		if e.value.prefix != "" {
			text = e.value.prefix + text
		}
		if n.kind == mapKind {
			text = e.quote + e.key + e.quote + ": " + text
		}
		parts = append(parts, text)
	}
	return shut[:1] + first + strings.Join(parts, sep) + last + shut[1:]
}
