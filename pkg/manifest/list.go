package manifest

import (
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest/split"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A list is the sequence that objects are members of.
type list struct {
	node    *node // where the list was read whole
	col     int   // of the dashes
	top     bool  // the text is this list and nothing else
	objects []*Object
}

func (l *list) flow() bool { return l.node != nil && l.node.flow }

// tail is the end of the line after which a new last member stands.
func (l *list) tail(e *editor) int {
	if l.node != nil {
		return e.tail(l.node)
	}
	return e.tail(&node{col: l.col, end: l.objects[len(l.objects)-1].end()})
}

// end is where the object ends.
func (o *Object) end() int { return max(o.dash+1, o.root().end) }

// extent is the text of a list's member.
func (o *Object) extent(e *editor) (from, to int, ok bool) {
	if o.list.flow() {
		return e.extent(o.list.node, o.index)
	}
	return e.rows(o.dash, o.end())
}

// root is the ResourceList's own mapping. Where the list was only split, its
// items are left out: they end where they end.
func (t *Text) root() (*node, error) {
	r := t.resources
	if r.node != nil {
		return r.node, nil
	}
	root := &node{kind: mappingNode}
	for _, f := range r.fields {
		n, err := t.fieldNode(f)
		if err != nil {
			return nil, err
		}
		root.keys, root.vals = append(root.keys, n.keys[0]), append(root.vals, n.vals[0])
		root.start, root.col, root.end = root.keys[0].start, n.col, n.end
	}
	return root, nil
}

func (t *Text) fieldNode(f split.Field) (*node, error) {
	if f.Name == "items" {
		key := f.Start + strings.Index(t.text[f.Start:f.End], "items")
		end, col := t.end(key), key-t.start(key)
		if items := t.resources.items.objects; len(items) > 0 {
			end = items[len(items)-1].end()
		}
		return &node{col: col, end: end, keys: []*node{{start: key, end: key, value: f.Name}}, vals: []*node{{kind: sequenceNode, start: key, end: end}}}, nil
	}
	docs, _, err := readDocuments(t.lines, f.Start, f.End)
	if err != nil {
		return nil, err
	}
	return docs[0], nil
}

// Unread are the objects in which something was looked for and that are no YAML.
func Unread(texts []*Text) (fs sidecar.Findings) {
	for _, t := range texts {
		for _, o := range t.Objects {
			if o.err != nil {
				fs = append(fs, sidecar.Finding{Severity: sidecar.Error, Code: "yaml-syntax", Object: o.Ref, File: o.File(), Message: o.err.Error()})
			}
		}
	}
	return fs
}
