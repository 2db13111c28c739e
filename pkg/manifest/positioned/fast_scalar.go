package positioned

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// readValue reads the scalar at p, whose collection has its entries in a column, and
// goes to the next line.
func (b *fastReader) readValue(p, col int) *Node {
	n := b.newNode(Scalar, p)
	switch b.Text[p] {
	case '|':
		return b.readLiteral(n, col)
	case '"':
		n.Style, n.Tag = yaml.DoubleQuotedStyle, TagString
		n.End, n.Value = b.readDoubleQuoted(p)
	case '\'':
		n.Style, n.Tag = yaml.SingleQuotedStyle, TagString
		n.End, n.Value = b.readSingleQuoted(p)
	case '{', '[':
		if n = b.readFlow(p); b.no {
			return n
		}
	default:
		n.End = b.findPlainEnd(p)
		n.Value = b.Text[p:n.End]
		if !startsPlain(n.Value) || b.isKey(p) {
			return b.giveUp()
		}
		n.Tag = tagOf(n.Value)
	}
	if n.End <= p {
		return b.giveUp()
	}
	if rest := b.skipBlanks(n.End); rest < b.eol && (b.Text[rest] != '#' || rest == n.End) {
		return b.giveUp()
	}
	if b.advanceLine(); b.isDeeper(col) {
		return b.giveUp() // it goes on there, or is no YAML
	}
	return n
}

// findPlainEnd is where a plain scalar ends on its line.
func (b *fastReader) findPlainEnd(p int) int {
	end := b.eol
	for i := p + 1; i < end; i++ {
		if b.Text[i] == '#' && b.Text[i-1] == ' ' {
			end = i
		}
	}
	for end > p && b.Text[end-1] == ' ' {
		end--
	}
	return end
}

func (b *fastReader) readSingleQuoted(p int) (end int, value string) {
	escaped := false
	for i := p + 1; i < b.eol; i++ {
		if b.Text[i] != '\'' {
			continue
		}
		if i+1 < b.eol && b.Text[i+1] == '\'' {
			escaped = true
			i++
			continue
		}
		value = b.Text[p+1 : i]
		if escaped {
			value = strings.ReplaceAll(value, "''", "'")
		}
		return i + 1, value
	}
	return -1, ""
}

// escapes are the characters that a backslash and a letter stand for.
var escapes = map[byte]byte{
	'n': '\n', 't': '\t', 'r': '\r', 'f': '\f', '"': '"', '\\': '\\', '/': '/', '0': 0, 'a': '\a', 'b': '\b', 'e': 0x1b,
}

func (b *fastReader) readDoubleQuoted(p int) (end int, value string) {
	from, made := p+1, []byte(nil)
	for i := p + 1; i < b.eol; i++ {
		switch b.Text[i] {
		case '"':
			if made == nil {
				return i + 1, b.Text[from:i]
			}
			return i + 1, string(append(made, b.Text[from:i]...))
		case '\\':
			if i+1 >= b.eol {
				return -1, ""
			}
			made = append(made, b.Text[from:i]...)
			if b.Text[i+1] == 'u' {
				r, n := decodeEscape(b.Text[i:b.eol])
				if n == 0 {
					return -1, ""
				}
				made = utf8.AppendRune(made, r)
				i += n - 1
			} else if c, ok := escapes[b.Text[i+1]]; ok {
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

// decodeEscape reads a character by its number, as in \u0041, or as JSON has it by two
// that make one; n is the length, 0 where there is none.
func decodeEscape(s string) (r rune, n int) {
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

// readLiteral reads a literal block: "|", "|-" or "|+".
func (b *fastReader) readLiteral(n *Node, col int) *Node {
	n.Style, n.Tag = yaml.LiteralStyle, TagString
	chomp := byte(0)
	p := n.Start + 1
	if p < b.eol && (b.Text[p] == '-' || b.Text[p] == '+') {
		chomp = b.Text[p]
		p++
	}
	if b.skipBlanks(p) < b.eol {
		return b.giveUp() // an indentation in digits, or a comment
	}
	n.End = b.eol
	deep, size, blank := 0, 0, 0
	at := b.eol + 1
	for at < b.to {
		eol := at + strings.IndexByte(b.Text[at:b.to], '\n')
		if eol < at {
			return b.giveUp() // no line break at the end of the text
		}
		in := 0
		for at+in < eol && b.Text[at+in] == ' ' {
			in++
		}
		switch {
		case at+in == eol && (deep == 0 || in <= deep): // blank
			if in > 0 && deep == 0 {
				return b.giveUp()
			}
			blank++
			if chomp == '+' {
				n.End = eol
			}
		case deep == 0 && in > col:
			deep = in
			fallthrough
		case deep > 0 && in >= deep:
			size += blank + eol - at - deep + 1
			blank = 0
			n.End = eol
		default:
			b.finishLiteral(n, deep, size, blank, chomp)
			b.resumeAt(at)
			if b.isDeeper(col) {
				return b.giveUp()
			}
			return n
		}
		at = eol + 1
	}
	b.finishLiteral(n, deep, size, blank, chomp)
	b.resumeAt(b.to)
	return n
}

// resumeAt goes on at the line that begins at the offset.
func (b *fastReader) resumeAt(at int) {
	b.eol = at - 1
	b.advanceLine()
}

// finishLiteral makes the value of a literal block.
func (b *fastReader) finishLiteral(n *Node, deep, size, blank int, chomp byte) {
	if deep == 0 {
		b.giveUp()
		return
	}
	var s strings.Builder
	s.Grow(size + blank)
	for at := b.LineEnd(n.Start) + 1; at <= n.End; {
		eol := b.LineEnd(at)
		if eol-at > deep {
			s.WriteString(b.Text[at+deep : eol])
		}
		s.WriteByte('\n')
		at = eol + 1
	}
	n.Value = s.String()
	if chomp == '-' {
		n.Value = strings.TrimSuffix(n.Value, "\n")
	}
}
