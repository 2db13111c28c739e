package manifest

import (
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/manifest/split"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A list is the sequence that objects are members of.
type list struct {
	node    *positioned.Node // where the list was read whole
	col     int              // of the dashes
	top     bool             // the text is this list and nothing else
	objects []*Object
}

func (l *list) isFlow() bool { return l.node != nil && l.node.Flow }

// lastLineEnd is the end of the line after which a new last member stands.
func (l *list) lastLineEnd(e *editor) int {
	if l.node != nil {
		return e.lastLineEnd(l.node)
	}
	return e.lastLineEnd(&positioned.Node{Column: l.col, End: l.objects[len(l.objects)-1].endOffset()})
}

// endOffset is where the object ends.
func (o *Object) endOffset() int { return max(o.dash+1, o.rootNode().End) }

// memberExtent is the text of a list's member.
func (o *Object) memberExtent(e *editor) (from, to int, ok bool) {
	if o.list.isFlow() {
		return e.entryExtent(o.list.node, o.index)
	}
	return e.ownLines(o.dash, o.endOffset())
}

// resourceRoot is the ResourceList's own mapping. Where the list was only split, its
// items are left out: they end where they end.
func (t *Text) resourceRoot() (*positioned.Node, error) {
	r := t.resources
	if r.node != nil {
		return r.node, nil
	}
	root := &positioned.Node{Kind: positioned.Mapping}
	for _, f := range r.fields {
		n, err := t.fieldNode(f)
		if err != nil {
			return nil, err
		}
		root.Keys, root.Values = append(root.Keys, n.Keys[0]), append(root.Values, n.Values[0])
		root.Start, root.Column, root.End = root.Keys[0].Start, n.Column, n.End
	}
	return root, nil
}

func (t *Text) fieldNode(f split.Field) (*positioned.Node, error) {
	if f.Name == "items" {
		key := f.Start + strings.Index(t.lines.Text[f.Start:f.End], "items")
		end, col := t.lines.LineEnd(key), key-t.lines.LineStart(key)
		if items := t.resources.items.objects; len(items) > 0 {
			end = items[len(items)-1].endOffset()
		}
		return &positioned.Node{
			Column: col, End: end,
			Keys:   []*positioned.Node{{Start: key, End: key, Value: f.Name}},
			Values: []*positioned.Node{{Kind: positioned.Sequence, Start: key, End: end}},
		}, nil
	}
	docs, _, err := positioned.ReadDocuments(t.lines, f.Start, f.End)
	if err != nil {
		return nil, err
	}
	return docs[0], nil
}

// ParseFindings are the objects in which something was looked for and that are no YAML.
func ParseFindings(texts []*Text) (fs sidecar.Findings) {
	for _, t := range texts {
		for _, o := range t.Objects {
			if o.err != nil {
				fs = append(fs, sidecar.Finding{Severity: sidecar.Error, Code: "yaml-syntax", Object: o.Ref, File: o.File(),
					Message: o.err.Error()})
			}
		}
	}
	return fs
}

// refuseBinary refuses an object of which it can't be told without doubt what it is.
func (t *Text) refuseBinary(n *positioned.Node) error {
	for _, v := range []*positioned.Node{
		n.Field("apiVersion"), n.Field("kind"), n.At("metadata", "name"), n.At("metadata", "namespace"),
	} {
		if v = v.Resolve(); v != nil && v.Tag == positioned.TagBinary {
			return t.refuseAt(v.Start, "is tagged !!binary, which kubectl decodes and others don't; write it as text")
		}
	}
	return nil
}

// nameMember names the object that a member of a list is.
func (t *Text) nameMember(o *Object, n *positioned.Node, api, kind string) error {
	if err := t.refuseBinary(n); err != nil {
		return err
	}
	if items := n.Field("items"); holdsObjects(n.Field("kind").TypeName(), items) {
		return t.refuseAt(n.Start,
			"is a list in a list, which kubectl and others read differently; write its items one by one")
	}
	o.setHeadFrom(n)
	if own := n.Field("apiVersion").TypeName(); own == "" && o.Ref.Kind == "" && kind != "List" && kind != "ResourceList" {
		o.setHead(api, strings.TrimSuffix(kind, "List"), o.Ref.Namespace, o.Ref.Name) // as kubectl does
	}
	return nil
}

// holdsObjects reports whether a field items makes a list of its object: kubectl
// asks for the field alone, others for the kind.
func holdsObjects(kind string, items *positioned.Node) bool {
	if items = items.Resolve(); items == nil || items.Kind != positioned.Sequence {
		return false
	}
	if listKind(kind) {
		return true
	}
	for _, v := range items.Values {
		if v = v.Resolve(); v.Field("kind") != nil || v.Field("apiVersion") != nil || v.Field("metadata") != nil {
			return true
		}
	}
	return false
}
