package positioned

import (
	"unicode/utf8"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// ReadField reads a field of a mapping from its lines. It returns the node of the full
// reader, with line numbers of the whole text and without comments.
func (l *Lines) ReadField(from, to int, name string) (*yaml.Node, error) {
	if n, ok := ReadFast(l, from, to, false); ok && len(n.Values) == 1 && !n.hasTags() {
		return l.convertField(n, from, name), nil
	}
	_, ys, err := ReadDocuments(l, from, to)
	if err != nil {
		return nil, err
	}
	n := findField(ys[0], name)
	shiftLines(n, l.LineNumber(from)-1, map[*yaml.Node]bool{})
	return n, nil
}

// convertField returns a field of a mapping that was read from an offset on, or nil.
func (l *Lines) convertField(n *Node, from int, name string) *yaml.Node {
	i := n.FieldIndex(name)
	if i < 0 {
		return nil
	}
	c := converter{Lines: l, at: from, line: l.LineNumber(from)}
	return c.convertNode(n.Values[i])
}

// converter turns our nodes, which have no tags, into those of the full reader. Nodes come in
// the order of the text, so it counts lines from one to the next.
type converter struct {
	*Lines
	at, line int
}

func (c *converter) convertNode(n *Node) *yaml.Node {
	c.line += c.CountBreaks(c.at, n.Start)
	c.at = n.Start
	y := &yaml.Node{
		Kind: yaml.ScalarNode, Style: n.Style, Tag: n.Tag, Value: n.Value,
		Line: c.line, Column: utf8.RuneCountInString(c.Text[c.LineStart(n.Start):n.Start]) + 1,
	}
	switch n.Kind {
	case Mapping:
		y.Kind = yaml.MappingNode
	case Sequence:
		y.Kind = yaml.SequenceNode
	}
	for i, v := range n.Values {
		if n.Kind == Mapping {
			y.Content = append(y.Content, c.convertNode(n.Keys[i]))
		}
		y.Content = append(y.Content, c.convertNode(v))
	}
	return y
}

func findField(y *yaml.Node, name string) *yaml.Node {
	for i := 0; y.Kind == yaml.MappingNode && i+1 < len(y.Content); i += 2 {
		if y.Content[i].Value == name {
			return y.Content[i+1]
		}
	}
	return nil
}

// shiftLines changes a node's line numbers to those of the whole text.
func shiftLines(y *yaml.Node, by int, seen map[*yaml.Node]bool) {
	if y == nil || seen[y] {
		return
	}
	seen[y] = true
	y.Line += by
	shiftLines(y.Alias, by, seen)
	for _, c := range y.Content {
		shiftLines(c, by, seen)
	}
}
