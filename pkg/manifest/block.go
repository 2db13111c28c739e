package manifest

import (
	"strings"
	"unicode/utf8"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// blocks reads the YAML that kustomize writes and people mostly do: block
// mappings and sequences of scalars that stand on one line, and literal blocks.
// It's some ten times faster than a full reader. What it isn't sure of it refuses,
// and a full reader must look; what it reads, both read alike (FuzzBlocks).
type blocks struct {
	*lines
	to    int  // where the object's lines end
	no    bool // refused
	depth int

	// The next line with content: where it begins and ends, and where its content does.
	at, eol, first int

	arena []node
	count int // of nodes
}

// readBlocks reads one object; a list's member has a dash in front.
func readBlocks(l *lines, from, to int, member bool) (*node, bool) {
	b := blocks{lines: l, to: to, eol: from - 1}
	if from == 0 && l.top() > 0 || !plainBytes(l.text[from:to]) {
		return nil, false
	}
	b.advance()
	if b.first < to && marker(l.text[b.first:b.eol]) {
		if l.text[b.first] == '.' || len(strings.TrimRight(l.text[b.first:b.eol], " ")) > 3 {
			return nil, false
		}
		b.advance()
	}
	if b.no || b.first >= to {
		return nil, false
	}
	n := b.root(b.first)
	if b.no || b.first < to {
		return nil, false
	}
	if member {
		if n.kind != sequenceNode || len(n.vals) != 1 {
			return nil, false
		}
		n = n.vals[0]
	}
	return n, true
}

// root reads the document's own value.
func (b *blocks) root(p int) *node {
	tag, p := b.tag(p)
	below := tag != "" && b.ends(p)
	if below {
		b.advance()
		p = b.first
	}
	switch {
	case p >= b.to:
		return b.refuse()
	case b.text[p] != '{' && b.text[p] != '[':
		if tag != "" && !below {
			return b.refuse() // a key's tag
		}
		return b.tagged(b.block(p, p-b.at), tag)
	}
	n := b.tagged(b.flow(p), tag)
	if b.no {
		return n
	}
	if rest := b.skip(n.end); rest < b.eol && (b.text[rest] != '#' || rest == n.end) {
		return b.refuse()
	}
	b.advance()
	return n
}

// plainBytes reports whether a text has no bytes that readers take for line
// breaks, or refuse.
func plainBytes(text string) bool {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c >= 0x20 && c < 0x7f || c == '\n':
		case c < utf8.RuneSelf: // tabs too: where they may stand is a science
			return false
		default:
			r, n := utf8.DecodeRuneInString(text[i:])
			if r < 0xa0 || r == '\u2028' || r == '\u2029' || r == '\ufeff' || r == 0xfffe || r == 0xffff {
				return false
			}
			i += n - 1
		}
	}
	return true
}

// advance goes to the next line that is neither blank nor a comment.
func (b *blocks) advance() {
	for at := b.eol + 1; at < b.to; {
		eol := at + strings.IndexByte(b.text[at:b.to], '\n')
		if eol < at {
			eol = b.to
		}
		p := at
		for p < eol && b.text[p] == ' ' {
			p++
		}
		if p < eol && b.text[p] != '#' {
			b.at, b.eol, b.first = at, eol, p
			return
		}
		at = eol + 1
	}
	b.at, b.eol, b.first = b.to, b.to, b.to
}

// deeper reports whether the next line begins right of a column.
func (b *blocks) deeper(col int) bool { return b.first < b.to && b.first-b.at > col }

func (b *blocks) new(kind kind, start int) *node {
	if b.count++; b.count > maxValues {
		b.no = true
	}
	if len(b.arena) == 0 { // about as many as there will be
		b.arena = make([]node, min(max((b.to-b.at)/20, 4), 64))
	}
	n := &b.arena[0]
	b.arena = b.arena[1:]
	n.kind, n.start = kind, start
	return n
}

func (b *blocks) refuse() *node {
	b.no = true
	return &node{}
}

// block reads the collection that begins at p, in a column of the current line.
func (b *blocks) block(p, col int) *node {
	if b.depth++; b.depth > maxDepth/2 {
		return b.refuse()
	}
	defer func() { b.depth-- }()
	if b.isDash(p) {
		return b.sequence(p, col)
	}
	return b.mapping(p, col)
}

func (b *blocks) isDash(p int) bool {
	return b.text[p] == '-' && (p+1 >= b.eol || b.text[p+1] == ' ')
}

func (b *blocks) sequence(p, col int) *node {
	n := b.new(sequenceNode, p)
	n.col, n.tag = col, tagSeq
	for !b.no {
		n.dash = append(n.dash, p)
		tag, v := b.tag(b.skip(p + 1))
		var val *node
		switch {
		case b.ends(v):
			val = b.below(p+1, col, col)
		case tag == "" && b.text[v] != '{' && b.text[v] != '[' && (b.isDash(v) || b.isKey(v)):
			val = b.block(v, v-b.at)
		default:
			val = b.value(v, col)
		}
		n.vals = append(n.vals, b.tagged(val, tag))
		n.end = max(p+1, val.end)
		if b.first >= b.to || b.first-b.at < col {
			return n
		}
		if p = b.first; b.first-b.at != col || !b.isDash(p) {
			if b.first-b.at == col && !b.isDash(p) {
				return n // a compact list, and the mapping goes on
			}
			b.refuse()
		}
	}
	return n
}

func (b *blocks) mapping(p, col int) *node {
	n := b.new(mappingNode, p)
	n.col, n.tag = col, tagMap
	for !b.no {
		k, v := b.key(p)
		if k == nil {
			return b.refuse()
		}
		tag, v := b.tag(v)
		var val *node
		if b.ends(v) {
			colon := strings.IndexByte(b.text[k.end:b.eol], ':') + k.end
			val = b.below(colon+1, col, col-1)
		} else {
			val = b.value(v, col)
		}
		n.keys, n.vals = append(n.keys, k), append(n.vals, b.tagged(val, tag))
		n.end = max(k.end, val.end)
		if b.first >= b.to || b.first-b.at < col {
			return n
		}
		if p = b.first; b.first-b.at > col || b.isDash(p) {
			return b.refuse()
		}
	}
	return n
}

// below reads what stands on the lines under a key or dash: something deeper, a
// list that may stand right of column list only, or nothing, at the offset.
func (b *blocks) below(nothing, col, list int) *node {
	b.advance()
	if b.deeper(col) || b.first < b.to && b.isDash(b.first) && b.first-b.at > list {
		if !b.isDash(b.first) && !b.isKey(b.first) {
			return b.refuse() // a scalar on a line of its own
		}
		return b.block(b.first, b.first-b.at)
	}
	n := b.new(scalarNode, nothing)
	n.end, n.tag = nothing, tagNull
	return n
}

// skip skips blanks on the current line.
func (b *blocks) skip(p int) int {
	for p < b.eol && b.text[p] == ' ' {
		p++
	}
	return p
}

// ends reports whether nothing but a comment stands behind p on the current line.
func (b *blocks) ends(p int) bool { return p == b.eol || b.text[p] == '#' }

// isKey reports whether a key stands at p on the current line.
func (b *blocks) isKey(p int) bool {
	end := b.keyEnd(p)
	return end >= 0
}

// keyEnd is where the key at p ends, or -1.
func (b *blocks) keyEnd(p int) int {
	if c := b.text[p]; c == '"' || c == '\'' {
		i := strings.IndexByte(b.text[p+1:b.eol], c)
		if i < 0 || b.skip(p+i+2) >= b.eol || b.text[b.skip(p+i+2)] != ':' {
			return -1
		}
		return p + i + 2
	}
	for i := p; i < b.eol; i++ {
		switch b.text[i] {
		case ':':
			if i+1 == b.eol || b.text[i+1] == ' ' {
				for i > p && b.text[i-1] == ' ' {
					i--
				}
				return i
			}
		case '#':
			if i > p && b.text[i-1] == ' ' {
				return -1
			}
		}
	}
	return -1
}

// key reads the key at p, and finds where its value begins on the line.
func (b *blocks) key(p int) (k *node, value int) {
	end := b.keyEnd(p)
	if end <= p {
		return nil, 0
	}
	colon := b.skip(end)
	if colon+1 < b.eol && b.text[colon+1] != ' ' {
		return nil, 0
	}
	k = b.new(scalarNode, p)
	k.end = end
	switch c := b.text[p]; c {
	case '"', '\'':
		k.value, k.tag, k.style = b.text[p+1:end-1], tagString, yaml.DoubleQuotedStyle
		if c == '\'' {
			k.style = yaml.SingleQuotedStyle
		}
		if strings.IndexByte(k.value, '\\') >= 0 && c == '"' {
			return nil, 0
		}
	default:
		k.value = b.text[p:end]
		if !plainStart(k.value) {
			return nil, 0
		}
		k.tag = tagOf(k.value)
	}
	return k, b.skip(colon + 1)
}

// plainStart reports whether a text may begin a plain scalar, beyond doubt.
func plainStart(s string) bool {
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

// tagOf is the tag that the reader gives a plain scalar. Only those that begin
// in certain ways can be anything but strings (go-yaml resolve.go).
func tagOf(s string) string {
	if strings.IndexByte("0123456789+-.~tTfFnNyYoO<=", s[0]) < 0 {
		return tagString
	}
	n := yaml.Node{Kind: yaml.ScalarNode, Value: s}
	return n.ShortTag()
}
