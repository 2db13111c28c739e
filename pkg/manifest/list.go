package manifest

import (
	"strconv"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/manifest/split"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A list is a sequence of objects.
type list struct {
	node    *positioned.Node // if the whole list was read
	col     int              // of the dashes
	top     bool             // the text is only this list
	objects []*Object
}

func (l *list) isFlow() bool { return l.node != nil && l.node.Flow }

// lastLineEnd returns the end of the line behind which a new last member is added.
func (l *list) lastLineEnd(e *editor) int {
	if l.node != nil {
		return e.lastLineEnd(l.node)
	}
	return e.lastLineEnd(&positioned.Node{Column: l.col, End: l.objects[len(l.objects)-1].endOffset()})
}

// endOffset returns the end of the object.
func (o *Object) endOffset() int { return max(o.dash+1, o.rootNode().End) }

// memberExtent returns the bounds of the text of a list's member.
func (o *Object) memberExtent(e *editor) (from, to int, ok bool) {
	if o.list.isFlow() {
		return e.entryExtent(o.list.node, o.index)
	}
	return e.ownLines(o.dash, o.endOffset())
}

// resourceRoot returns the ResourceList's own mapping. It has no items if the list was only
// split.
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

// ParseFindings returns findings about objects that were read and aren't valid YAML.
func ParseFindings(texts []*Text) (fs sidecar.Findings) {
	for _, t := range texts {
		for _, o := range t.Objects {
			if o.err != nil {
				fs = append(fs, o.parseFinding())
			}
		}
	}
	return fs
}

// ParseFinding reads an object. It returns the finding where that isn't valid YAML.
func (o *Object) ParseFinding() (f sidecar.Finding, found bool) {
	if o.rootNode(); o.err == nil {
		return f, false
	}
	return o.parseFinding(), true
}

func (o *Object) parseFinding() sidecar.Finding {
	f := sidecar.Finding{Severity: sidecar.Error, Code: "yaml-syntax", Object: o.Ref, File: o.File()}
	if f.Line, f.Message = CutLine(o.err.Error()); o.text.IsResourceList() {
		f.Line = 0
	}
	return f
}

// SyntaxFinding returns the finding about a file that [Parse] refuses.
func SyntaxFinding(file string, err error) sidecar.Finding {
	f := sidecar.Finding{Severity: sidecar.Error, Code: "yaml-syntax", File: file}
	message := err.Error()
	if file != "" {
		message = strings.TrimPrefix(message, file+": ")
	}
	f.Line, f.Message = CutLine(message)
	return f
}

// CutLine takes the number of a line off the front of a message; 0 if there is none.
func CutLine(message string) (line int, rest string) {
	number, rest, ok := strings.Cut(strings.TrimPrefix(message, "line "), ": ")
	if line, err := strconv.Atoi(number); ok && err == nil && strings.HasPrefix(message, "line ") {
		return line, rest
	}
	return 0, message
}

// refuseBinary refuses an object with an ambiguous apiVersion, kind or name.
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

// nameMember sets the reference of the object of a list's member.
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

// holdsObjects reports whether an object with the field items is a list of objects. kubectl
// checks the field alone, other programs check the kind.
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
