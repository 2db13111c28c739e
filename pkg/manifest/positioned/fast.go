package positioned

import (
	"slices"
	"strings"
	"unicode/utf8"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// fastReader reads the YAML that kustomize and most people write: block mappings and
// sequences of scalars on one line, and literal blocks. It's about ten times faster than a
// full reader. If it isn't sure it gives up, and the full reader reads the text. Both give
// the same result (FuzzFastReader).
type fastReader struct {
	*Lines
	to    int  // end of the object's lines
	no    bool // it gave up
	depth int

	// The next line with content: its start and end, and the start of its content.
	at, eol, first int

	*Arena
	count int // of nodes
}

// ReadFast reads one object; a list's member has a dash in front.
func ReadFast(l *Lines, from, to int, member bool) (*Node, bool) {
	return new(Arena).ReadFast(l, from, to, member)
}

// ReadFast is the same with nodes of the arena.
func (a *Arena) ReadFast(l *Lines, from, to int, member bool) (*Node, bool) {
	if !member {
		if n, ok := readLoneValue(l, from, to); ok {
			return n, true
		}
	}
	b := fastReader{Lines: l, Arena: a, to: to, eol: from - 1}
	if from == 0 && l.firstOffset() > 0 || !hasPlainBytes(l.Text[from:to]) {
		return nil, false
	}
	b.advanceLine()
	if b.first < to && IsMarker(l.Text[b.first:b.eol]) {
		if l.Text[b.first] == '.' || len(strings.TrimRight(l.Text[b.first:b.eol], " ")) > 3 {
			return nil, false
		}
		b.advanceLine()
	}
	if b.no || b.first >= to {
		return nil, false
	}
	n := b.readRoot(b.first)
	if b.no || b.first < to {
		return nil, false
	}
	if member {
		if n.Kind != Sequence || len(n.Values) != 1 {
			return nil, false
		}
		n = n.Values[0]
	}
	return n, true
}

// readRoot reads the value of the document.
func (b *fastReader) readRoot(p int) *Node {
	tag, p := b.readTag(p)
	below := tag != "" && b.endsAt(p)
	if below {
		b.advanceLine()
		p = b.first
	}
	switch {
	case p >= b.to:
		return b.giveUp()
	case b.Text[p] != '{' && b.Text[p] != '[':
		if tag != "" && !below {
			return b.giveUp() // a key's tag
		}
		return b.withTag(b.readBlock(p, p-b.at), tag)
	}
	n := b.withTag(b.readFlow(p), tag)
	if b.no {
		return n
	}
	if rest := b.skipBlanks(n.End); rest < b.eol && (b.Text[rest] != '#' || rest == n.End) {
		return b.giveUp()
	}
	b.advanceLine()
	return n
}

// hasPlainBytes reports whether a text has no bytes that some readers treat as line breaks or
// refuse.
func hasPlainBytes(text string) bool {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case isPlainByte[c]:
		case c < utf8.RuneSelf: // tabs, too: the rules for them are complicated
			return false
		default:
			r, n := utf8.DecodeRuneInString(text[i:])
			switch r {
			case '\u2028', '\u2029', '\ufeff', 0xfffe, 0xffff:
				return false
			}
			if r < 0xa0 {
				return false
			}
			i += n - 1
		}
	}
	return true
}

// isPlainByte has the bytes that have one meaning to all readers.
var isPlainByte = func() (is [256]bool) {
	for c := 0x20; c < 0x7f; c++ {
		is[c] = true
	}
	is['\n'] = true
	return is
}()

// advanceLine goes to the next line that is neither blank nor a comment.
func (b *fastReader) advanceLine() {
	for at := b.eol + 1; at < b.to; {
		eol := at + strings.IndexByte(b.Text[at:b.to], '\n')
		if eol < at {
			eol = b.to
		}
		p := at
		for p < eol && b.Text[p] == ' ' {
			p++
		}
		if p < eol && b.Text[p] != '#' {
			b.at, b.eol, b.first = at, eol, p
			return
		}
		at = eol + 1
	}
	b.at, b.eol, b.first = b.to, b.to, b.to
}

// isDeeper reports whether the next line begins right of a column.
func (b *fastReader) isDeeper(col int) bool { return b.first < b.to && b.first-b.at > col }

func (b *fastReader) giveUp() *Node {
	b.no = true
	return &Node{}
}

// readBlock reads the collection that begins at p, in a column of the current line.
func (b *fastReader) readBlock(p, col int) *Node {
	if b.depth++; b.depth > maxDepth/2 {
		return b.giveUp()
	}
	defer func() { b.depth-- }()
	if b.isDash(p) {
		return b.readSequence(p, col)
	}
	return b.readMapping(p, col)
}

func (b *fastReader) isDash(p int) bool {
	return b.Text[p] == '-' && (p+1 >= b.eol || b.Text[p+1] == ' ')
}

func (b *fastReader) readSequence(p, col int) *Node {
	n, from := b.newNode(Sequence, p), len(b.open)
	n.Column, n.Tag = col, TagSeq
	defer func() { _, n.Values = b.cutLists(from, false) }()
	for !b.no {
		n.Dashes = append(n.Dashes, p)
		tag, v := b.readTag(b.skipBlanks(p + 1))
		var val *Node
		switch {
		case b.endsAt(v):
			val = b.readBelow(p+1, col, col)
		case tag == "" && b.Text[v] != '{' && b.Text[v] != '[' && (b.isDash(v) || b.isKey(v)):
			val = b.readBlock(v, v-b.at)
		default:
			val = b.readValue(v, col)
		}
		b.open = append(b.open, b.withTag(val, tag))
		n.End = max(p+1, val.End)
		if b.first >= b.to || b.first-b.at < col {
			return n
		}
		if p = b.first; b.first-b.at != col || !b.isDash(p) {
			if b.first-b.at == col && !b.isDash(p) {
				return n // a compact list, and the mapping goes on
			}
			b.giveUp()
		}
	}
	return n
}

func (b *fastReader) readMapping(p, col int) *Node {
	n, from := b.newNode(Mapping, p), len(b.open)
	n.Column, n.Tag = col, TagMap
	defer func() { n.Keys, n.Values = b.cutLists(from, true) }()
	for !b.no {
		k, v := b.readKey(p)
		if k == nil {
			return b.giveUp()
		}
		tag, v := b.readTag(v)
		var val *Node
		if b.endsAt(v) {
			colon := strings.IndexByte(b.Text[k.End:b.eol], ':') + k.End
			val = b.readBelow(colon+1, col, col-1)
		} else {
			val = b.readValue(v, col)
		}
		b.open = append(b.open, k, b.withTag(val, tag))
		n.End = max(k.End, val.End)
		if b.first >= b.to || b.first-b.at < col {
			return n
		}
		if p = b.first; b.first-b.at > col || b.isDash(p) {
			return b.giveUp()
		}
	}
	return n
}

// readBelow reads the value on the lines below a key or dash: a deeper one, a list right of
// the column list, or nothing, at the offset.
func (b *fastReader) readBelow(nothing, col, list int) *Node {
	b.advanceLine()
	if b.isDeeper(col) || b.first < b.to && b.isDash(b.first) && b.first-b.at > list {
		if !b.isDash(b.first) && !b.isKey(b.first) {
			return b.giveUp() // a scalar on a line of its own
		}
		return b.readBlock(b.first, b.first-b.at)
	}
	n := b.newNode(Scalar, nothing)
	n.End, n.Tag = nothing, TagNull
	return n
}

// skipBlanks skips blanks on the current line.
func (b *fastReader) skipBlanks(p int) int {
	for p < b.eol && b.Text[p] == ' ' {
		p++
	}
	return p
}

// endsAt reports whether only a comment follows p on the current line.
func (b *fastReader) endsAt(p int) bool { return p == b.eol || b.Text[p] == '#' }

// isKey reports whether a key begins at p on the current line.
func (b *fastReader) isKey(p int) bool {
	end := b.keyEnd(p)
	return end >= 0
}

// keyEnd returns the end of the key at p, or -1.
func (b *fastReader) keyEnd(p int) int {
	if c := b.Text[p]; c == '"' || c == '\'' {
		i := strings.IndexByte(b.Text[p+1:b.eol], c)
		if i < 0 || b.skipBlanks(p+i+2) >= b.eol || b.Text[b.skipBlanks(p+i+2)] != ':' {
			return -1
		}
		return p + i + 2
	}
	for i := p; i < b.eol; i++ {
		switch b.Text[i] {
		case ':':
			if i+1 == b.eol || b.Text[i+1] == ' ' {
				for i > p && b.Text[i-1] == ' ' {
					i--
				}
				return i
			}
		case '#':
			if i > p && b.Text[i-1] == ' ' {
				return -1
			}
		}
	}
	return -1
}

// readKey reads the key at p, and finds the start of its value on the line.
func (b *fastReader) readKey(p int) (k *Node, value int) {
	end := b.keyEnd(p)
	if end <= p {
		return nil, 0
	}
	colon := b.skipBlanks(end)
	if colon+1 < b.eol && b.Text[colon+1] != ' ' {
		return nil, 0
	}
	k = b.newNode(Scalar, p)
	k.End = end
	switch c := b.Text[p]; c {
	case '"', '\'':
		k.Value, k.Tag, k.Style = b.Text[p+1:end-1], TagString, yaml.DoubleQuotedStyle
		if c == '\'' {
			k.Style = yaml.SingleQuotedStyle
		}
		if strings.IndexByte(k.Value, '\\') >= 0 && c == '"' {
			return nil, 0
		}
	default:
		k.Value = b.Text[p:end]
		if !startsPlain(k.Value) {
			return nil, 0
		}
		k.Tag = tagOf(k.Value)
	}
	return k, b.skipBlanks(colon + 1)
}

// startsPlain reports whether a text certainly begins a plain scalar.
func startsPlain(s string) bool {
	switch s[0] {
	case ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`':
		return false
	case '-', '?', ':':
		return len(s) > 1 && s[1] != ' '
	case '<':
		return s != "<<"
	}
	return true
}

// isShortNumber reports whether a text has digits only, and so few that every reader takes it for a number.
func isShortNumber(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) <= 18
}

// tagOf returns the tag of a plain scalar. Only scalars with some first characters can be
// anything but strings (go-yaml resolve.go).
func tagOf(s string) string {
	switch c := s[0]; {
	case c >= '1' && c <= '9' && isShortNumber(s):
		return TagInt
	case c >= '0' && c <= '9' && endsInUnit(s):
		return TagString
	case c == 't', c == 'T', c == 'f', c == 'F', c == 'n', c == 'N':
		if !slices.ContainsFunc(otherWords, func(w string) bool { return strings.EqualFold(s, w) }) {
			return TagString
		}
	case strings.IndexByte("0123456789+-.~<=", c) < 0:
		return TagString
	}
	n := yaml.Node{Kind: yaml.ScalarNode, Value: s}
	return n.ShortTag()
}

// otherWords are the words, in any case, that may be something else than strings.
var otherWords = []string{"true", "false", "null"}

// endsInUnit reports whether a text ends in a letter that no number or date ends in, as 128Mi, 100m and 30s do. Hex
// digits and the Z of a time aren't among them.
func endsInUnit(s string) bool {
	c := s[len(s)-1]
	return c >= 'g' && c < 'z' || c >= 'G' && c < 'Z'
}
