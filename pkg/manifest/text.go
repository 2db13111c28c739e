// Package manifest knows YAML texts: it splits them into objects, finds
// workloads in them, turns edits into byte edits on the text, and undoes them.
// What nobody edits stays as it is, byte for byte; nothing that a person wrote
// is ever written anew. It is the only home of YAML nodes below the config.
package manifest

import (
	"fmt"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// A Text is one input: a ResourceList, or a stream of documents, or a List.
type Text struct {
	Name    string    // of the file; empty for standard input
	Objects []*Object // in the order in which they stand
	// FunctionConfig of a ResourceList, or nil.
	FunctionConfig *yaml.Node
	*lines
	root *node // of a ResourceList, or of a text that is one List
	docs []*node
}

// Parse reads a text. An error names file and line.
func Parse(name string, src []byte) (*Text, error) {
	t := &Text{Name: name, lines: newLines(string(src))}
	docs, ys, err := parse(t.lines)
	if err != nil {
		return nil, t.errorf("%w", err)
	}
	t.docs = docs
	for i, doc := range docs {
		if err := doc.check(t.lines); err != nil {
			return nil, t.errorf("%w", err)
		}
		switch kind := doc.field("kind").str(); {
		case kind == "ResourceList" && strings.HasPrefix(doc.field("apiVersion").str(), "config.kubernetes.io/"):
			if len(docs) > 1 {
				return nil, t.errorf("line %d: a ResourceList must be the only document", t.line(docs[1].start))
			}
			if items := doc.at("items"); items != nil && items.kind != sequenceNode && !items.isNull() {
				return nil, t.errorf("line %d: items must be a list", t.line(items.start))
			}
			t.root = doc
			t.FunctionConfig = yamlField(ys[i], "functionConfig")
			t.add(doc)
		case kind == "List" || strings.HasSuffix(kind, "List") && doc.at("items") != nil && doc.at("items").kind == sequenceNode:
			t.add(doc)
		case doc.kind == mappingNode:
			t.Objects = append(t.Objects, newObject(t, doc, nil, 0))
		}
	}
	if t.root == nil && len(docs) == 1 && len(t.Objects) > 0 && t.Objects[0].list != nil {
		t.root = docs[0]
	}
	return t, nil
}

// add takes the members of a list; an alias among them stays unread.
func (t *Text) add(doc *node) {
	items := doc.at("items")
	if items == nil {
		return
	}
	for i, v := range items.vals {
		if v.kind == mappingNode {
			t.Objects = append(t.Objects, newObject(t, v, items, i))
		}
	}
}

// IsResourceList reports whether the text is what a KRM function gets.
func (t *Text) IsResourceList() bool {
	return t.root != nil && t.root.field("kind").str() == "ResourceList"
}

// String is the text as it came.
func (t *Text) String() string { return t.text }

func (t *Text) errorf(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	if t.Name == "" {
		return err
	}
	return fmt.Errorf("%s: %w", t.Name, err)
}

// isJSON reports whether what is written into the text must be JSON.
func (t *Text) isJSON(at *node) bool {
	return at.flow && (len(at.keys) == 0 || at.keys[0].style&yaml.DoubleQuotedStyle != 0)
}

func yamlField(y *yaml.Node, name string) *yaml.Node {
	for i := 0; y.Kind == yaml.MappingNode && i+1 < len(y.Content); i += 2 {
		if y.Content[i].Value == name {
			return y.Content[i+1]
		}
	}
	return nil
}

// open reports whether the text ends in a block scalar that a line break at its
// end would change.
func (t *Text) open() bool {
	if len(t.docs) == 0 || strings.HasSuffix(t.text, "\n") {
		return false
	}
	n := t.docs[len(t.docs)-1]
	for len(n.vals) > 0 && !n.flow {
		n = n.vals[len(n.vals)-1]
	}
	return n.style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 && n.end == len(t.text) && !strings.HasSuffix(n.value, "\n") &&
		!strings.Contains(t.text[n.start:t.lines.end(n.start)], "-")
}
