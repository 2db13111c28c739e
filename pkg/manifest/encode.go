package manifest

import (
	"strconv"
	"strings"
)

// style is how the text around an insertion is written. What is inserted there
// looks as if the same person had written it.
type style struct {
	indent  int    // of a mapping in a mapping
	compact bool   // lists stand at the column of their key
	newline string // "\n" or "\r\n"
	open    bool   // no line break comes at the end
}

// mapping writes the entries of a mapping, the first one without indentation,
// the others at a column; there's no line break at the end.
func (st style) mapping(m ordered, col int) string {
	w := printer{style: st}
	w.entries(m, col, true)
	return w.text.String()
}

// sequence writes the items of a list like mapping does its entries.
func (st style) sequence(list []any, col int) string {
	w := printer{style: st}
	w.items(list, col, true)
	return w.text.String()
}

// keyValue writes "key: value" for an entry that stands at a column.
func (st style) keyValue(key string, v any, col int) string {
	w := printer{style: st}
	w.entry(key, v, col, true)
	return w.text.String()
}

// item writes "- value" for an item whose dash stands at a column.
func (st style) item(v any, col int) string {
	w := printer{style: st}
	w.dash(v, col, true)
	return w.text.String()
}

// printer writes block YAML. Its methods are told the column where they begin,
// and whether nothing of ours follows: whose lines come next isn't known then.
type printer struct {
	style
	text strings.Builder
}

func (w *printer) line(col int) {
	w.text.WriteString(w.newline)
	w.pad(col)
}

func (w *printer) pad(n int) {
	for range n {
		w.text.WriteByte(' ')
	}
}

func (w *printer) entries(m ordered, col int, last bool) {
	for i, e := range m {
		if i > 0 {
			w.line(col)
		}
		w.entry(e.key, e.value, col, last && i == len(m)-1)
	}
}

func (w *printer) items(list []any, col int, last bool) {
	for i, v := range list {
		if i > 0 {
			w.line(col)
		}
		w.dash(v, col, last && i == len(list)-1)
	}
}

func (w *printer) entry(key string, v any, col int, last bool) {
	k := scalar(key)
	if len(k) > longKey {
		w.text.WriteString("? " + k)
		w.line(col)
		k = ""
	}
	w.text.WriteString(k + ":")
	switch v := v.(type) {
	case ordered:
		if len(v) > 0 {
			w.line(col + w.indent)
			w.entries(v, col+w.indent, last)
			return
		}
	case []any:
		if len(v) > 0 {
			at := col
			if !w.compact {
				at += w.indent
			}
			w.line(at)
			w.items(v, at, last)
			return
		}
	}
	w.text.WriteByte(' ')
	w.leaf(v, col, last)
}

func (w *printer) dash(v any, col int, last bool) {
	w.text.WriteString("- ")
	switch v := v.(type) {
	case ordered:
		if len(v) > 0 {
			w.entries(v, col+2, last)
			return
		}
	case []any:
		if len(v) > 0 {
			w.items(v, col+2, last)
			return
		}
	}
	w.leaf(v, col, last)
}

// leaf writes a scalar or an empty collection behind a key or dash at a column.
func (w *printer) leaf(v any, col int, last bool) {
	if s, ok := v.(string); ok && strings.Contains(s, "\n") && w.literal(s, col, last) {
		return
	}
	w.text.WriteString(scalar(v))
}

// literal writes a text of several lines as such. It refuses what readers don't
// agree on, or what lines of others could change.
func (w *printer) literal(s string, col int, last bool) bool {
	body := strings.TrimRight(s, "\n")
	breaks := len(s) - len(body)
	switch {
	case !verbatim(body):
		return false
	case breaks > 0 && last && w.open:
		return false
	case breaks > 1 && last: // "|+" would take blank lines that follow for its own
		return false
	}
	deep := min(w.indent, 9) // an indicator has one digit
	w.text.WriteByte('|')
	if strings.IndexByte(" \t\n", s[0]) >= 0 { // readers would guess the indentation wrongly
		w.text.WriteString(strconv.Itoa(deep))
	}
	switch breaks {
	case 0:
		w.text.WriteByte('-')
	case 1:
	default:
		w.text.WriteByte('+')
	}
	for l := range strings.SplitSeq(strings.TrimSuffix(s, "\n"), "\n") {
		w.text.WriteString(w.newline)
		if l != "" {
			w.pad(col + deep)
			w.text.WriteString(l)
		}
	}
	return true
}

// verbatim reports whether a text without line breaks at its end can stand as it
// is: all characters are printable, and neither its first line of text nor its
// last consists of blanks, which couldn't be told from indentation.
func verbatim(body string) bool {
	for _, r := range body {
		if r != '\n' && r != '\t' && !printable(r) {
			return false
		}
	}
	first, _, _ := strings.Cut(strings.TrimLeft(body, "\n"), "\n")
	last := body[strings.LastIndexByte(body, '\n')+1:]
	return strings.Trim(first, " \t") != "" && strings.Trim(last, " \t") != ""
}

func blanks(col int) string { return strings.Repeat(" ", col) }
