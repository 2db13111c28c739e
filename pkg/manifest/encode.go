package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"
)

// A value is nil, bool, json.Number, string, []any or ordered.

// ordered is a mapping whose fields keep their order.
type ordered []entry

type entry struct {
	key   string
	value any
}

// decodeJSON reads JSON into values; numbers stay as they're written.
func decodeJSON(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	v, err := decodeNext(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("something follows the JSON value")
	}
	return v, nil
}

func decodeNext(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	delim, ok := t.(json.Delim)
	if !ok {
		return t, nil
	}
	var m ordered
	list := []any{}
	for d.More() {
		if delim == '[' {
			v, err := decodeNext(d)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
			continue
		}
		k, err := d.Token()
		if err != nil {
			return nil, err
		}
		v, err := decodeNext(d)
		if err != nil {
			return nil, err
		}
		m = append(m, entry{k.(string), v})
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if delim == '[' {
		return list, nil
	}
	if m == nil {
		m = ordered{}
	}
	return m, nil
}

// hollow are fields that encoding/json writes as {} though nobody set them: API
// types hold these structs by value. A pointer that was set, as emptyDir, stays.
var hollow = map[string]bool{"resources": true, "status": true, "strategy": true, "updateStrategy": true, "metadata": true}

// valueOf makes a value of what encoding/json can write, without nulls and
// without what nobody set.
func valueOf(v any) (any, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	out, err := decodeJSON(raw)
	return prune(out), err
}

func prune(v any) any {
	switch v := v.(type) {
	case ordered:
		m := ordered{}
		for _, e := range v {
			e.value = prune(e.value)
			if inner, ok := e.value.(ordered); e.value == nil || ok && len(inner) == 0 && hollow[e.key] {
				continue
			}
			m = append(m, e)
		}
		return m
	case []any:
		for i := range v {
			v[i] = prune(v[i])
		}
	}
	return v
}

// style is how the text around an insertion is written.
type style struct {
	indent  int    // of a mapping in a mapping
	compact bool   // lists stand at the column of their key
	newline string // "\n" or "\r\n"
}

// keyValue writes "key: value" for an entry that stands at a column. Lines after
// the first are indented; there's no line break at the end.
func (st style) keyValue(key string, v any, col int) string {
	k := scalar(key) + ":"
	switch v := v.(type) {
	case ordered:
		if len(v) > 0 {
			return k + st.newline + spaces(col+st.indent) + st.mapping(v, col+st.indent)
		}
	case []any:
		if at := st.listColumn(col); len(v) > 0 {
			return k + st.newline + spaces(at) + st.sequence(v, at)
		}
	}
	return k + " " + st.leaf(v, col)
}

func (st style) listColumn(col int) int {
	if st.compact {
		return col
	}
	return col + st.indent
}

// item writes "- value" for an entry whose dash stands at a column.
func (st style) item(v any, col int) string {
	switch v := v.(type) {
	case ordered:
		if len(v) > 0 {
			return "- " + st.mapping(v, col+2)
		}
	case []any:
		if len(v) > 0 {
			return "- " + st.sequence(v, col+2)
		}
	}
	return "- " + st.leaf(v, col)
}

// mapping writes the entries of a mapping, the first one without indentation.
func (st style) mapping(m ordered, col int) string {
	lines := make([]string, len(m))
	for i, e := range m {
		lines[i] = st.keyValue(e.key, e.value, col)
	}
	return strings.Join(lines, st.newline+spaces(col))
}

// sequence writes the items of a list, the first one without indentation.
func (st style) sequence(list []any, col int) string {
	lines := make([]string, len(list))
	for i, v := range list {
		lines[i] = st.item(v, col)
	}
	return strings.Join(lines, st.newline+spaces(col))
}

// leaf writes a scalar, or an empty collection, behind a key or dash at a column.
func (st style) leaf(v any, col int) string {
	s, ok := v.(string)
	if !ok || !strings.Contains(s, "\n") || !literal(s) {
		return flow(v, false)
	}
	var b strings.Builder
	b.WriteString("|")
	deep := col + st.indent
	if s[0] == ' ' || s[0] == '\n' {
		fmt.Fprintf(&b, "%d", st.indent)
	}
	switch body := strings.TrimRight(s, "\n"); {
	case body == s:
		b.WriteString("-")
	case body == "" || len(s)-len(body) > 1:
		b.WriteString("+")
	}
	for _, line := range strings.Split(strings.TrimSuffix(s, "\n"), "\n") {
		b.WriteString(st.newline)
		if line != "" {
			b.WriteString(spaces(deep) + line)
		}
	}
	return b.String()
}

// literal reports whether a string of several lines can stand as a literal
// block: all characters printable, no line of blanks only (readers differ on
// whether it belongs to the text).
func literal(s string) bool {
	for _, line := range strings.Split(s, "\n") {
		if line != "" && strings.Trim(line, " \t") == "" || strings.HasPrefix(line, "\t") {
			return false
		}
	}
	for _, r := range s {
		if r != '\n' && r != '\t' && !printable(r) {
			return false
		}
	}
	return true
}

// printable are the characters that YAML allows as they are, less those that
// some readers take for line breaks.
func printable(r rune) bool {
	switch {
	case r == 0x85, r == 0x2028, r == 0x2029, r == 0xfeff, r == unicode.ReplacementChar:
		return false
	case r >= 0x20 && r <= 0x7e, r >= 0xa0 && r <= 0xd7ff, r >= 0xe000 && r <= 0xfffd, r >= 0x10000 && r <= 0x10ffff:
		return true
	}
	return false
}

// other is what a YAML reader may take for something else than a string: YAML
// 1.1 (https://yaml.org/type/) has more such words than 1.2.
var other = regexp.MustCompile(`(?i)^(` +
	`~|null|y|n|yes|no|on|off|true|false|<<|=|` +
	`[-+]?[0-9][0-9_]*|[-+]?0b[01_]+|[-+]?0o?[0-7_]+|[-+]?0x[0-9a-f_]+|` + // integers
	`[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?|` + // sexagesimals
	`[-+]?([0-9][0-9_]*)?\.?[0-9_]*(e[-+]?[0-9]+)?|[-+]?\.(inf|nan)|` + // floats
	`[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*` + // timestamps
	`)$`)

// plainForm are strings that can stand without quotes wherever a scalar can,
// also in brackets.
var plainForm = regexp.MustCompile(`^[A-Za-z0-9_./<=+(\\^;$-][^\x00-\x1f,\[\]{}#:"'` + "`" + `&*!|>%@\x7f]*$`)

// scalar writes a scalar on one line: plain where every reader takes it for the
// same string, else in single quotes, else in double quotes.
func scalar(v any) string {
	s, ok := v.(string)
	if !ok {
		return flow(v, false)
	}
	switch {
	case quotable(s) && plain(s):
		return s
	case quotable(s):
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	return doubleQuoted(s)
}

func quotable(s string) bool {
	for _, r := range s {
		if !printable(r) {
			return false
		}
	}
	return true
}

// plain allows a colon, a hash and a few more within words, where they mean
// nothing: image names and URLs read better so.
func plain(s string) bool {
	if s == "" || strings.TrimSpace(s) != s || other.MatchString(s) || s == "-" || strings.HasPrefix(s, "- ") ||
		strings.HasPrefix(s, "---") || strings.HasPrefix(s, "...") || strings.HasSuffix(s, ":") {
		return false
	}
	inner := strings.NewReplacer(": ", "\x00", " #", "\x00", ":", "", "#", "", "@", "", "*", "", "%", "", "&", "", "!", "", "'", "", `"`, "", ">", "", "|", "").Replace(s[1:])
	return plainForm.MatchString(s[:1] + inner)
}

// doubleQuoted writes a JSON string, which YAML reads alike, less the characters
// that YAML readers break lines at or drop.
func doubleQuoted(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string can always be encoded
	var out strings.Builder
	for _, r := range strings.TrimSuffix(b.String(), "\n") {
		switch {
		case r == unicode.ReplacementChar || printable(r):
			out.WriteRune(r)
		case r > 0xffff:
			out.WriteRune(r)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.String()
}

// flow writes a value on one line; with js as JSON.
func flow(v any, js bool) string {
	var b strings.Builder
	writeFlow(&b, v, js)
	return b.String()
}

func writeFlow(b *strings.Builder, v any, js bool) {
	sep := func(i int) {
		if i > 0 {
			b.WriteString(", ")
		}
	}
	str := func(s string) {
		if js {
			b.WriteString(doubleQuoted(s))
		} else {
			b.WriteString(scalar(s))
		}
	}
	switch v := v.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		fmt.Fprint(b, v)
	case json.Number:
		b.WriteString(v.String())
	case string:
		str(v)
	case []any:
		b.WriteString("[")
		for i, item := range v {
			sep(i)
			writeFlow(b, item, js)
		}
		b.WriteString("]")
	case ordered:
		b.WriteString("{")
		for i, e := range v {
			sep(i)
			str(e.key)
			b.WriteString(": ")
			writeFlow(b, e.value, js)
		}
		b.WriteString("}")
	default:
		panic(fmt.Sprintf("manifest: %T is no value", v)) // valueOf and decodeJSON make no others
	}
}

func spaces(n int) string { return strings.Repeat(" ", n) }
