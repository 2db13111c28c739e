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

// writeNode gives the text of a block mapping at a column, each line with its break.
func (l layout) writeNode(n *Node, col int) string {
	w := writer{layout: l}
	if n.flow || len(n.entries) == 0 {
		w.writePad(col)
		w.b.WriteString(n.prefix + w.writeBrackets(n, col))
		w.b.WriteByte('\n')
		return w.b.String()
	}
	w.writeCollection(n, col, false)
	return w.b.String()
}

func (w *writer) writePad(n int) { w.b.WriteString(strings.Repeat(" ", n)) }

func (w *writer) writeComments(cs []comment, col int) {
	for _, c := range cs {
		if c.text != "" && !c.left {
			w.writePad(col)
		}
		w.b.WriteString(c.text + "\n")
	}
}

// writeCollection writes entries; the first one stands where the writer is where
// inline is set.
func (w *writer) writeCollection(n *Node, col int, inline bool) {
	for i, e := range n.entries {
		if i > 0 || !inline {
			w.writeComments(e.above, col)
			w.writePad(col)
		}
		if n.kind == mapKind {
			w.b.WriteString(e.quote + e.key + e.quote + ":")
			w.writeValue(e, col, false)
		} else {
			w.b.WriteString("-")
			w.writeValue(e, col, true)
		}
		w.writeComments(e.below, col)
	}
}

// writeValue writes what stands behind a key's colon or a dash, up to the line's end.
func (w *writer) writeValue(e *Entry, col int, item bool) {
	n := e.value
	lead := " "
	if n.prefix != "" {
		lead += strings.TrimSuffix(n.prefix, " ")
	}
	switch {
	case len(n.body) > 0:
		w.b.WriteString(" " + n.text + e.behind + "\n")
		w.writeLines(n.body, col)
	case n.isCollection() && len(n.entries) > 0 && !n.flow && !item:
		if n.prefix != "" {
			w.b.WriteString(lead)
		}
		w.b.WriteString(e.behind + "\n")
		at := col + w.indent
		if n.kind == listKind && w.compact {
			at = col
		}
		w.writeCollection(n, at, false)
	case n.isCollection() && len(n.entries) > 0 && !n.flow:
		at := col + 1 + w.gap
		if e.own || n.prefix != "" {
			if n.prefix != "" {
				w.b.WriteString(lead)
			}
			w.b.WriteString(e.behind + "\n")
			w.writeCollection(n, at, false)
			return
		}
		w.writePad(w.gap)
		w.writeCollection(n, at, true)
	default:
		text := n.text
		if n.isCollection() {
			text = w.writeBrackets(n, col)
		}
		if n.prefix != "" {
			w.b.WriteString(lead)
		}
		if e.low {
			w.b.WriteString(e.behind + "\n")
			w.writeComments(e.over, col+w.indent)
			w.writePad(col + w.indent)
			w.b.WriteString(text + "\n")
			return
		}
		if text != "" {
			if item && n.prefix == "" {
				w.writePad(w.gap)
			} else {
				w.b.WriteByte(' ')
			}
			w.b.WriteString(text)
		}
		w.b.WriteString(e.behind + "\n")
	}
}

// writeLines writes the body of a block scalar; a line of blanks only stays as it is.
func (w *writer) writeLines(body []string, col int) {
	for _, l := range body {
		if l != "" {
			w.writePad(col + w.indent)
		}
		w.b.WriteString(l + "\n")
	}
}

// writeBrackets writes a collection between brackets.
func (w *writer) writeBrackets(n *Node, col int) string {
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
		if e.value.isCollection() {
			text = w.writeBrackets(e.value, col+w.indent)
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
