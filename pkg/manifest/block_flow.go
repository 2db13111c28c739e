package manifest

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// flow reads a collection in brackets that ends on its line.
func (b *blocks) flow(p int) *node {
	if b.depth++; b.depth > maxDepth/2 {
		return b.refuse()
	}
	defer func() { b.depth-- }()
	n := b.new(sequenceNode, p)
	n.flow, n.style, n.tag = true, yaml.FlowStyle, tagSeq
	shut := byte(']')
	if b.text[p] == '{' {
		n.kind, n.tag, shut = mappingNode, tagMap, '}'
	}
	p = b.skip(p + 1)
	if p < b.eol && b.text[p] == shut {
		n.end = p + 1
		return n
	}
	for !b.no {
		if n.kind == mappingNode {
			k := b.flowScalar(p)
			p = b.skip(k.end)
			if b.no || p+1 >= b.eol || b.text[p] != ':' || b.text[p+1] != ' ' {
				return b.refuse()
			}
			n.keys = append(n.keys, k)
			p = b.skip(p + 1)
		}
		v := b.flowValue(p)
		n.vals = append(n.vals, v)
		p = b.skip(v.end)
		switch {
		case b.no || p >= b.eol:
			return b.refuse()
		case b.text[p] == shut:
			n.end = p + 1
			return n
		case b.text[p] != ',':
			return b.refuse()
		}
		p = b.skip(p + 1)
	}
	return n
}

func (b *blocks) flowValue(p int) *node {
	if p < b.eol && (b.text[p] == '{' || b.text[p] == '[') {
		return b.flow(p)
	}
	return b.flowScalar(p)
}

// flowScalar reads a scalar between brackets.
func (b *blocks) flowScalar(p int) *node {
	if p >= b.eol {
		return b.refuse()
	}
	n := b.new(scalarNode, p)
	n.tag = tagString
	switch b.text[p] {
	case '"':
		n.style = yaml.DoubleQuotedStyle
		n.end, n.value = b.double(p)
	case '\'':
		n.style = yaml.SingleQuotedStyle
		n.end, n.value = b.single(p)
	default:
		n.end = b.flowPlainEnd(p)
		n.value = strings.TrimRight(b.text[p:max(n.end, p)], " ")
		n.end = p + len(n.value)
		if n.value == "" || !plainStart(n.value) {
			return b.refuse()
		}
		n.tag = tagOf(n.value)
	}
	if n.end <= p {
		return b.refuse()
	}
	return n
}

// flowPlainEnd is where a plain scalar between brackets ends, or -1 where readers
// disagree about it.
func (b *blocks) flowPlainEnd(p int) int {
	for i := p; i < b.eol; i++ {
		switch b.text[i] {
		case ',', ']', '}':
			return i
		case '[', '{', '#', '?':
			return -1
		case ':':
			if i+1 == b.eol || strings.IndexByte(",[]{}", b.text[i+1]) >= 0 {
				return -1
			}
			if b.text[i+1] == ' ' {
				return i
			}
		}
	}
	return -1
}
