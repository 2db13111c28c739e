package manifest

import (
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// longestKey is what readers look ahead for the colon of a key, and some bytes less.
const longestKey = 1000

// flow reads a collection in brackets; it may run over lines. The line on which it
// ends is the current one then.
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
	p = b.gap(p + 1)
	if p < b.eol && b.text[p] == shut {
		n.end = p + 1
		return n
	}
	for !b.no {
		if n.kind == mappingNode {
			k := b.flowScalar(p)
			if p = b.flowColon(k); b.no {
				return n
			}
			n.keys = append(n.keys, k)
			p = b.gap(p + 1)
		}
		v := b.flowValue(p)
		n.vals = append(n.vals, v)
		p = b.gap(v.end)
		switch {
		case b.no || p >= b.eol:
			return b.refuse()
		case b.text[p] == shut:
			n.end = p + 1
			return n
		case b.text[p] != ',':
			return b.refuse()
		}
		p = b.gap(p + 1)
	}
	return n
}

// flowColon is where the colon behind a key stands: on its line, and only behind
// quotes with a value right behind it.
func (b *blocks) flowColon(k *node) int {
	p := b.skip(k.end)
	if b.no || p+1 > b.eol || b.text[p] != ':' || p-k.start > longestKey ||
		k.style == 0 && p+1 < b.eol && b.text[p+1] != ' ' {
		b.refuse()
	}
	return p
}

// gap skips blanks, line breaks and comments between brackets, and makes the line
// that it comes to the current one. It gives the end of the text where nothing follows.
func (b *blocks) gap(p int) int {
	for !b.no {
		if p = b.skip(p); p < b.eol && (b.text[p] != '#' || b.text[p-1] != ' ' && b.text[p-1] != '\n') {
			return p
		}
		if p = b.eol + 1; p >= b.to {
			break
		}
		b.eol = p + strings.IndexByte(b.text[p:b.to], '\n')
		if b.eol < p {
			b.eol = b.to
		}
		if marker(b.text[p:b.eol]) {
			break
		}
	}
	b.refuse()
	return b.to
}

func (b *blocks) flowValue(p int) *node {
	tag, p := b.tag(p)
	if p < b.eol && (b.text[p] == '{' || b.text[p] == '[') {
		return b.tagged(b.flow(p), tag)
	}
	return b.tagged(b.flowScalar(p), tag)
}

// flowScalar reads a scalar between brackets.
func (b *blocks) flowScalar(p int) *node {
	if b.no || p >= b.eol {
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
		if n.value == "" || n.value[0] == ':' || !plainStart(n.value) {
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
// disagree about it. Where it goes on on the next line, no comma follows.
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
	return b.eol
}
