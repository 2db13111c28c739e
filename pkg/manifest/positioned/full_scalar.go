package positioned

import (
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// scalarEnd finds where a scalar's text ends.
func (b *builder) scalarEnd(n *Node, indent int, flow bool) int {
	switch {
	case n.Start >= len(b.Text):
		return len(b.Text)
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return b.quotedEnd(n.Start, '"')
	case n.Style&yaml.SingleQuotedStyle != 0:
		return b.quotedEnd(n.Start, '\'')
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return b.blockScalarEnd(n.Start, indent)
	case n.Value == "": // "key:" with nothing behind it
		return n.Start
	case flow:
		return b.flowPlainEnd(n.Start)
	}
	return b.plainEnd(n.Start, indent)
}

func (b *builder) quotedEnd(at int, q byte) int {
	for at++; at < len(b.Text); at++ {
		switch c := b.Text[at]; {
		case c == '\\' && q == '"':
			at++
		case c == q && q == '\'' && at+1 < len(b.Text) && b.Text[at+1] == q:
			at++
		case c == q:
			return at + 1
		}
	}
	return len(b.Text)
}

// plainEnd ends at a comment, at ": ", or before the first line that isn't deeper
// than indent; the reader has checked the rest.
func (b *builder) plainEnd(at, indent int) int {
	for {
		end, more := b.plainLineEnd(at)
		if !more {
			return end
		}
		next := b.NextLine(b.Lines.LineEnd(end))
		for next >= 0 && next < len(b.Text) && b.isBlank(next) {
			next = b.NextLine(b.Lines.LineEnd(next))
		}
		if next < 0 || next >= len(b.Text) {
			return end
		}
		in := b.CountBlanks(next)
		first := next + in
		for first < len(b.Text) && b.Text[first] == '\t' {
			first++
		}
		if in <= indent || b.Text[first] == '#' || in == 0 && IsMarker(b.Text[next:]) {
			return end
		}
		at = first
	}
}

// plainLineEnd is where a plain scalar ends on its line, and whether it may go on
// on the next.
func (b *builder) plainLineEnd(at int) (end int, more bool) {
	stop := b.Lines.LineEnd(at)
	end = at
	for i := at; i < stop; i++ {
		switch c := b.Text[i]; {
		case c == '#' && i > at && (b.Text[i-1] == ' ' || b.Text[i-1] == '\t'):
			return end, false
		case c == ':' && (i+1 == stop || b.Text[i+1] == ' ' || b.Text[i+1] == '\t'):
			return end, false
		case c != ' ' && c != '\t':
			end = i + 1
		}
	}
	return end, true
}

// flowPlainEnd is a plain scalar within brackets; it may run over lines.
func (b *builder) flowPlainEnd(at int) int {
	end := at
	for i := at; i < len(b.Text); i++ {
		c := b.Text[i]
		space := i > at && strings.IndexByte(" \t\r\n", b.Text[i-1]) >= 0
		switch {
		case strings.IndexByte(",[]{}", c) >= 0, c == '#' && space:
			return end
		case c == ':' && (i+1 >= len(b.Text) || strings.IndexByte(" \t\r\n", b.Text[i+1]) >= 0):
			return end // the reader takes "a:," for the scalar "a:"
		case c == '?' && i > at && (i+1 >= len(b.Text) || strings.IndexByte(" \t\r\n", b.Text[i+1]) >= 0):
			return end
		case c != ' ' && c != '\t' && c != '\r' && c != '\n':
			end = i + 1
		}
	}
	return end
}

// blockScalarEnd ends with its last line that isn't blank; with "+" the blank lines
// that follow are its own too.
func (b *builder) blockScalarEnd(at, indent int) int {
	keep, deep := false, 0
	end := b.Lines.LineEnd(at)
	for _, c := range b.Text[at+1 : end] {
		if c == '+' {
			keep = true
		} else if c >= '1' && c <= '9' {
			deep = max(indent, 0) + int(c-'0')
		} else if c != '-' {
			break
		}
	}
	for next := b.NextLine(end); next >= 0 && next < len(b.Text); {
		stop := b.Lines.LineEnd(next)
		if in := b.CountBlanks(next); next+in >= stop { // nothing but blanks
			if keep || deep > 0 && in > deep {
				end = stop
			}
		} else {
			if deep == 0 {
				deep = in
			}
			if in < deep || in <= indent || in == 0 && IsMarker(b.Text[next:]) {
				return end
			}
			end = stop
		}
		next = b.NextLine(stop)
	}
	return end
}

// IsMarker reports whether a line is a document marker.
func IsMarker(line string) bool {
	return (strings.HasPrefix(line, "---") || strings.HasPrefix(line, "...")) &&
		(len(line) == 3 || strings.IndexByte(" \t\r\n", line[3]) >= 0)
}
