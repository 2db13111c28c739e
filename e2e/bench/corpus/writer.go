package corpus

import (
	"bufio"
	"strconv"
	"strings"
)

// style is how somebody writes YAML.
type style struct {
	indent   int
	compact  bool // lists stand at the column of their key
	sorted   bool // keys
	flow     bool // small lists and mappings on one line
	comments bool
	quote    byte // around strings that could do without; 0: none
}

// writer writes trees as YAML.
type writer struct {
	style
	*bufio.Writer
}

func (w *writer) writeLine(col int) {
	w.WriteByte('\n')
	for range col {
		w.WriteByte(' ')
	}
}

// writeMapping writes entries at a column; the first one stands where we are.
func (w *writer) writeMapping(o mapping, col int) {
	if w.sorted {
		o = o.sorted()
	}
	for i, p := range o {
		if i > 0 {
			w.writeLine(col)
		}
		v, note := p.value, ""
		if n, ok := v.(noted); ok {
			if v = n.value; w.comments {
				note = n.text
			}
		}
		block := w.writeBlock(v)
		if note != "" && block && i > 0 {
			w.WriteString("# " + note)
			w.writeLine(col)
		}
		w.WriteString(w.writeScalar(p.key, 0) + ":")
		w.writeValue(v, block, col)
		if note != "" && !block {
			w.WriteString(" # " + note)
		}
	}
}

// writeValue writes what stands behind a colon.
func (w *writer) writeValue(v any, block bool, col int) {
	if !block {
		w.WriteByte(' ')
		w.writeInline(v)
		return
	}
	switch v := v.(type) {
	case mapping:
		w.writeLine(col + w.indent)
		w.writeMapping(v, col+w.indent)
	case list:
		if !w.compact {
			col += w.indent
		}
		for _, item := range v {
			w.writeLine(col)
			w.WriteString("- ")
			if o, ok := item.(mapping); ok && w.writeBlock(o) {
				w.writeMapping(o, col+2)
			} else {
				w.writeInline(item)
			}
		}
	case runners:
		w.writeRunners(v, col+w.indent)
	case string:
		w.writeLiteral(v, col)
	}
}

func (w *writer) writeLiteral(s string, col int) {
	body := strings.TrimSuffix(s, "\n")
	w.WriteString(" |")
	if body == s {
		w.WriteByte('-')
	}
	for l := range strings.SplitSeq(body, "\n") {
		if l == "" {
			w.WriteByte('\n')
			continue
		}
		w.writeLine(col + w.indent)
		w.WriteString(l)
	}
}

// writeBlock reports whether a value takes lines of its own.
func (w *writer) writeBlock(v any) bool {
	switch v := v.(type) {
	case mapping:
		return len(v) > 0 && !(w.flow && len(v) <= 2 && scalars(v))
	case list:
		return len(v) > 0 && !(w.flow && len(v) <= 6 && scalars(v))
	case string:
		return strings.Contains(v, "\n") && !strings.Contains(v, "\t")
	case runners:
		return true
	}
	return false
}

// scalars reports whether a collection has nothing but short scalars.
func scalars(v any) bool {
	short := func(v any) bool {
		switch v := v.(type) {
		case mapping, list, runners, noted:
			return false
		case string:
			return len(v) < 30 && !strings.Contains(v, "\n")
		}
		return true
	}
	switch v := v.(type) {
	case mapping:
		for _, p := range v {
			if !short(p.value) {
				return false
			}
		}
	case list:
		for _, item := range v {
			if !short(item) {
				return false
			}
		}
	}
	return true
}

func (w *writer) writeInline(v any) {
	switch v := v.(type) {
	case mapping:
		w.WriteByte('{')
		for i, p := range v {
			if i > 0 {
				w.WriteString(", ")
			}
			w.WriteString(w.writeScalar(p.key, 0) + ": ")
			w.writeInline(p.value)
		}
		w.WriteByte('}')
	case list:
		w.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				w.WriteString(", ")
			}
			w.writeInline(item)
		}
		w.WriteByte(']')
	case string:
		q := w.quote
		if w.flow && q == 0 && strings.ContainsAny(v, ",[]{}") {
			q = '\''
		}
		w.WriteString(w.writeScalar(v, q))
	case int:
		w.WriteString(strconv.Itoa(v))
	case bool:
		w.WriteString(strconv.FormatBool(v))
	}
}

// writeScalar quotes as go-yaml does: in double quotes what would be no string, in
// single ones what would be no scalar. quote is for what people quote besides:
// images, addresses, arguments.
func (w *writer) writeScalar(s string, quote byte) string {
	switch {
	case strings.ContainsAny(s, "\t\n"):
		return strconv.Quote(s)
	case typed(s):
		if w.quote == '\'' {
			return "'" + s + "'"
		}
		return `"` + s + `"`
	case breaksPlain(s):
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	case quote != 0 && strings.ContainsAny(s, ":,./= []{}") && !strings.ContainsAny(s, `'"\`):
		return string(quote) + s + string(quote)
	}
	return s
}

// breaksPlain reports whether an unquoted string would be something else than a scalar.
func breaksPlain(s string) bool {
	if strings.IndexByte("*&!%@`'\"#{}[]>|,?", s[0]) >= 0 || strings.HasPrefix(s, "- ") || strings.HasSuffix(s, ":") {
		return true
	}
	return strings.Contains(s, ": ") || strings.Contains(s, " #")
}

// typed reports whether an unquoted string would be a number, bool or null.
func typed(s string) bool {
	switch strings.ToLower(s) {
	case "", "true", "false", "yes", "no", "on", "off", "y", "n", "null", "~":
		return true
	}
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}
