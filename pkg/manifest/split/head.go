package split

import "strings"

// fields collects what is known of an object while its lines are read.
type fields struct {
	col  int // of its keys; -1: not seen yet
	meta int // of the keys of metadata; -1: not seen yet
	seen [6]bool
	in   bool // below metadata
	from int  // where the line of metadata begins; -1: not below it
}

// closeMeta ends the lines of metadata.
func (f *fields) closeMeta(h *Head, at int) {
	if f.from >= 0 {
		h.Meta = [2]int{f.from, at}
	}
	f.from = -1
}

// noteKey reads a key, and its value at v if the head has a field for it.
func (s *splitter) noteKey(h *Head, f *fields, col int, name string, v, eol int, multi bool) {
	switch {
	case col == f.col:
		f.in = name == "metadata"
		switch name {
		case "apiVersion":
			s.holdValue(h, f, 0, &h.APIVersion, v, eol, multi)
		case "kind":
			s.holdValue(h, f, 1, &h.Kind, v, eol, multi)
		case "metadata":
			if f.seen[2] || v < eol && s.text[v] != '#' && (multi || !s.noteFlow(h, f, s.text[v:eol])) {
				h.Unsure = true
			}
			f.seen[2] = true
		case "items":
			if f == &s.inner {
				h.Unsure = true // a list in a list
			}
		}
	case f.in && f.meta < 0:
		f.meta = col
		fallthrough
	case f.in && col == f.meta:
		switch name {
		case "name":
			s.holdValue(h, f, 3, &h.Name, v, eol, multi)
		case "namespace":
			s.holdValue(h, f, 4, &h.Namespace, v, eol, multi)
		case "generateName":
			s.holdValue(h, f, 5, &h.GenerateName, v, eol, multi)
		}
	}
	if f.in && col != f.col {
		s.noteKnown(h, name)
		if v < eol && strings.IndexByte("{[&*!?", s.text[v]) >= 0 {
			h.Known = allKnown
		}
	}
	if name == "<<" {
		h.Unsure = true
	}
}

// allKnown are the bits of all names.
const allKnown = ^uint64(0)

// noteKnown notes a name below metadata.
func (s *splitter) noteKnown(h *Head, name string) {
	if bit, ok := s.known[name]; ok {
		h.Known |= bit
	}
	if i := strings.IndexByte(name, '/'); i >= 0 {
		h.Known |= s.known[name[:i+1]]
	}
}

// holdValue sets a value of the head. A value that is given twice, or in a complicated form,
// makes the object unsure.
func (s *splitter) holdValue(h *Head, f *fields, i int, into *string, v, eol int, multi bool) {
	text, ok := plainValue(s.text[v:eol])
	if f.seen[i] || multi || !ok || v == eol || s.text[v] == '#' { // the value may be on the next line
		h.Unsure = true
		return
	}
	f.seen[i], *into = true, text
}

// plainValue returns the value of a scalar on one line, which has at most quotes to remove.
// Null is "".
func plainValue(text string) (string, bool) {
	if text == "" {
		return "", true
	}
	switch c := text[0]; c {
	case '"', '\'':
		end := strings.IndexByte(text[1:], c)
		if end < 0 {
			return "", false
		}
		rest := strings.TrimLeft(text[end+2:], " \t")
		value := text[1 : end+1]
		return value, (rest == "" || rest[0] == '#' && text[end+2] != '#') &&
			(c == '\'' || strings.IndexByte(value, '\\') < 0)
	case '#':
		return "", true
	case '|', '>', '&', '*', '!', '{', '[', '%', '@', '`':
		return "", false
	}
	for i := 1; i < len(text); i++ {
		if text[i] == '#' && isSpace(text[i-1]) {
			text = text[:i]
			break
		}
	}
	switch text = strings.TrimRight(text, " \t"); text {
	case "~", "null", "Null", "NULL":
		return "", true
	}
	return text, true
}
