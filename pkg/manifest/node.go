package manifest

import (
	"encoding/base64"
	"slices"
	"strings"
	"unicode/utf8"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

type kind uint8

const (
	scalarNode kind = iota
	mappingNode
	sequenceNode
	aliasNode
)

// A node is a YAML value and where it stands in the text. The reader tells where
// values begin; where they end, it doesn't, so we find that in the text.
type node struct {
	kind  kind
	flow  bool // a mapping or sequence in brackets
	odd   bool // can be read but not edited: explicit keys, pairs without brackets
	bang  bool // has the tag "!"
	start int  // of the value's own text, after its tag and anchor
	end   int  // after its last byte; for block collections after that of the last entry
	col   int  // of a block mapping's keys or a block sequence's dashes, from the line's start
	tag   string
	value string // of a scalar
	style yaml.Style
	keys  []*node // of a mapping
	vals  []*node // of a mapping or sequence
	dash  []int   // where a block sequence's dashes stand
	to    *node   // of an alias
	users int     // aliases of it
}

func (n *node) isNull() bool { return n.kind == scalarNode && n.tag == tagNull }

// field is the value of a mapping's field, its own or one that comes to it by a
// merge key; nil where there is none.
func (n *node) field(name string) *node {
	if i := n.index(name); i >= 0 {
		return n.vals[i]
	}
	return n.merged(name)
}

// index is the place of a mapping's own field, or -1.
func (n *node) index(name string) int {
	if n == nil || n.kind != mappingNode {
		return -1
	}
	for i, k := range n.keys {
		if k.kind == scalarNode && k.value == name {
			return i
		}
	}
	return -1
}

// shared reports whether n, or something in it, is used elsewhere through an
// anchor.
func (n *node) shared() bool {
	return n.users > 0 || slices.ContainsFunc(n.vals, (*node).shared)
}

// at follows fields down; nil where one is missing. Aliases are followed.
func (n *node) at(fields ...string) *node {
	for _, f := range fields {
		n = n.resolve().field(f)
	}
	return n.resolve()
}

func (n *node) resolve() *node {
	if n != nil && n.kind == aliasNode {
		return n.to
	}
	return n
}

// str is the value of a scalar, or "".
func (n *node) str() string {
	if n = n.resolve(); n == nil || n.kind != scalarNode || n.isNull() {
		return ""
	}
	return n.text()
}

// text is what a scalar stands for, as text.
func (n *node) text() string {
	if n.tag == tagBinary {
		if b, err := base64.StdEncoding.DecodeString(n.value); err == nil {
			return strings.ToValidUTF8(string(b), "\ufffd")
		}
	}
	return n.value
}

// builder makes nodes of the reader's.
type builder struct {
	*lines
	starts []int                          // of the lines that were given to the reader
	seen   map[*yaml.Node]*node           // those with an anchor
	last   struct{ line, column, at int } // that were asked for: a line may be long
}

// offset turns the reader's line (from 1) and column (from 1, in characters) into bytes.
func (b *builder) offset(line, column int) int {
	if l := &b.last; l.line != line || l.column > column {
		l.line, l.column, l.at = line, 1, b.starts[min(line, len(b.starts))-1]
	}
	for l := &b.last; l.column < column && l.at < len(b.text); l.column++ {
		_, n := utf8.DecodeRuneInString(b.text[l.at:])
		l.at += n
	}
	return b.last.at
}

// build finds the node's place. indent is the column of the collection that the
// node stands in: continuation lines are deeper.
func (b *builder) build(y *yaml.Node, indent int, flow bool) *node {
	n := &node{tag: y.ShortTag(), value: y.Value, style: y.Style}
	if y.Anchor != "" {
		b.seen[y] = n
	}
	at := b.offset(y.Line, y.Column)
	n.start = b.properties(at, y, flow)
	n.bang = n.start > at && bang(b.text[at:n.start])
	switch y.Kind {
	case yaml.AliasNode:
		n.kind, n.to = aliasNode, b.seen[y.Alias]
		n.end = n.start + 1 + len(y.Value)
		n.odd = n.to != nil && n.to.end == 0 // within what it stands for
		if n.to != nil {
			n.to.users++
		}
	case yaml.MappingNode:
		n.kind = mappingNode
		n.flow = y.Style&yaml.FlowStyle != 0
		b.mapping(n, y, flow)
	case yaml.SequenceNode:
		n.kind = sequenceNode
		n.flow = y.Style&yaml.FlowStyle != 0
		b.sequence(n, y, flow)
	default:
		n.end = b.scalarEnd(n, indent, flow)
	}
	return n
}

func (b *builder) mapping(n *node, y *yaml.Node, flow bool) {
	if !n.flow && len(y.Content) > 0 {
		first := b.offset(y.Content[0].Line, y.Content[0].Column)
		n.odd = n.start != first // "? key"
		n.start = first
		n.col = n.start - b.lines.start(n.start)
	}
	at := n.start
	for i := 0; i+1 < len(y.Content); i += 2 {
		k := b.build(y.Content[i], n.col, flow || n.flow)
		if !n.flow && (k.kind != scalarNode || k.start-b.lines.start(k.start) != n.col) {
			n.odd = true // a key with an anchor or tag
		}
		v := b.build(y.Content[i+1], n.col, flow || n.flow)
		n.keys, n.vals = append(n.keys, k), append(n.vals, v)
		at = max(at, k.end, v.end)
	}
	n.end = at
	if n.flow {
		b.close(n, at, '{', '}')
	}
}

func (b *builder) sequence(n *node, y *yaml.Node, flow bool) {
	at := n.start
	if n.flow {
		at++
	} else {
		n.col = n.start - b.lines.start(n.start)
	}
	for _, item := range y.Content {
		if !n.flow {
			at = b.trivia(at)
			if at >= len(b.text) || b.text[at] != '-' {
				n.odd = true
			}
			n.dash = append(n.dash, at)
			at++
		}
		v := b.build(item, n.col, flow || n.flow)
		n.vals = append(n.vals, v)
		at = max(at, v.end)
	}
	n.end = at
	if n.flow {
		b.close(n, at, '[', ']')
	}
}

// close finds a flow collection's closing bracket behind its last entry.
func (b *builder) close(n *node, at int, open, shut byte) {
	if n.start >= len(b.text) || b.text[n.start] != open || len(n.keys) > 0 && n.keys[0].start == n.start {
		n.odd = true // a single pair in a flow sequence has no brackets of its own
		if colon := b.trivia(n.end); colon < len(b.text) && b.text[colon] == ':' {
			n.end = colon + 1 // and no value
		}
		return
	}
	at = max(at, n.start+1)
	for at < len(b.text) && b.text[at] != shut {
		next := b.trivia(at)
		if next == at {
			next++ // a comma, or the colon of an empty value
		}
		at = next
	}
	n.end = min(at+1, len(b.text))
}

// properties skips a tag and an anchor.
func (b *builder) properties(at int, y *yaml.Node, flow bool) int {
	for at < len(b.text) && (b.text[at] == '&' || b.text[at] == '!') {
		verbatim := strings.HasPrefix(b.text[at:], "!<")
		for at < len(b.text) && b.text[at] != ' ' && b.text[at] != '\t' && breakAt(b.text, at) == 0 && (!flow || verbatim || !strings.ContainsRune(",[]{}", rune(b.text[at]))) {
			at++
		}
		if y.Kind == yaml.ScalarNode && y.Value == "" && y.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0 {
			return at // an empty value: what follows isn't its
		}
		at = b.trivia(at)
	}
	return at
}

// bang reports whether a node's tag and anchor hold the tag "!".
func bang(properties string) bool {
	for _, word := range strings.Fields(properties) {
		switch word[0] {
		case '#':
			return false
		case '!':
			return word == "!"
		}
	}
	return false
}

// trivia skips blanks, line breaks and comments.
func (b *builder) trivia(at int) int {
	for at < len(b.text) {
		switch n := breakAt(b.text, at); {
		case n > 0:
			at += n
		case b.text[at] == ' ' || b.text[at] == '\t':
			at++
		case b.text[at] == '#':
			at = b.lines.end(at)
		default:
			return at
		}
	}
	return at
}
