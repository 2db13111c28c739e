package positioned

import (
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// readTag reads a tag of YAML's own at p, if one stands there, and finds what stands behind
// it on the current line. Other tags are for a full reader: no value begins with them.
func (b *fastReader) readTag(p int) (tag string, value int) {
	if p >= b.eol || b.Text[p] != '!' {
		return "", p
	}
	end := p
	for end < b.eol && b.Text[end] != ' ' {
		end++
	}
	switch tag = b.Text[p:end]; tag {
	case TagString, TagNull, TagBool, TagInt, TagFloat, TagMap, TagSeq:
		return tag, b.skipBlanks(end)
	}
	return "", p
}

// withTag gives a value the tag in front of it. It must be the one that the value has
// without it, or make text of a scalar.
func (b *fastReader) withTag(n *Node, tag string) *Node {
	if tag == "" || b.no {
		return n
	}
	if text := tag == TagString && n.Kind == Scalar; n.Start == n.End || n.Tag != tag && !text {
		return b.giveUp()
	}
	n.Tag = tag
	n.Style |= yaml.TaggedStyle
	return n
}

// hasTags reports whether a tag stands in n.
func (n *Node) hasTags() bool {
	if n == nil {
		return false
	}
	if n.Style&yaml.TaggedStyle != 0 {
		return true
	}
	for _, v := range n.Values {
		if v.hasTags() {
			return true
		}
	}
	return false
}
