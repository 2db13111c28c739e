package values

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// FormatScalar writes a scalar on one line of block YAML: plain if every reader reads the
// same string, or else in single or double quotes.
func FormatScalar(v any) string {
	if s, ok := v.(string); ok {
		return quoteString(s, isPlain(s))
	}
	return FormatFlow(v, false)
}

// FormatFlow writes a value on one line. With js it's JSON.
func FormatFlow(v any, js bool) string {
	var b strings.Builder
	writeFlow(&b, v, js)
	return b.String()
}

func writeFlow(b *strings.Builder, v any, js bool) {
	switch v := v.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		fmt.Fprint(b, v)
	case json.Number:
		b.WriteString(formatNumber(v.String(), js))
	case string:
		if js {
			b.WriteString(quoteDouble(v))
		} else {
			b.WriteString(quoteString(v, isPlainInFlow(v)))
		}
	case []any:
		b.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				b.WriteString(", ")
			}
			writeFlow(b, item, js)
		}
		b.WriteByte(']')
	case Map:
		b.WriteByte('{')
		for i, e := range v {
			if i > 0 {
				b.WriteString(", ")
			}
			k := FormatFlow(e.Key, js)
			if !js && len(k) > longKey {
				b.WriteString("? ")
			}
			b.WriteString(k + ": ")
			writeFlow(b, e.Value, js)
		}
		b.WriteByte('}')
	default:
		panic(fmt.Sprintf("manifest: %T isn't a value", v)) // ValueOf and DecodeJSON make no others
	}
}

// longKey is the longest text of a key without a question mark: readers search for the colon
// of a simple key within 1,024 characters.
const longKey = 1000

// formatNumber writes a number as in JSON. For YAML, a number with an exponent gets a point
// and a sign: for readers of YAML 1.1, 1e3 is a string.
func formatNumber(s string, js bool) string {
	i := strings.IndexAny(s, "eE")
	if js || i < 0 {
		return s
	}
	mantissa, exponent := s[:i], s[i+1:]
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	if exponent[0] != '-' && exponent[0] != '+' {
		exponent = "+" + exponent
	}
	return mantissa + "e" + exponent
}

// quoteString writes a string with the quotes that it needs.
func quoteString(s string, plain bool) string {
	if plain {
		return s
	}
	for _, r := range s {
		if !isPrintable(r) {
			return quoteDouble(s)
		}
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// quoteDouble writes a string that is the same for readers of JSON and YAML.
func quoteDouble(s string) string {
	var b strings.Builder
	b.Grow(len(s) + 2)
	b.WriteByte('"')
	for _, r := range s {
		if r >= ' ' && r <= '~' && r != '"' && r != '\\' { // most characters
			b.WriteByte(byte(r))
			continue
		}
		switch i := strings.IndexRune("\"\\\n\t\r\b\f", r); {
		case i >= 0:
			b.WriteByte('\\')
			b.WriteByte(`"\ntrbf`[i])
		case isPrintable(r):
			b.WriteRune(r)
		default: // none of them needs more than four digits
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// isPrintable reports whether YAML allows a character as it is. Tabs aren't among them, nor
// characters that some readers drop or treat as line breaks.
func isPrintable(r rune) bool {
	switch r {
	case 0x85, 0x2028, 0x2029, 0xfeff:
		return false
	}
	return r >= 0x20 && r <= 0x7e || r >= 0xa0 && r <= 0xfffd || r > 0xffff
}

// isPlain reports whether a string needs no quotes in block YAML.
func isPlain(s string) bool {
	if s == "" || strings.TrimSpace(s) != s || strings.IndexByte("?:,[]{}#&*!|>'\"%@`", s[0]) >= 0 ||
		s == "-" || strings.HasPrefix(s, "- ") || strings.HasPrefix(s, "---") || strings.HasPrefix(s, "...") ||
		strings.HasSuffix(s, ":") || strings.Contains(s, ": ") || strings.Contains(s, " #") || isOtherType(s) {
		return false
	}
	for _, r := range s {
		if !isPrintable(r) {
			return false
		}
	}
	return true
}

// isPlainInFlow reports the same for a string between brackets, where older readers end a
// string at a question mark, and fail at a colon.
func isPlainInFlow(s string) bool { return !strings.ContainsAny(s, ",[]{}?:") && isPlain(s) }

// isOtherType reports whether a YAML reader may read an unquoted text as anything but a
// string. YAML 1.1 (https://yaml.org/type/), which kubectl reads, has many more such words
// than 1.2.
func isOtherType(s string) bool {
	switch strings.ToLower(s) {
	case "~", "null", "y", "n", "yes", "no", "on", "off", "true", "false", "<<", "=":
		return true
	}
	return strings.IndexByte("+-.0123456789", s[0]) >= 0 && numeric().MatchString(s)
}

// numeric matches numbers and dates in all notations that some reader knows. Ruby's reader
// allows commas in numbers. Numbers with colons are sexagesimal. It's compiled at the first
// text that may match, since most runs insert nothing.
var numeric = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^([-+]?(` +
		`0[box][-+0-9a-fp_,.]*|` +
		`[0-9][0-9_,]*(:[0-9_]+)+(\.[0-9_]*)?|` +
		`([0-9][0-9_,]*)?\.?[0-9_]*(e[-+]?[0-9_]*)?|` +
		`\.?(inf|infinity|nan)` +
		`)|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*)$`)
})
