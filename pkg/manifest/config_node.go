package manifest

import (
	"unicode/utf8"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// functionConfig reads the config of a ResourceList from the lines of its field.
// Comments are left out.
func (t *Text) functionConfig(from, to int) (*yaml.Node, error) {
	if n, ok := readBlocks(t.lines, from, to, false); ok && len(n.vals) == 1 && !n.hasTags() {
		return t.configOf(n, from), nil
	}
	_, ys, err := readDocuments(t.lines, from, to)
	if err != nil {
		return nil, err
	}
	n := yamlField(ys[0], "functionConfig")
	moveDown(n, t.line(from)-1, map[*yaml.Node]bool{})
	return n, nil
}

// configOf is the function's config in a mapping that was read from an offset on,
// or nil.
func (t *Text) configOf(n *node, from int) *yaml.Node {
	i := n.index("functionConfig")
	if i < 0 {
		return nil
	}
	c := converter{lines: t.lines, at: from, line: t.line(from)}
	return c.convert(n.vals[i])
}

// converter makes the full reader's nodes of ours, which have no tags. Nodes come in the
// order of the text, so lines are counted on.
type converter struct {
	*lines
	at, line int
}

func (c *converter) convert(n *node) *yaml.Node {
	c.line += c.breaks(c.at, n.start)
	c.at = n.start
	y := &yaml.Node{Kind: yaml.ScalarNode, Style: n.style, Tag: n.tag, Value: n.value, Line: c.line, Column: utf8.RuneCountInString(c.text[c.start(n.start):n.start]) + 1}
	switch n.kind {
	case mappingNode:
		y.Kind = yaml.MappingNode
	case sequenceNode:
		y.Kind = yaml.SequenceNode
	}
	for i, v := range n.vals {
		if n.kind == mappingNode {
			y.Content = append(y.Content, c.convert(n.keys[i]))
		}
		y.Content = append(y.Content, c.convert(v))
	}
	return y
}
