package positioned

import (
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// longestKey is what readers look ahead for the colon of a key, and some bytes less.
const longestKey = 1000

// readFlow reads a collection in brackets; it may run over lines. The line on which it
// ends is the current one then.
func (b *fastReader) readFlow(p int) *Node {
	if b.depth++; b.depth > maxDepth/2 {
		return b.giveUp()
	}
	defer func() { b.depth-- }()
	n := b.newNode(Sequence, p)
	n.Flow, n.Style, n.Tag = true, yaml.FlowStyle, TagSeq
	shut := byte(']')
	if b.Text[p] == '{' {
		n.Kind, n.Tag, shut = Mapping, TagMap, '}'
	}
	p = b.skipGap(p + 1)
	if p < b.eol && b.Text[p] == shut {
		n.End = p + 1
		return n
	}
	for !b.no {
		if n.Kind == Mapping {
			k := b.readFlowScalar(p)
			if p = b.findColon(k); b.no {
				return n
			}
			n.Keys = append(n.Keys, k)
			p = b.skipGap(p + 1)
		}
		v := b.readFlowValue(p)
		n.Values = append(n.Values, v)
		p = b.skipGap(v.End)
		switch {
		case b.no || p >= b.eol:
			return b.giveUp()
		case b.Text[p] == shut:
			n.End = p + 1
			return n
		case b.Text[p] != ',':
			return b.giveUp()
		}
		p = b.skipGap(p + 1)
	}
	return n
}

// findColon is where the colon behind a key stands: on its line, and only behind
// quotes with a value right behind it.
func (b *fastReader) findColon(k *Node) int {
	p := b.skipBlanks(k.End)
	if b.no || p+1 > b.eol || b.Text[p] != ':' || p-k.Start > longestKey ||
		k.Style == 0 && p+1 < b.eol && b.Text[p+1] != ' ' {
		b.giveUp()
	}
	return p
}

// skipGap skips blanks, line breaks and comments between brackets, and makes the line
// that it comes to the current one. It gives the end of the text where nothing follows.
func (b *fastReader) skipGap(p int) int {
	for !b.no {
		if p = b.skipBlanks(p); p < b.eol && (b.Text[p] != '#' || b.Text[p-1] != ' ' && b.Text[p-1] != '\n') {
			return p
		}
		if p = b.eol + 1; p >= b.to {
			break
		}
		b.eol = p + strings.IndexByte(b.Text[p:b.to], '\n')
		if b.eol < p {
			b.eol = b.to
		}
		if IsMarker(b.Text[p:b.eol]) {
			break
		}
	}
	b.giveUp()
	return b.to
}

func (b *fastReader) readFlowValue(p int) *Node {
	tag, p := b.readTag(p)
	if p < b.eol && (b.Text[p] == '{' || b.Text[p] == '[') {
		return b.withTag(b.readFlow(p), tag)
	}
	return b.withTag(b.readFlowScalar(p), tag)
}

// readFlowScalar reads a scalar between brackets.
func (b *fastReader) readFlowScalar(p int) *Node {
	if b.no || p >= b.eol {
		return b.giveUp()
	}
	n := b.newNode(Scalar, p)
	n.Tag = TagString
	switch b.Text[p] {
	case '"':
		n.Style = yaml.DoubleQuotedStyle
		n.End, n.Value = b.readDoubleQuoted(p)
	case '\'':
		n.Style = yaml.SingleQuotedStyle
		n.End, n.Value = b.readSingleQuoted(p)
	default:
		n.End = b.findFlowEnd(p)
		n.Value = strings.TrimRight(b.Text[p:max(n.End, p)], " ")
		n.End = p + len(n.Value)
		if n.Value == "" || n.Value[0] == ':' || !startsPlain(n.Value) {
			return b.giveUp()
		}
		n.Tag = tagOf(n.Value)
	}
	if n.End <= p {
		return b.giveUp()
	}
	return n
}

// findFlowEnd is where a plain scalar between brackets ends, or -1 where readers
// disagree about it. Where it goes on on the next line, no comma follows.
func (b *fastReader) findFlowEnd(p int) int {
	for i := p; i < b.eol; i++ {
		switch b.Text[i] {
		case ',', ']', '}':
			return i
		case '[', '{', '#', '?':
			return -1
		case ':':
			if i+1 == b.eol || strings.IndexByte(",[]{}", b.Text[i+1]) >= 0 {
				return -1
			}
			if b.Text[i+1] == ' ' {
				return i
			}
		}
	}
	return b.eol
}
