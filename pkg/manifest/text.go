// Package manifest edits YAML texts: it splits them into objects, finds workloads, turns
// edits into byte edits of the text, and undoes them. Everything else stays as it is, byte
// for byte. Text that a person wrote is never formatted again.
package manifest

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/manifest/split"
)

// A Text is one input: a ResourceList, a stream of documents, or a List. Its objects are
// found without reading them. Each is read when something in it is needed, and most never
// are.
type Text struct {
	Name    string    // of the file; empty for standard input
	Objects []*Object // in the order of the text
	// FunctionConfig of a ResourceList, or nil.
	FunctionConfig *yaml.Node
	lines          *positioned.Lines
	resources      *resourceList // of a ResourceList
	last           [2]int        // the last document
	words          map[string]*word
	json           [][2]int // the values of a text that is JSON, one behind another
	patchedBy      string   // the kustomization that names it as a patch
	nearly         bool     // it has a ResourceList of another apiVersion
	outer          *string  // the folder of the outermost package; nil: not looked for yet
	strays         []int    // places of what is neither an object nor empty
	arenas         arenas
}

// A resourceList has the fields of a ResourceList, or its node if the whole was read.
type resourceList struct {
	fields []split.Field
	items  *list
	node   *positioned.Node
}

// Parse finds the objects of a text. An error names file and line. Invalid YAML inside of an
// object is found when the object is read, see [ParseFindings].
func Parse(name, text string) (*Text, error) {
	t := &Text{Name: name, lines: positioned.NewLines(text)}
	if err := t.lines.CheckLegible(); err != nil {
		return nil, t.namedError("%w", err)
	}
	if ok, err := t.addValues(); ok && err == nil {
		return t, nil
	} else if err != nil {
		return nil, t.namedError("%w", err)
	}
	docs, ok := split.Split(text, known...)
	if t.lines.Plain = ok; ok {
		err := t.addDocuments(docs)
		if err == nil {
			return t, nil
		}
		if errors.As(err, new(refusal)) {
			return nil, t.namedError("%w", err)
		}
		*t = Text{Name: name, lines: t.lines}
	}
	if err := t.readWhole(0, len(text)); err != nil { // objects share something, or the text isn't valid YAML
		return nil, t.namedError("%w", err)
	}
	return t, nil
}

// refusal is an error of a text that a full read wouldn't find.
type refusal string

func (r refusal) Error() string { return string(r) }

// refuseAt is a refusal that names a line.
func (t *Text) refuseAt(at int, format string, args ...any) error {
	return refusal(fmt.Sprintf("line %d: ", t.lines.LineNumber(at)) + fmt.Sprintf(format, args...))
}

// addDocuments makes objects of the documents of Split. It fails if a document or an object
// can't be read alone.
func (t *Text) addDocuments(docs []split.Document) error {
	n := 0
	for i := range docs {
		n += max(1, len(docs[i].Items))
	}
	t.Objects = make([]*Object, 0, n)
	for i := range docs {
		d := &docs[i]
		t.last = [2]int{d.Start, d.End}
		if err := t.addDocument(d, len(docs) == 1); err != nil {
			return err
		}
		if t.resources != nil && len(docs) > 1 {
			return t.refuseOthers(d.Start)
		}
	}
	return nil
}

// addDocument makes objects of one document.
func (t *Text) addDocument(d *split.Document, single bool) error {
	listed := d.Field("items") != nil
	if d.Unsure && !d.Odd && !listed {
		if o := t.readUnsure(d); o != nil {
			if o.Ref.Kind != "" { // others aren't objects
				t.Objects = append(t.Objects, o)
			} else {
				t.strays = append(t.strays, d.Start)
			}
			return nil
		}
	}
	switch {
	case d.Odd, d.Unsure && !listed, listed && !listKind(d.Kind), // kubectl treats everything with items as a list
		listed && d.Unsure && d.APIVersion == "", listed && len(d.Items) == 0 && !t.isEmptyList(d):
		return t.readWhole(d.Start, d.End)
	case listed:
		return t.addMembers(d, single)
	case isResourceList(d.APIVersion, d.Kind):
		return t.refuseNoItems(d.Start)
	}
	o := &Object{text: t, from: d.Start, to: d.End, meta: d.Meta}
	o.noteKnown(&d.Head)
	o.setHead(d.APIVersion, d.Kind, d.Namespace, cmp.Or(d.Name, d.GenerateName))
	t.Objects = append(t.Objects, o)
	return nil
}

func (t *Text) refuseNoItems(at int) error {
	return t.refuseAt(at, "the ResourceList has no items; a list is expected there, even if it's empty")
}

// isEmptyList reports whether a document is a ResourceList without items.
func (t *Text) isEmptyList(d *split.Document) bool {
	f := d.Field("items")
	items := strings.TrimSpace(t.lines.Text[f.Start:f.End])
	return isResourceList(d.APIVersion, d.Kind) && (items == "items:" || items == "items: []")
}

// readUnsure makes an object of a document that must be read to know what it is. It returns
// nil if that isn't possible.
func (t *Text) readUnsure(d *split.Document) *Object {
	o := &Object{text: t, from: d.Start, to: d.End, unsure: true}
	if o.readSource(); o.err != nil || o.node.Kind != positioned.Mapping || t.refuseBinary(o.node) != nil {
		return nil
	}
	o.unsure = o.hidesWords()
	o.noteMeta()
	o.setHeadFrom(o.node)
	if listKind(o.Ref.Kind) || o.node.Field("items") != nil {
		return nil
	}
	o.Release()
	return o
}

// addMembers makes objects of a list's members.
func (t *Text) addMembers(d *split.Document, single bool) error {
	l := &list{col: d.Column, top: single, objects: make([]*Object, len(d.Items))}
	all := make([]Object, len(d.Items))
	resources, typed := isResourceList(d.APIVersion, d.Kind), d.Kind != "List"
	t.nearly = t.nearly || d.Kind == "ResourceList" && !resources
	for i, h := range d.Items {
		o := &all[i]
		*o = Object{text: t, list: l, index: i, dash: h.Start + d.Column, from: h.Start, to: h.End, meta: h.Meta}
		l.objects[i] = o
		o.noteKnown(&h)
		o.setHead(h.APIVersion, h.Kind, h.Namespace, cmp.Or(h.Name, h.GenerateName))
		if h.Unsure || typed && !resources {
			if o.readSource(); o.err != nil || o.node.Kind != positioned.Mapping {
				return errors.New("can't be read alone")
			}
			if err := t.nameMember(o, o.node, d.APIVersion, d.Kind); err != nil {
				return err
			}
			o.unsure = o.hidesWords()
			o.noteMeta()
			o.Release()
		}
	}
	t.Objects = append(t.Objects, l.objects...)
	if !resources {
		return nil
	}
	t.resources = &resourceList{fields: d.Fields, items: l}
	if f := d.Field("functionConfig"); f != nil {
		var err error
		t.FunctionConfig, err = t.lines.ReadField(f.Start, f.End, "functionConfig")
		return err
	}
	return nil
}

// readWhole reads documents with everything in them.
func (t *Text) readWhole(from, to int) error {
	docs, config, err := t.lines.ReadAny(from, to, "functionConfig")
	if err != nil {
		return err
	}
	all := from == 0 && to == len(t.lines.Text)
	for i, doc := range docs {
		if err := doc.Check(t.lines); err != nil {
			return err
		}
		if doc.Kind != positioned.Mapping {
			if !doc.IsNull() {
				t.strays = append(t.strays, doc.Start)
			}
			continue
		}
		if err := t.addReadDocument(doc, all && len(docs) == 1); err != nil {
			return err
		}
		if t.resources != nil && t.resources.node == doc {
			t.FunctionConfig = config(i)
			if len(docs) > 1 {
				return t.refuseOthers(doc.Start)
			}
		}
	}
	if all {
		t.last = [2]int{from, to}
	}
	if !all && len(docs) == 1 && len(t.Objects) > 0 { // one that can be read again
		if o := t.Objects[len(t.Objects)-1]; o.node == docs[0] {
			o.from, o.to = from, to
			o.noteMeta()
			if o.unsure = o.hidesWords(); !o.mayMention("containers") { // it's hardly ever needed again
				o.Release()
			}
		}
	}
	return nil
}

// addReadDocument makes objects of a document that was read.
func (t *Text) addReadDocument(doc *positioned.Node, single bool) error {
	if err := t.refuseBinary(doc); err != nil {
		return err
	}
	api, kind := doc.Field("apiVersion").TypeName(), doc.Field("kind").TypeName()
	items := doc.Field("items")
	t.nearly = t.nearly || kind == "ResourceList" && !isResourceList(api, kind)
	switch {
	case isResourceList(api, kind):
		if items == nil {
			return t.refuseNoItems(doc.Start)
		}
		if items.Resolve().Kind != positioned.Sequence && !items.IsNull() {
			return t.refuseAt(items.Start, "items must be a list")
		}
	case !holdsObjects(kind, items):
		if kind != "List" {
			o := &Object{text: t, node: doc, unsure: true}
			o.setHeadFrom(doc)
			t.Objects = append(t.Objects, o)
		}
		return nil
	}
	if i := doc.FieldIndex("items"); i < 0 || items.Kind == positioned.Alias {
		return t.refuseAt(doc.Start, "the items of the list come by an alias or a merge key; write them out")
	}
	l, err := t.addAll(items, api, kind, single)
	if isResourceList(api, kind) {
		t.resources = &resourceList{node: doc, items: l}
	}
	return err
}

// refuseOthers returns the error of a ResourceList that isn't the only document of its text.
func (t *Text) refuseOthers(at int) error {
	return t.refuseAt(at, "a ResourceList must be the only document")
}

// addAll adds the members of a list that was read.
func (t *Text) addAll(items *positioned.Node, api, kind string, single bool) (*list, error) {
	l := &list{col: items.Column, top: single, node: items}
	if items.Kind != positioned.Sequence {
		return l, nil
	}
	for i, v := range items.Values {
		if v.Kind == positioned.Alias && v.Target.Kind == positioned.Mapping {
			return l, t.refuseAt(v.Start, "a member of the list is an alias; write it out")
		}
		if v.Kind != positioned.Mapping {
			t.strays = append(t.strays, v.Start)
			continue
		}
		o := &Object{text: t, node: v, list: l, index: i, unsure: true}
		if !items.Flow {
			o.dash = items.Dashes[i]
		}
		if err := t.nameMember(o, v, api, kind); err != nil {
			return l, err
		}
		l.objects = append(l.objects, o)
	}
	t.Objects = append(t.Objects, l.objects...)
	return l, nil
}

func isResourceList(api, kind string) bool {
	return kind == "ResourceList" && strings.HasPrefix(api, "config.kubernetes.io/")
}

func listKind(kind string) bool { return strings.HasSuffix(kind, "List") }

// IsResourceList reports whether the text is the input of a KRM function.
func (t *Text) IsResourceList() bool { return t.resources != nil }

// NoResourceList says why the text isn't the input of a KRM function.
func (t *Text) NoResourceList() string {
	if t.nearly {
		return "line 1: the apiVersion of a ResourceList must be config.kubernetes.io/v1"
	}
	return "line 1: is no ResourceList"
}

// String returns the original text.
func (t *Text) String() string { return t.lines.Text }

// mayContain reports whether a word may be in the text. It's only searched there once many objects were asked for it:
// few are searched faster one by one.
func (t *Text) mayContain(word string) bool {
	w := t.wordOf(word)
	w.asked++
	return w.asked <= len(t.Objects)/fewObjects || t.containsWord(word)
}

// fewObjects is the part of all objects, as in one of so many, that are few.
const fewObjects = 20

// containsWord reports whether a word is anywhere in the text.
func (t *Text) containsWord(word string) bool {
	w := t.wordOf(word)
	if !w.searched {
		from, to := 0, len(t.lines.Text)
		if r := t.resources; r != nil && r.node == nil && len(r.items.objects) > 0 { // without the config
			all := r.items.objects
			from, to = all[0].from, all[len(all)-1].to
		}
		w.searched, w.there = true, strings.Contains(t.lines.Text[from:to], word)
	}
	return w.there
}

// A word is what is known of a word in a text.
type word struct {
	asked           int  // how many objects were asked for it
	searched, there bool // whether it's anywhere in the text, if it was searched there
}

func (t *Text) wordOf(name string) *word {
	w := t.words[name]
	if w == nil {
		if t.words == nil {
			t.words = map[string]*word{}
		}
		w = &word{}
		t.words[name] = w
	}
	return w
}

func (t *Text) namedError(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	if t.Name == "" {
		return err
	}
	return fmt.Errorf("%s: %w", t.Name, err)
}

// endsOpen reports whether the text ends in a block scalar that a line break at the end would
// change.
func (t *Text) endsOpen() bool { return t.lines.EndsInBlockScalar(t.last[0], t.last[1]) }
