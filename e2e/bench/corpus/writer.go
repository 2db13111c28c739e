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

func (w *writer) line(col int) {
	w.WriteByte('\n')
	for range col {
		w.WriteByte(' ')
	}
}

// mapping writes entries at a column; the first one stands where we are.
func (w *writer) mapping(o mapping, col int) {
	if w.sorted {
		o = o.sorted()
	}
	for i, p := range o {
		if i > 0 {
			w.line(col)
		}
		v, note := p.value, ""
		if n, ok := v.(noted); ok {
			if v = n.value; w.comments {
				note = n.text
			}
		}
		block := w.block(v)
		if note != "" && block && i > 0 {
			w.WriteString("# " + note)
			w.line(col)
		}
		w.WriteString(w.scalar(p.key, 0) + ":")
		w.value(v, block, col)
		if note != "" && !block {
			w.WriteString(" # " + note)
		}
	}
}

// value writes what stands behind a colon.
func (w *writer) value(v any, block bool, col int) {
	if !block {
		w.WriteByte(' ')
		w.inline(v)
		return
	}
	switch v := v.(type) {
	case mapping:
		w.line(col + w.indent)
		w.mapping(v, col+w.indent)
	case list:
		if !w.compact {
			col += w.indent
		}
		for _, item := range v {
			w.line(col)
			w.WriteString("- ")
			if o, ok := item.(mapping); ok && w.block(o) {
				w.mapping(o, col+2)
			} else {
				w.inline(item)
			}
		}
	case runners:
		w.runners(v, col+w.indent)
	case string:
		w.literal(v, col)
	}
}

func (w *writer) literal(s string, col int) {
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
		w.line(col + w.indent)
		w.WriteString(l)
	}
}

// block reports whether a value takes lines of its own.
func (w *writer) block(v any) bool {
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

func (w *writer) inline(v any) {
	switch v := v.(type) {
	case mapping:
		w.WriteByte('{')
		for i, p := range v {
			if i > 0 {
				w.WriteString(", ")
			}
			w.WriteString(w.scalar(p.key, 0) + ": ")
			w.inline(p.value)
		}
		w.WriteByte('}')
	case list:
		w.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				w.WriteString(", ")
			}
			w.inline(item)
		}
		w.WriteByte(']')
	case string:
		q := w.quote
		if w.flow && q == 0 && strings.ContainsAny(v, ",[]{}") {
			q = '\''
		}
		w.WriteString(w.scalar(v, q))
	case int:
		w.WriteString(strconv.Itoa(v))
	case bool:
		w.WriteString(strconv.FormatBool(v))
	}
}

// scalar quotes as go-yaml does: in double quotes what would be no string, in
// single ones what would be no scalar. quote is for what people quote besides:
// images, addresses, arguments.
func (w *writer) scalar(s string, quote byte) string {
	switch {
	case strings.ContainsAny(s, "\t\n"):
		return strconv.Quote(s)
	case typed(s):
		if w.quote == '\'' {
			return "'" + s + "'"
		}
		return `"` + s + `"`
	case strings.IndexByte("*&!%@`'\"#{}[]>|,?", s[0]) >= 0 || strings.Contains(s, ": ") || strings.Contains(s, " #") || strings.HasSuffix(s, ":") || strings.HasPrefix(s, "- "):
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	case quote != 0 && strings.ContainsAny(s, ":,./= []{}") && !strings.ContainsAny(s, `'"\`):
		return string(quote) + s + string(quote)
	}
	return s
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
