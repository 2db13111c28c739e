package values

import (
	"strconv"
	"strings"
)

// Style is the style of the text around an insertion, which the inserted text gets, too.
type Style struct {
	Indent  int    // of a mapping in a mapping
	Compact bool   // lists are at the column of their key
	Newline string // "\n" or "\r\n"
	Open    bool   // the text has no line break at its end
}

// FormatMapping writes the entries of a mapping: the first one without indentation, the
// others at a column. There's no line break at the end.
func (st Style) FormatMapping(m Map, col int) string {
	w := printer{Style: st}
	w.writeEntries(m, col, true)
	return w.text.String()
}

// FormatEntry writes "key: value" for an entry at a column.
func (st Style) FormatEntry(key string, v any, col int) string {
	w := printer{Style: st}
	w.writeEntry(key, v, col, true)
	return w.text.String()
}

// FormatItem writes "- value" for an item with its dash at a column.
func (st Style) FormatItem(v any, col int) string {
	w := printer{Style: st}
	w.writeItem(v, col, true)
	return w.text.String()
}

// FormatValue writes a value that begins on a line of its own, at a column.
func (st Style) FormatValue(v any, col int) string {
	w := printer{Style: st}
	switch v := v.(type) {
	case Map:
		if len(v) > 0 {
			w.writeEntries(v, col, true)
			return w.text.String()
		}
	case []any:
		if len(v) > 0 {
			w.writeItems(v, col, true)
			return w.text.String()
		}
	}
	return FormatScalar(v)
}

// printer writes block YAML. Arguments of its methods are the column at which they begin,
// and whether it's the last inserted text, behind which any line may follow.
type printer struct {
	Style
	text strings.Builder
}

func (w *printer) writeBreak(col int) {
	w.text.WriteString(w.Newline)
	w.writeBlanks(col)
}

func (w *printer) writeBlanks(n int) {
	for range n {
		w.text.WriteByte(' ')
	}
}

func (w *printer) writeEntries(m Map, col int, last bool) {
	for i, e := range m {
		if i > 0 {
			w.writeBreak(col)
		}
		w.writeEntry(e.Key, e.Value, col, last && i == len(m)-1)
	}
}

func (w *printer) writeItems(list []any, col int, last bool) {
	for i, v := range list {
		if i > 0 {
			w.writeBreak(col)
		}
		w.writeItem(v, col, last && i == len(list)-1)
	}
}

func (w *printer) writeEntry(key string, v any, col int, last bool) {
	k := FormatScalar(key)
	if len(k) > longKey {
		w.text.WriteString("? " + k)
		w.writeBreak(col)
		k = ""
	}
	w.text.WriteString(k + ":")
	switch v := v.(type) {
	case Map:
		if len(v) > 0 {
			w.writeBreak(col + w.Indent)
			w.writeEntries(v, col+w.Indent, last)
			return
		}
	case []any:
		if len(v) > 0 {
			at := col
			if !w.Compact {
				at += w.Indent
			}
			w.writeBreak(at)
			w.writeItems(v, at, last)
			return
		}
	}
	w.text.WriteByte(' ')
	w.writeLeaf(v, col, last)
}

func (w *printer) writeItem(v any, col int, last bool) {
	w.text.WriteString("- ")
	switch v := v.(type) {
	case Map:
		if len(v) > 0 {
			w.writeEntries(v, col+2, last)
			return
		}
	case []any:
		if len(v) > 0 {
			w.writeItems(v, col+2, last)
			return
		}
	}
	w.writeLeaf(v, col, last)
}

// writeLeaf writes a scalar or an empty collection behind a key or dash at a column.
func (w *printer) writeLeaf(v any, col int, last bool) {
	if s, ok := v.(string); ok && strings.Contains(s, "\n") && w.writeLiteral(s, col, last) {
		return
	}
	w.text.WriteString(FormatScalar(v))
}

// writeLiteral writes a text of several lines as a literal block. It refuses a text that
// readers read differently, or that following lines could change.
func (w *printer) writeLiteral(s string, col int, last bool) bool {
	body := strings.TrimRight(s, "\n")
	breaks := len(s) - len(body)
	switch {
	case !isVerbatim(body):
		return false
	case breaks > 0 && last && w.Open:
		return false
	case breaks > 1 && last: // "|+" would include blank lines that follow
		return false
	}
	deep := min(w.Indent, 9) // an indicator has one digit
	w.text.WriteByte('|')
	if strings.IndexByte(" \t\n", s[0]) >= 0 { // readers would detect a wrong indentation
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
		w.text.WriteString(w.Newline)
		if l != "" {
			w.writeBlanks(col + deep)
			w.text.WriteString(l)
		}
	}
	return true
}

// isVerbatim reports whether a text without line breaks at its end can be written as it is:
// all characters are printable, and neither its first line of text nor its last one
// consists of blanks, which would look like indentation.
func isVerbatim(body string) bool {
	for _, r := range body {
		if r != '\n' && r != '\t' && !isPrintable(r) {
			return false
		}
	}
	first, _, _ := strings.Cut(strings.TrimLeft(body, "\n"), "\n")
	last := body[strings.LastIndexByte(body, '\n')+1:]
	return strings.Trim(first, " \t") != "" && strings.Trim(last, " \t") != ""
}

func Indentation(col int) string { return strings.Repeat(" ", col) }
