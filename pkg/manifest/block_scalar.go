package manifest

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// value reads the scalar at p, whose collection has its entries in a column, and
// goes to the next line.
func (b *blocks) value(p, col int) *node {
	n := b.new(scalarNode, p)
	switch b.text[p] {
	case '|':
		return b.literal(n, col)
	case '"':
		n.style, n.tag = yaml.DoubleQuotedStyle, tagString
		n.end, n.value = b.double(p)
	case '\'':
		n.style, n.tag = yaml.SingleQuotedStyle, tagString
		n.end, n.value = b.single(p)
	case '{', '[':
		if n = b.flow(p); b.no {
			return n
		}
	default:
		n.end = b.plainEnd(p)
		n.value = b.text[p:n.end]
		if !plainStart(n.value) || b.isKey(p) {
			return b.refuse()
		}
		n.tag = tagOf(n.value)
	}
	if n.end <= p {
		return b.refuse()
	}
	if rest := b.skip(n.end); rest < b.eol && (b.text[rest] != '#' || rest == n.end) {
		return b.refuse()
	}
	if b.advance(); b.deeper(col) {
		return b.refuse() // it goes on there, or is no YAML
	}
	return n
}

// plainEnd is where a plain scalar ends on its line.
func (b *blocks) plainEnd(p int) int {
	end := b.eol
	for i := p + 1; i < end; i++ {
		if b.text[i] == '#' && b.text[i-1] == ' ' {
			end = i
		}
	}
	for end > p && b.text[end-1] == ' ' {
		end--
	}
	return end
}

func (b *blocks) single(p int) (end int, value string) {
	escaped := false
	for i := p + 1; i < b.eol; i++ {
		if b.text[i] != '\'' {
			continue
		}
		if i+1 < b.eol && b.text[i+1] == '\'' {
			escaped = true
			i++
			continue
		}
		value = b.text[p+1 : i]
		if escaped {
			value = strings.ReplaceAll(value, "''", "'")
		}
		return i + 1, value
	}
	return -1, ""
}

var escapes = map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', '"': '"', '\\': '\\', '/': '/', '0': 0, 'a': '\a', 'b': '\b', 'e': 0x1b}

func (b *blocks) double(p int) (end int, value string) {
	from, made := p+1, []byte(nil)
	for i := p + 1; i < b.eol; i++ {
		switch b.text[i] {
		case '"':
			if made == nil {
				return i + 1, b.text[from:i]
			}
			return i + 1, string(append(made, b.text[from:i]...))
		case '\\':
			if i+1 >= b.eol {
				return -1, ""
			}
			made = append(made, b.text[from:i]...)
			if b.text[i+1] == 'u' {
				r, n := coded(b.text[i:b.eol])
				if n == 0 {
					return -1, ""
				}
				made = utf8.AppendRune(made, r)
				i += n - 1
			} else if c, ok := escapes[b.text[i+1]]; ok {
				made = append(made, c)
				i++
			} else {
				return -1, ""
			}
			from = i + 1
		}
	}
	return -1, ""
}

// coded reads a character by its number, as in \u0041, or as JSON has it by two
// that make one; n is the length, 0 where there is none.
func coded(s string) (r rune, n int) {
	const size = len(`\u0041`)
	code := func(s string) rune {
		if len(s) < size || s[:2] != `\u` {
			return utf8.RuneError
		}
		v, err := strconv.ParseUint(s[2:size], 16, 16)
		if err != nil {
			return utf8.RuneError
		}
		return rune(v)
	}
	switch r = code(s); {
	case r == utf8.RuneError:
		return r, 0
	case !utf16.IsSurrogate(r):
		return r, size
	}
	if r = utf16.DecodeRune(r, code(s[size:])); r == utf8.RuneError {
		return r, 0
	}
	return r, 2 * size
}

// literal reads a literal block: "|", "|-" or "|+".
func (b *blocks) literal(n *node, col int) *node {
	n.style, n.tag = yaml.LiteralStyle, tagString
	chomp := byte(0)
	p := n.start + 1
	if p < b.eol && (b.text[p] == '-' || b.text[p] == '+') {
		chomp = b.text[p]
		p++
	}
	if b.skip(p) < b.eol {
		return b.refuse() // an indentation in digits, or a comment
	}
	n.end = b.eol
	deep, size, blank := 0, 0, 0
	at := b.eol + 1
	for at < b.to {
		eol := at + strings.IndexByte(b.text[at:b.to], '\n')
		if eol < at {
			return b.refuse() // no line break at the end of the text
		}
		in := 0
		for at+in < eol && b.text[at+in] == ' ' {
			in++
		}
		switch {
		case at+in == eol && (deep == 0 || in <= deep): // blank
			if in > 0 && deep == 0 {
				return b.refuse()
			}
			blank++
			if chomp == '+' {
				n.end = eol
			}
		case deep == 0 && in > col:
			deep = in
			fallthrough
		case deep > 0 && in >= deep:
			size += blank + eol - at - deep + 1
			blank = 0
			n.end = eol
		default:
			b.finish(n, deep, size, blank, chomp)
			b.resume(at)
			if b.deeper(col) {
				return b.refuse()
			}
			return n
		}
		at = eol + 1
	}
	b.finish(n, deep, size, blank, chomp)
	b.resume(b.to)
	return n
}

// resume goes on at the line that begins at the offset.
func (b *blocks) resume(at int) {
	b.eol = at - 1
	b.advance()
}

// finish makes the value of a literal block.
func (b *blocks) finish(n *node, deep, size, blank int, chomp byte) {
	if deep == 0 {
		b.refuse()
		return
	}
	var s strings.Builder
	s.Grow(size + blank)
	for at := b.end(n.start) + 1; at <= n.end; {
		eol := b.end(at)
		if eol-at > deep {
			s.WriteString(b.text[at+deep : eol])
		}
		s.WriteByte('\n')
		at = eol + 1
	}
	n.value = s.String()
	if chomp == '-' {
		n.value = strings.TrimSuffix(n.value, "\n")
	}
}
