package positioned

import (
	"strings"
	"unicode/utf8"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// builder makes nodes of the reader's.
type builder struct {
	*Lines
	starts []int                          // of the lines that were given to the reader
	seen   map[*yaml.Node]*Node           // those with an anchor
	last   struct{ line, column, at int } // that were asked for: a line may be long
}

// offsetOf turns the reader's line (from 1) and column (from 1, in characters) into bytes.
func (b *builder) offsetOf(line, column int) int {
	if l := &b.last; l.line != line || l.column > column {
		l.line, l.column, l.at = line, 1, b.starts[min(line, len(b.starts))-1]
	}
	for l := &b.last; l.column < column && l.at < len(b.Text); l.column++ {
		_, n := utf8.DecodeRuneInString(b.Text[l.at:])
		l.at += n
	}
	return b.last.at
}

// buildNode finds the node's place. indent is the column of the collection that the
// node stands in: continuation lines are deeper.
func (b *builder) buildNode(y *yaml.Node, indent int, flow bool) *Node {
	n := &Node{Tag: y.ShortTag(), Value: y.Value, Style: y.Style}
	if y.Anchor != "" {
		b.seen[y] = n
	}
	at := b.offsetOf(y.Line, y.Column)
	n.Start = b.skipProperties(at, y, flow)
	n.bang = n.Start > at && hasBang(b.Text[at:n.Start])
	switch y.Kind {
	case yaml.AliasNode:
		n.Kind, n.Target = Alias, b.seen[y.Alias]
		n.End = n.Start + 1 + len(y.Value)
		n.Odd = n.Target != nil && n.Target.End == 0 // within what it stands for
		if n.Target != nil {
			n.Target.Users++
		}
	case yaml.MappingNode:
		n.Kind = Mapping
		n.Flow = y.Style&yaml.FlowStyle != 0
		b.buildMapping(n, y, flow)
	case yaml.SequenceNode:
		n.Kind = Sequence
		n.Flow = y.Style&yaml.FlowStyle != 0
		b.buildSequence(n, y, flow)
	default:
		n.End = b.scalarEnd(n, indent, flow)
	}
	return n
}

func (b *builder) buildMapping(n *Node, y *yaml.Node, flow bool) {
	if !n.Flow && len(y.Content) > 0 {
		first := b.offsetOf(y.Content[0].Line, y.Content[0].Column)
		n.Odd = n.Start != first // "? key"
		n.Start = first
		n.Column = n.Start - b.Lines.LineStart(n.Start)
	}
	at := n.Start
	for i := 0; i+1 < len(y.Content); i += 2 {
		k := b.buildNode(y.Content[i], n.Column, flow || n.Flow)
		if !n.Flow && (k.Kind != Scalar || k.Start-b.Lines.LineStart(k.Start) != n.Column) {
			n.Odd = true // a key with an anchor or tag
		}
		v := b.buildNode(y.Content[i+1], n.Column, flow || n.Flow)
		n.Keys, n.Values = append(n.Keys, k), append(n.Values, v)
		at = max(at, k.End, v.End)
	}
	n.End = at
	if n.Flow {
		b.closeFlow(n, at, '{', '}')
	}
}

func (b *builder) buildSequence(n *Node, y *yaml.Node, flow bool) {
	at := n.Start
	if n.Flow {
		at++
	} else {
		n.Column = n.Start - b.Lines.LineStart(n.Start)
	}
	for _, item := range y.Content {
		if !n.Flow {
			at = b.skipTrivia(at)
			if at >= len(b.Text) || b.Text[at] != '-' {
				n.Odd = true
			}
			n.Dashes = append(n.Dashes, at)
			at++
		}
		v := b.buildNode(item, n.Column, flow || n.Flow)
		n.Values = append(n.Values, v)
		at = max(at, v.End)
	}
	n.End = at
	if n.Flow {
		b.closeFlow(n, at, '[', ']')
	}
}

// closeFlow finds a flow collection's closing bracket behind its last entry.
func (b *builder) closeFlow(n *Node, at int, open, shut byte) {
	if n.Start >= len(b.Text) || b.Text[n.Start] != open || len(n.Keys) > 0 && n.Keys[0].Start == n.Start {
		n.Odd = true // a single pair in a flow sequence has no brackets of its own
		if colon := b.skipTrivia(n.End); colon < len(b.Text) && b.Text[colon] == ':' {
			n.End = colon + 1 // and no value
		}
		return
	}
	at = max(at, n.Start+1)
	for at < len(b.Text) && b.Text[at] != shut {
		next := b.skipTrivia(at)
		if next == at {
			next++ // a comma, or the colon of an empty value
		}
		at = next
	}
	n.End = min(at+1, len(b.Text))
}

// skipProperties skips a tag and an anchor.
func (b *builder) skipProperties(at int, y *yaml.Node, flow bool) int {
	for at < len(b.Text) && (b.Text[at] == '&' || b.Text[at] == '!') {
		verbatim := strings.HasPrefix(b.Text[at:], "!<")
		ends := func(c byte) bool {
			return c == ' ' || c == '\t' || flow && !verbatim && strings.IndexByte(",[]{}", c) >= 0
		}
		for at < len(b.Text) && breakAt(b.Text, at) == 0 && !ends(b.Text[at]) {
			at++
		}
		quoted := yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
		if y.Kind == yaml.ScalarNode && y.Value == "" && y.Style&quoted == 0 {
			return at // an empty value: what follows isn't its
		}
		at = b.skipTrivia(at)
	}
	return at
}

// hasBang reports whether a node's tag and anchor hold the tag "!".
func hasBang(properties string) bool {
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

// skipTrivia skips blanks, line breaks and comments.
func (b *builder) skipTrivia(at int) int {
	for at < len(b.Text) {
		switch n := breakAt(b.Text, at); {
		case n > 0:
			at += n
		case b.Text[at] == ' ' || b.Text[at] == '\t':
			at++
		case b.Text[at] == '#':
			at = b.Lines.LineEnd(at)
		default:
			return at
		}
	}
	return at
}
