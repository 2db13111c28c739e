package manifest

import (
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// scalarEnd finds where a scalar's text ends.
func (b *builder) scalarEnd(n *node, indent int, flow bool) int {
	switch {
	case n.start >= len(b.text):
		return len(b.text)
	case n.style&yaml.DoubleQuotedStyle != 0:
		return b.quoted(n.start, '"')
	case n.style&yaml.SingleQuotedStyle != 0:
		return b.quoted(n.start, '\'')
	case n.style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return b.blockScalar(n.start, indent)
	case n.value == "": // "key:" with nothing behind it
		return n.start
	case flow:
		return b.flowPlain(n.start)
	}
	return b.plain(n.start, indent)
}

func (b *builder) quoted(at int, q byte) int {
	for at++; at < len(b.text); at++ {
		switch c := b.text[at]; {
		case c == '\\' && q == '"':
			at++
		case c == q && q == '\'' && at+1 < len(b.text) && b.text[at+1] == q:
			at++
		case c == q:
			return at + 1
		}
	}
	return len(b.text)
}

// plain ends at a comment, at ": ", or before the first line that isn't deeper
// than indent; the reader has checked the rest.
func (b *builder) plain(at, indent int) int {
	for {
		end, more := b.plainLine(at)
		if !more {
			return end
		}
		next := b.next(b.lines.end(end))
		for next >= 0 && next < len(b.text) && b.blank(next) {
			next = b.next(b.lines.end(next))
		}
		if next < 0 || next >= len(b.text) {
			return end
		}
		in := b.margin(next)
		first := next + in
		for first < len(b.text) && b.text[first] == '\t' {
			first++
		}
		if in <= indent || b.text[first] == '#' || in == 0 && marker(b.text[next:]) {
			return end
		}
		at = first
	}
}

// plainLine is where a plain scalar ends on its line, and whether it may go on
// on the next.
func (b *builder) plainLine(at int) (end int, more bool) {
	stop := b.lines.end(at)
	end = at
	for i := at; i < stop; i++ {
		switch c := b.text[i]; {
		case c == '#' && i > at && (b.text[i-1] == ' ' || b.text[i-1] == '\t'):
			return end, false
		case c == ':' && (i+1 == stop || b.text[i+1] == ' ' || b.text[i+1] == '\t'):
			return end, false
		case c != ' ' && c != '\t':
			end = i + 1
		}
	}
	return end, true
}

// flowPlain is a plain scalar within brackets; it may run over lines.
func (b *builder) flowPlain(at int) int {
	end := at
	for i := at; i < len(b.text); i++ {
		c := b.text[i]
		space := i > at && (b.text[i-1] == ' ' || b.text[i-1] == '\t' || b.text[i-1] == '\n' || b.text[i-1] == '\r')
		switch {
		case c == ',' || c == '[' || c == ']' || c == '{' || c == '}', c == '#' && space:
			return end
		case c == ':' && (i+1 >= len(b.text) || strings.IndexByte(" \t\r\n", b.text[i+1]) >= 0):
			return end // the reader takes "a:," for the scalar "a:"
		case c == '?' && i > at && (i+1 >= len(b.text) || strings.IndexByte(" \t\r\n", b.text[i+1]) >= 0):
			return end
		case c != ' ' && c != '\t' && c != '\r' && c != '\n':
			end = i + 1
		}
	}
	return end
}

// blockScalar ends with its last line that isn't blank; with "+" the blank lines
// that follow are its own too.
func (b *builder) blockScalar(at, indent int) int {
	keep, deep := false, 0
	end := b.lines.end(at)
	for _, c := range b.text[at+1 : end] {
		if c == '+' {
			keep = true
		} else if c >= '1' && c <= '9' {
			deep = max(indent, 0) + int(c-'0')
		} else if c != '-' {
			break
		}
	}
	for next := b.next(end); next >= 0 && next < len(b.text); {
		stop := b.lines.end(next)
		if in := b.margin(next); next+in >= stop { // nothing but blanks
			if keep || deep > 0 && in > deep {
				end = stop
			}
		} else {
			if deep == 0 {
				deep = in
			}
			if in < deep || in <= indent || in == 0 && marker(b.text[next:]) {
				return end
			}
			end = stop
		}
		next = b.next(stop)
	}
	return end
}

// marker reports whether a line is a document marker.
func marker(line string) bool {
	return (strings.HasPrefix(line, "---") || strings.HasPrefix(line, "...")) &&
		(len(line) == 3 || strings.IndexByte(" \t\r\n", line[3]) >= 0)
}
