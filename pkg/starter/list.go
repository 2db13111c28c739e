package starter

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// AddItem adds an item to the end of a list in a text with one YAML document, and returns the new text. It changes no
// other byte: it adds lines behind the last item or, if the first field of the path is missing, at the end of the
// text. A list that has an equal item stays as it is. Every other form, such as a list in brackets, is an error: then
// a person must add the item. What was added is read again, and checked to be all that has changed.
func AddItem(text, item string, path ...string) (string, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return "", err
	}
	root, want, err := decodeFirst(text)
	if err != nil {
		return "", err
	}
	var value any
	if err := yaml.Unmarshal([]byte(item), &value); err != nil {
		return "", err
	}
	added, has := addTo(want, value, path)
	switch {
	case has:
		return text, nil
	case added == nil:
		return "", errForm
	}
	made, ok := insertItem(text, item, doc.Content[0], path)
	if !ok {
		return "", errForm
	}
	if _, got, err := decodeFirst(made); err != nil || !reflect.DeepEqual(any(added), any(got)) || root != 1 {
		return "", errForm
	}
	return made, nil
}

var errForm = errors.New("it isn't written in a form to which a line can be added safely")

// decodeFirst reads all documents of a text, and returns their number and the first.
func decodeFirst(text string) (n int, first map[string]any, err error) {
	decoder := yaml.NewDecoder(strings.NewReader(text))
	for {
		var value any
		if err := decoder.Decode(&value); err != nil {
			if n > 0 && err.Error() == "EOF" {
				return n, first, nil
			}
			return n, nil, err
		}
		if n++; n > 1 {
			continue
		}
		mapping, ok := value.(map[string]any)
		if !ok {
			return n, nil, errForm
		}
		first = mapping
	}
}

// addTo returns a copy of a mapping with the item in the list; has says that it's there already.
func addTo(mapping map[string]any, item any, path []string) (added map[string]any, has bool) {
	added = map[string]any{}
	for k, v := range mapping {
		added[k] = v
	}
	if len(path) > 1 {
		below, ok := mapping[path[0]].(map[string]any)
		if !ok && mapping[path[0]] != nil {
			return nil, false
		}
		inner, has := addTo(below, item, path[1:])
		if inner == nil || has {
			return nil, has
		}
		added[path[0]] = inner
		return added, false
	}
	list, ok := mapping[path[0]].([]any)
	if !ok && mapping[path[0]] != nil {
		return nil, false
	}
	for _, have := range list {
		if reflect.DeepEqual(have, item) {
			return nil, true
		}
	}
	added[path[0]] = append(append([]any{}, list...), item)
	return added, false
}

// insertItem writes the item into the text.
func insertItem(text, item string, root *yaml.Node, path []string) (made string, ok bool) {
	lines := strings.SplitAfter(text, "\n")
	node := root
	for i, key := range path {
		next := valueOf(node, key)
		if next == nil && i > 0 {
			return "", false
		}
		if next == nil {
			if !strings.HasSuffix(text, "\n") {
				text += "\n"
			}
			return text + newField(item, path), true
		}
		node = next
	}
	if node.Kind != yaml.SequenceNode || node.Style&yaml.FlowStyle != 0 || len(node.Content) == 0 {
		return "", false
	}
	end := lastLine(node)
	if !strings.HasSuffix(lines[end-1], "\n") {
		lines[end-1] += "\n"
	}
	line := strings.Repeat(" ", node.Column-1) + "- " + hangLines(item, node.Column+1)
	return strings.Join(lines[:end], "") + line + strings.Join(lines[end:], ""), true
}

// newField returns the lines of a list of one item below new fields.
func newField(item string, path []string) string {
	var b strings.Builder
	for i, key := range path {
		fmt.Fprintf(&b, "%s%s:\n", strings.Repeat("  ", i), key)
	}
	by := 2 * len(path)
	return b.String() + strings.Repeat(" ", by) + "- " + hangLines(item, by+2)
}

// hangLines indents all lines but the first.
func hangLines(item string, by int) string {
	return strings.ReplaceAll(strings.TrimSuffix(item, "\n"), "\n", "\n"+strings.Repeat(" ", by)) + "\n"
}

func valueOf(n *yaml.Node, key string) *yaml.Node {
	if n.Kind != yaml.MappingNode || n.Style&yaml.FlowStyle != 0 {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// lastLine returns the last line on which a node begins, which is its last unless a text goes on below.
func lastLine(n *yaml.Node) int {
	last := n.Line
	for _, c := range n.Content {
		last = max(last, lastLine(c))
	}
	return last
}
