package split

import "strings"

// A flowReader reads a metadata in brackets on one line, of plain words and of mappings of those:
// {name: web, labels: {app: web}}. It gives up on any other.
type flowReader struct {
	*splitter
	h     *Head
	f     *fields
	depth int
	next  turn
	name  string // of the field whose value comes
}

// A turn is what may come next.
type turn int

const (
	opening   turn = iota // the first bracket
	firstName             // a name, or the bracket that closes an empty mapping
	otherName
	value
	ending // a comma, or a closing bracket
)

// noteFlow reads a metadata in brackets. It returns false if only a full reader can.
func (s *splitter) noteFlow(h *Head, f *fields, text string) bool {
	r := flowReader{splitter: s, h: h, f: f}
	for p := 0; p < len(text); {
		var ok bool
		switch c := text[p]; c {
		case ' ':
			p++
			continue
		case '{', '}', ',':
			ok = r.takeSign(c)
			p++
			if ok && c == ',' {
				ok = p < len(text) && text[p] == ' '
			}
			if ok && r.depth == 0 {
				rest := strings.TrimLeft(text[p:], " ")
				return rest == "" || rest[0] == '#' && text[p] == ' '
			}
		default:
			p, ok = r.takeWord(text, p)
		}
		if !ok {
			return false
		}
	}
	return false
}

func (r *flowReader) takeSign(c byte) bool {
	switch {
	case c == '{' && (r.next == opening || r.next == value && r.depth == 1):
		r.depth++
		r.next = firstName
	case c == '}' && (r.next == ending || r.next == firstName):
		r.depth--
		r.next = ending
	case c == ',' && r.next == ending:
		r.next = otherName
	default:
		return false
	}
	return true
}

// takeWord reads the word at p, which is a name with a colon or a value, and returns what stands behind it.
func (r *flowReader) takeWord(text string, p int) (end int, ok bool) {
	for end = p; end < len(text) && isWordByte(text[end]); {
		end++
	}
	word := text[p:end]
	if word == "" || word == "-" || end == len(text) {
		return end, false
	}
	switch isName := text[end] == ':'; {
	case isName && (r.next == firstName || r.next == otherName) && strings.HasPrefix(text[end+1:], " "):
		r.noteKnown(r.h, word)
		r.name, r.next = word, value
		return end + 1, true
	case !isName && r.next == value:
		r.next = ending
		return end, r.depth > 1 || r.f.noteWord(r.h, r.name, word)
	}
	return end, false
}

// isWordByte reports whether a byte in a plain scalar has no meaning of its own, wherever it stands.
func isWordByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return c == '-' || c == '.' || c == '_' || c == '/'
}

// noteWord notes a field of a metadata in brackets.
func (f *fields) noteWord(h *Head, name, word string) bool {
	at, into := 3, &h.Name
	switch name {
	case "name":
	case "namespace":
		at, into = 4, &h.Namespace
	case "generateName":
		at, into = 5, &h.GenerateName
	default:
		return true
	}
	if f.seen[at] {
		return false
	}
	f.seen[at] = true
	*into, _ = plainValue(word)
	return true
}
