package positioned

import (
	"strings"
)

// Lines finds the lines of a text, with the line breaks of the YAML reader.
type Lines struct {
	Text  string
	Break string // the line break that the text uses first
	Plain bool   // it has no other ones than LF and CRLF
}

const BOM = "\ufeff"

func NewLines(text string) *Lines { return &Lines{Text: text, Break: firstBreak(text)} }

// firstBreak returns the first line break of a text; "\n" if it has none.
func firstBreak(text string) string {
	if i := strings.IndexByte(text, '\n'); i > 0 && text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// breakAt returns the length of the line break at i, or 0.
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

// breakBefore returns the length of the line break that ends at i, or 0.
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

// firstOffset returns the start of the first line: the reader drops a byte order mark before
// it counts columns.
func (l *Lines) firstOffset() int {
	if strings.HasPrefix(l.Text, BOM) {
		return len(BOM)
	}
	return 0
}

// CountBreaks returns the number of line breaks from one offset to another.
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

// LineNumber returns the number, from 1, of the line with the offset. It's for messages, as
// it counts from the top of the text.
func (l *Lines) LineNumber(at int) int { return 1 + l.CountBreaks(0, at) }

// LineStart returns the start of the line with the offset.
func (l *Lines) LineStart(at int) int {
	for top := l.firstOffset(); at > top && breakBefore(l.Text, at) == 0; {
		at--
	}
	return at
}

// IsFirstLine reports whether the line that begins at the offset is the text's first.
func (l *Lines) IsFirstLine(start int) bool { return start <= l.firstOffset() }

// LineEnd returns the end of the line with the offset, before its line break.
func (l *Lines) LineEnd(at int) int {
	for at < len(l.Text) && breakAt(l.Text, at) == 0 {
		at++
	}
	return at
}

// NextLine returns the start of the line after the one that ends at the offset, or -1.
func (l *Lines) NextLine(end int) int {
	if end >= len(l.Text) {
		return -1
	}
	return end + breakAt(l.Text, end)
}

// PreviousEnd returns the end of the line before the one with the offset; 0 at the top.
func (l *Lines) PreviousEnd(at int) int {
	start := l.LineStart(at)
	if l.IsFirstLine(start) {
		return 0
	}
	return start - breakBefore(l.Text, start)
}

// LastBreak returns the length of the line break at the end of the text, or 0.
func (l *Lines) LastBreak() int { return breakBefore(l.Text, len(l.Text)) }

// CountBlanks returns the number of blanks at the start of the line at the offset.
func (l *Lines) CountBlanks(start int) int {
	n := 0
	for start+n < len(l.Text) && l.Text[start+n] == ' ' {
		n++
	}
	return n
}

// isBlank reports whether only blanks follow from the offset to the end of its line.
func (l *Lines) isBlank(at int) bool {
	for ; at < len(l.Text) && breakAt(l.Text, at) == 0; at++ {
		if l.Text[at] != ' ' && l.Text[at] != '\t' {
			return false
		}
	}
	return true
}

// IsComment reports whether a line is empty or only a comment.
func (l *Lines) IsComment(start int) bool {
	in := l.CountBlanks(start)
	return l.isBlank(start) || start+in < len(l.Text) && l.Text[start+in] == '#'
}

// CountComments returns the number of such lines in a row, of which the last one ends at the
// offset.
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
