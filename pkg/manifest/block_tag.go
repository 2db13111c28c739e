package manifest

import "sigs.k8s.io/kustomize/kyaml/yaml"

// tag reads a tag of YAML's own at p, if one stands there, and finds what stands behind
// it on the current line. Other tags are for a full reader: no value begins with them.
func (b *blocks) tag(p int) (tag string, value int) {
	if p >= b.eol || b.text[p] != '!' {
		return "", p
	}
	end := p
	for end < b.eol && b.text[end] != ' ' {
		end++
	}
	switch tag = b.text[p:end]; tag {
	case tagString, tagNull, tagBool, tagInt, tagFloat, tagMap, tagSeq:
		return tag, b.skip(end)
	}
	return "", p
}

// tagged gives a value the tag in front of it. It must be the one that the value has
// without it, or make text of a scalar.
func (b *blocks) tagged(n *node, tag string) *node {
	if tag == "" || b.no {
		return n
	}
	if text := tag == tagString && n.kind == scalarNode; n.start == n.end || n.tag != tag && !text {
		return b.refuse()
	}
	n.tag = tag
	n.style |= yaml.TaggedStyle
	return n
}

// hasTags reports whether a tag stands in n.
func (n *node) hasTags() bool {
	if n == nil {
		return false
	}
	if n.style&yaml.TaggedStyle != 0 {
		return true
	}
	for _, v := range n.vals {
		if v.hasTags() {
			return true
		}
	}
	return false
}
