package manifest

import (
	"strings"
	"unicode/utf8"
)

// lines knows where the lines of a text begin. It breaks lines where the YAML
// reader does, so that the reader's line numbers mean the same here.
type lines struct {
	text   string
	starts []int
	br     string // the line break that the text uses first
}

var bom = "\ufeff"

func newLines(text string) *lines {
	l := &lines{text: text, starts: make([]int, 1, 64), br: newline(text)}
	if len(text) >= len(bom) && text[:len(bom)] == bom {
		l.starts[0] = len(bom) // the reader drops it before it counts columns
	}
	for i := 0; i < len(text); {
		n := breakAt(text, i)
		if n > 0 {
			i += n
			l.starts = append(l.starts, i)
			continue
		}
		i++
	}
	return l
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

// offset turns a line (from 1) and a column (from 1, in characters) into bytes.
func (l *lines) offset(line, column int) int {
	at := l.starts[min(line, len(l.starts))-1]
	for ; column > 1 && at < len(l.text); column-- {
		_, n := utf8.DecodeRuneInString(l.text[at:])
		at += n
	}
	return at
}

// line is the number, from 1, of the line that holds the offset.
func (l *lines) line(at int) int {
	lo, hi := 0, len(l.starts)
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; l.starts[mid] <= at {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo + 1
}

// start is where the line that holds the offset begins.
func (l *lines) start(at int) int { return l.starts[l.line(at)-1] }

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
	n := l.line(at)
	if n == 1 {
		return 0
	}
	prev := l.starts[n-2]
	return l.end(prev)
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

// newline is the line break that the text uses first; "\n" where it has none.
func newline(text string) string {
	if i := strings.IndexByte(text, '\n'); i > 0 && text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
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
		if l.line(start) == 1 || !l.comment(start) {
			return n
		}
		n++
		end = l.before(start)
	}
}
