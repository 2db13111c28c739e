package manifest

import (
	"strings"
)

// lines knows where the lines of a text begin and end. It breaks lines where the
// YAML reader does.
type lines struct {
	text  string
	br    string // the line break that the text uses first
	plain bool   // it has no other ones than LF and CRLF
}

const bom = "\ufeff"

func newLines(text string) *lines { return &lines{text: text, br: newline(text)} }

// newline is the line break that a text uses first; "\n" where it has none.
func newline(text string) string {
	if i := strings.IndexByte(text, '\n'); i > 0 && text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// breakAt is the length of the line break at i, or 0.
func breakAt(s string, i int) int {
	switch s[i] {
	case '\n':
		return 1
	case '\r':
		if i+1 < len(s) && s[i+1] == '\n' {
			return 2
		}
		return 1
	case 0xc2:
		if i+1 < len(s) && s[i+1] == 0x85 { // NEL
			return 2
		}
	case 0xe2:
		if i+2 < len(s) && s[i+1] == 0x80 && (s[i+2] == 0xa8 || s[i+2] == 0xa9) { // LS, PS
			return 3
		}
	}
	return 0
}

// breakBefore is the length of the line break that ends at i, or 0.
func breakBefore(s string, i int) int {
	switch {
	case i == 0:
		return 0
	case s[i-1] == '\n' && i > 1 && s[i-2] == '\r':
		return 2
	case s[i-1] == '\n':
		return 1
	case s[i-1] == '\r' && (i == len(s) || s[i] != '\n'):
		return 1
	case i > 1 && s[i-1] == 0x85 && s[i-2] == 0xc2:
		return 2
	case i > 2 && (s[i-1] == 0xa8 || s[i-1] == 0xa9) && s[i-2] == 0x80 && s[i-3] == 0xe2:
		return 3
	}
	return 0
}

// top is where the first line begins: the reader drops a byte order mark before
// it counts columns.
func (l *lines) top() int {
	if strings.HasPrefix(l.text, bom) {
		return len(bom)
	}
	return 0
}

// breaks is the number of line breaks from one offset to another.
func (l *lines) breaks(from, to int) int {
	if l.plain {
		return strings.Count(l.text[from:to], "\n")
	}
	n := 0
	for i := from; i < to; {
		if b := breakAt(l.text, i); b > 0 {
			n++
			i += b
			continue
		}
		i++
	}
	return n
}

// line is the number, from 1, of the line that holds the offset. It counts from
// the top: it's for messages.
func (l *lines) line(at int) int { return 1 + l.breaks(0, at) }

// start is where the line that holds the offset begins.
func (l *lines) start(at int) int {
	for top := l.top(); at > top && breakBefore(l.text, at) == 0; {
		at--
	}
	return at
}

// isFirst reports whether the line that begins at the offset is the text's first.
func (l *lines) isFirst(start int) bool { return start <= l.top() }

// end is where the line that holds the offset ends, before its break.
func (l *lines) end(at int) int {
	for at < len(l.text) && breakAt(l.text, at) == 0 {
		at++
	}
	return at
}

// next is where the line after the one that ends at the offset begins, or -1.
func (l *lines) next(end int) int {
	if end >= len(l.text) {
		return -1
	}
	return end + breakAt(l.text, end)
}

// before is the end of the line before the one that holds the offset; 0 at the top.
func (l *lines) before(at int) int {
	start := l.start(at)
	if l.isFirst(start) {
		return 0
	}
	return start - breakBefore(l.text, start)
}

// margin is the number of blanks that the line beginning at the offset starts with.
func (l *lines) margin(start int) int {
	n := 0
	for start+n < len(l.text) && l.text[start+n] == ' ' {
		n++
	}
	return n
}

// blank reports whether nothing but blanks stands from the offset to the end of its line.
func (l *lines) blank(at int) bool {
	for ; at < len(l.text) && breakAt(l.text, at) == 0; at++ {
		if l.text[at] != ' ' && l.text[at] != '\t' {
			return false
		}
	}
	return true
}

// comment reports whether a line holds nothing, or a comment only.
func (l *lines) comment(start int) bool {
	in := l.margin(start)
	return l.blank(start) || start+in < len(l.text) && l.text[start+in] == '#'
}

// comments is how many such lines end at the offset, the end of the last one.
func (l *lines) comments(end int) int {
	n := 0
	for {
		start := l.start(end)
		if l.isFirst(start) || !l.comment(start) {
			return n
		}
		n++
		end = l.before(start)
	}
}
