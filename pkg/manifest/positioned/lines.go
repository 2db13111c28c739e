package positioned

import (
	"strings"
)

// Lines knows where the lines of a text begin and end. It breaks lines where the
// YAML reader does.
type Lines struct {
	Text  string
	Break string // the line break that the text uses first
	Plain bool   // it has no other ones than LF and CRLF
}

const BOM = "\ufeff"

func NewLines(text string) *Lines { return &Lines{Text: text, Break: firstBreak(text)} }

// firstBreak is the line break that a text uses first; "\n" where it has none.
func firstBreak(text string) string {
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

// firstOffset is where the first line begins: the reader drops a byte order mark before
// it counts columns.
func (l *Lines) firstOffset() int {
	if strings.HasPrefix(l.Text, BOM) {
		return len(BOM)
	}
	return 0
}

// CountBreaks is the number of line breaks from one offset to another.
func (l *Lines) CountBreaks(from, to int) int {
	if l.Plain {
		return strings.Count(l.Text[from:to], "\n")
	}
	n := 0
	for i := from; i < to; {
		if b := breakAt(l.Text, i); b > 0 {
			n++
			i += b
			continue
		}
		i++
	}
	return n
}

// LineNumber is the number, from 1, of the line that holds the offset. It counts from
// the top: it's for messages.
func (l *Lines) LineNumber(at int) int { return 1 + l.CountBreaks(0, at) }

// LineStart is where the line that holds the offset begins.
func (l *Lines) LineStart(at int) int {
	for top := l.firstOffset(); at > top && breakBefore(l.Text, at) == 0; {
		at--
	}
	return at
}

// IsFirstLine reports whether the line that begins at the offset is the text's first.
func (l *Lines) IsFirstLine(start int) bool { return start <= l.firstOffset() }

// LineEnd is where the line that holds the offset ends, before its break.
func (l *Lines) LineEnd(at int) int {
	for at < len(l.Text) && breakAt(l.Text, at) == 0 {
		at++
	}
	return at
}

// NextLine is where the line after the one that ends at the offset begins, or -1.
func (l *Lines) NextLine(end int) int {
	if end >= len(l.Text) {
		return -1
	}
	return end + breakAt(l.Text, end)
}

// PreviousEnd is the end of the line before the one that holds the offset; 0 at the top.
func (l *Lines) PreviousEnd(at int) int {
	start := l.LineStart(at)
	if l.IsFirstLine(start) {
		return 0
	}
	return start - breakBefore(l.Text, start)
}

// CountBlanks is the number of blanks that the line beginning at the offset starts with.
func (l *Lines) CountBlanks(start int) int {
	n := 0
	for start+n < len(l.Text) && l.Text[start+n] == ' ' {
		n++
	}
	return n
}

// isBlank reports whether nothing but blanks stands from the offset to the end of its line.
func (l *Lines) isBlank(at int) bool {
	for ; at < len(l.Text) && breakAt(l.Text, at) == 0; at++ {
		if l.Text[at] != ' ' && l.Text[at] != '\t' {
			return false
		}
	}
	return true
}

// IsComment reports whether a line holds nothing, or a comment only.
func (l *Lines) IsComment(start int) bool {
	in := l.CountBlanks(start)
	return l.isBlank(start) || start+in < len(l.Text) && l.Text[start+in] == '#'
}

// CountComments is how many such lines end at the offset, the end of the last one.
func (l *Lines) CountComments(end int) int {
	n := 0
	for {
		start := l.LineStart(end)
		if l.IsFirstLine(start) || !l.IsComment(start) {
			return n
		}
		n++
		end = l.PreviousEnd(start)
	}
}
