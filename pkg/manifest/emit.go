package manifest

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Emit writes the objects that are wanted, each where it stands already or behind
// its workload, and takes out those that documents wrote before for which prune is true
// and that aren't wanted any more; a nil prune is true for none.
func (l *Layer) Emit(emits []Emit, prune func(document string) bool) {
	wanted, there := map[sidecar.Ref]bool{}, index{}
	if len(emits) > 0 {
		there = indexObjects(l.texts)
	}
	misplaced := findMisplaced(emits, there)
	for _, em := range emits {
		ref := NormalizeRef(em.Ref)
		wanted[ref] = true
		switch have := there.find(em.Ref); {
		case have != nil && misplaced[have] && !l.reportChanged(have) && l.TakeOut(have):
			l.addObject(em)
		case have != nil:
			l.written[have] = true
			l.updateObject(have, em)
		default:
			l.addObject(em)
		}
	}
	if prune != nil {
		l.pruneAll(wanted, prune)
	}
	l.reportRivals(emits)
}

// findMisplaced finds objects that an earlier run wrote, in a text where they'd stand in
// another order if they were written now: they're moved, so that it doesn't matter which
// document came first.
func findMisplaced(emits []Emit, there index) map[*Object]bool {
	order := map[*Text][]*Object{} // nil stands for one to be written
	for _, em := range emits {
		have := there.find(em.Ref)
		if have == nil || have.Ref == em.Ref && have.isWrittenBeside(em) {
			order[em.For.text] = append(order[em.For.text], have)
		}
	}
	misplaced := map[*Object]bool{}
	for t, objects := range order {
		last, moved := -1, false
		for _, o := range objects {
			at := len(t.Objects)
			if o != nil {
				at = slices.Index(t.Objects, o)
			}
			moved = moved || at < last
			last = at
		}
		for _, o := range objects {
			if o != nil && moved {
				misplaced[o] = true
			}
		}
	}
	return misplaced
}

// isWrittenBeside reports whether an earlier run wrote the object for the same document and
// into the text of the same workload.
func (o *Object) isWrittenBeside(em Emit) bool {
	document, _ := o.WrittenFor()
	return em.By != "" && !em.Carried && document == em.By && o.text == em.For.text && !o.InPlace()
}

// pruneAll takes out what documents wrote and isn't wanted any more.
func (l *Layer) pruneAll(wanted map[sidecar.Ref]bool, prune func(document string) bool) {
	for _, t := range l.texts {
		for _, o := range t.Objects {
			if owner, _ := o.WrittenFor(); owner != "" && prune(owner) && !wanted[NormalizeRef(o.Ref)] {
				l.pruneObject(o)
			}
		}
	}
}

// Writes reports whether an existing object is updated or removed by [Layer.Emit].
func (l *Layer) Writes(o *Object) bool { return l.written[o] }

// NormalizeRef returns a reference in which the namespace default is "", since kustomize
// treats both alike.
func NormalizeRef(r sidecar.Ref) sidecar.Ref {
	if r.Namespace == "default" {
		r.Namespace = ""
	}
	return r
}

// An index finds objects by reference, the first of two equal ones.
type index struct {
	exact      map[sidecar.Ref]*Object
	normalized map[sidecar.Ref]*Object // see [NormalizeRef]
}

func indexObjects(texts []*Text) index {
	all := index{map[sidecar.Ref]*Object{}, map[sidecar.Ref]*Object{}}
	for _, t := range texts {
		for _, o := range t.Objects {
			if o.IsToolConfig() {
				continue
			}
			if all.exact[o.Ref] == nil {
				all.exact[o.Ref] = o
			}
			if ref := NormalizeRef(o.Ref); all.normalized[ref] == nil {
				all.normalized[ref] = o
			}
		}
	}
	return all
}

// find returns the object of a reference, or else one that kustomize takes for it; nil
// where there is none.
func (i index) find(ref sidecar.Ref) *Object {
	return cmp.Or(i.exact[ref], i.normalized[NormalizeRef(ref)])
}

// updateObject makes an object that is there already what is wanted.
func (l *Layer) updateObject(o *Object, em Emit) {
	want, err := values.DecodeJSON(em.Object.RawMessage)
	if err != nil {
		l.addFailure(o, "internal", err)
		return
	}
	if _, unreadable := o.ParseFinding(); unreadable || l.refuseLifecycle(o, em) {
		return // it's reported
	}
	var edits []sidecar.Edit
	for _, e := range want.(values.Map) {
		at := sidecar.Fields(e.Key)
		if have, there := o.Value(at); e.Key == "metadata" || there && values.Equal(have, e.Value) {
			continue
		}
		edits = append(edits, sidecar.Edit{Object: o.Ref, Path: at, Value: rawOf(e.Value)})
	}
	for _, k := range o.Keys() {
		if want.(values.Map).IndexOf(k) < 0 {
			edits = append(edits, sidecar.Edit{Object: o.Ref, Path: sidecar.Fields(k), Delete: true})
		}
	}
	if document, made := o.WrittenFor(); made != "" && made != contentHash(want) {
		for _, a := range ownerAnnotations(document, contentHash(want), o.isCarried()) {
			edits = append(edits, sidecar.Edit{Object: o.Ref, Path: sidecar.Fields("metadata", "annotations", a.key),
				Value: a.value})
		}
	}
	if len(edits) == 0 {
		return
	}
	if edits[0].Path[0].Field != "metadata" && l.reportChanged(o) {
		return
	}
	if o.Strings("metadata", "labels")[sidecar.ManagedLabel] != sidecar.ManagedBy {
		l.reportOn(o, sidecar.Finding{Code: "object-conflict",
			Sidecar: em.Sidecar,
			Message: "is in the manifests with other content, and outrigger hasn't written it",
			Hint:    "rename it, or give the sidecar another name"})
		return
	}
	l.overwriteObject(o, edits)
}

// overwriteObject applies edits to an object of ours. They need no record.
func (l *Layer) overwriteObject(o *Object, edits []sidecar.Edit) {
	root, err := planEdits(edits, l.values)
	if err != nil {
		l.addFailure(o, "internal", err)
		return
	}
	e := l.editObject(o, root, false)
	for _, err := range e.errs {
		l.addFailure(o, "not-editable", err)
	}
	l.checkBrackets(o, e)
	l.keepSplices(o, e)
}

// addObject writes a new object behind the last one of the workload's list or stream.
func (l *Layer) addObject(em Emit) {
	want, err := values.DecodeJSON(em.Object.RawMessage)
	m, ok := want.(values.Map)
	if err != nil || !ok {
		l.addFailure(em.For, "internal", errors.New("an object to emit isn't a mapping"))
		return
	}
	o, t := em.For, em.For.text
	for _, a := range l.newAnnotations(em, m) {
		m = m.WithField(a.value, "metadata", "annotations", a.key)
	}
	st := o.textStyle()
	switch list := o.list; {
	case list != nil && list.isFlow():
		_, end := (&editor{Lines: t.lines}).entryBounds(list.node, len(list.node.Values)-1)
		l.insertText(t, end, ", "+values.FormatFlow(m, o.rootNode().IsJSON()))
	case list != nil:
		e := &editor{Lines: t.lines}
		l.insertText(t, list.lastLineEnd(e), st.Newline+values.Indentation(list.col)+st.FormatItem(m, list.col))
	default:
		l.insertDocument(o, m)
	}
}

func (l *Layer) insertText(t *Text, at int, ins string) {
	l.splices[t] = append(l.splices[t], splice{at, 0, ins})
}

// An annotation is one of an object that is emitted.
type annotation struct{ key, value string }

// newAnnotations returns the annotations of a new object that the runner and later runs need.
func (l *Layer) newAnnotations(em Emit, content values.Map) []annotation {
	var as []annotation
	add := func(k, v string) { as = append(as, annotation{k, v}) }
	if em.By != "" {
		as = ownerAnnotations(em.By, contentHash(content), em.Carried)
	}
	if em.Hash {
		add(needsHash, needsHashOn)
	}
	return append(as, l.placeAnnotations(em)...)
}

// ownerAnnotations say for which document an object was written, and with what content: in
// two annotations, or in one that kustomize carries.
func ownerAnnotations(document, content string, carried bool) []annotation {
	if !carried {
		return []annotation{{OwnerKey, document}, {contentKey, content}}
	}
	raw, _ := json.Marshal(carriedOwner{document, content}) // strings can be encoded
	return []annotation{{carriedKey, string(raw)}}
}

// A carriedOwner is what the annotation of an emitted object says that kustomize carries.
type carriedOwner struct {
	By      string `json:"by"`
	Content string `json:"content"`
}

// isCarried reports whether kustomize carries what is known of an emitted object.
func (o *Object) isCarried() bool {
	return strings.HasPrefix(o.Annotation(carriedKey), `{"by":`) && o.ByKustomize()
}

// WrittenFor returns the document for which an object says that outrigger wrote it, and the
// hash of what was written.
func (o *Object) WrittenFor() (document, content string) {
	if o.isCarried() {
		var c carriedOwner
		if json.Unmarshal([]byte(o.Annotation(carriedKey)), &c) == nil {
			return c.By, c.Content
		}
	}
	return o.Annotation(OwnerKey), o.Annotation(contentKey)
}

// IsAsWritten reports whether an object has the content that outrigger wrote for a document.
func (o *Object) IsAsWritten() bool {
	_, made := o.WrittenFor()
	v, err := positioned.ValueOf(o.rootNode())
	return err == nil && made == contentHash(v)
}

// contentHash returns a hash of an object without its metadata, which runners and other
// functions change.
func contentHash(v any) string {
	m, _ := v.(values.Map)
	return hashValue(slices.DeleteFunc(slices.Clone(m), func(e values.Entry) bool { return e.Key == "metadata" }))
}

// reportChanged reports an object of ours that was changed by hand: the change would be lost.
func (l *Layer) reportChanged(o *Object) bool {
	if _, unreadable := o.ParseFinding(); unreadable {
		return true // that's reported already
	}
	_, made := o.WrittenFor()
	v, err := positioned.ValueOf(o.rootNode())
	if made == "" || err == nil && made == contentHash(v) {
		return false
	}
	l.reportOn(o, sidecar.Finding{Code: "changed-by-hand",
		Message: "was changed by hand since outrigger wrote it",
		Hint:    "move the change into the config, then delete the object so that outrigger writes it again"})
	return true
}

// pruneObject removes a whole object from its text. It must have our label, the owner, and
// the hash of its content: an object that somebody copied from ours stays.
func (l *Layer) pruneObject(o *Object) bool {
	_, made := o.WrittenFor()
	if o.Strings("metadata", "labels")[sidecar.ManagedLabel] != sidecar.ManagedBy || made == "" {
		l.reportOn(o, sidecar.Finding{Severity: sidecar.Warning, Code: "object-kept",
			Message: "has the annotation " + OwnerKey + " of objects that outrigger writes, but not the label " +
				sidecar.ManagedLabel + " and " + contentKey + ": it stays",
			Hint: "remove the annotation, or delete the object if outrigger wrote it"})
		return false
	}
	if l.reportChanged(o) {
		return false
	}
	if !l.TakeOut(o) {
		return false
	}
	l.reportOn(o, sidecar.Finding{Severity: sidecar.Info, Code: "object-removed",
		Message: "was written by outrigger, and is removed"})
	return true
}

// TakeOut removes a whole object from its text.
func (l *Layer) TakeOut(o *Object) bool {
	l.written[o] = true
	from, to, ok := 0, 0, true
	if o.list != nil {
		from, to, ok = o.memberExtent(&editor{Lines: o.text.lines})
	} else {
		from, to = o.ownBounds()
	}
	if !ok {
		l.addFailure(o, "not-editable", errors.New("can't be removed, because of the form of the list"))
		return false
	}
	l.splices[o.text] = append(l.splices[o.text], splice{from, to - from, ""})
	return true
}

// documentBounds returns the bounds of a document with the marker in front of it.
func (e *editor) documentBounds(n *positioned.Node) (from, to int) {
	from, to = e.Lines.LineStart(n.Start), e.LineEnd(n.End)
	if positioned.IsMarker(e.Text[from:]) { // as in --- {a: b}
		return e.Lines.PreviousEnd(from), to
	}
	for at := from; !e.IsFirstLine(at); {
		at = e.Lines.LineStart(e.Lines.PreviousEnd(at))
		if positioned.IsMarker(e.Text[at:]) {
			return e.Lines.PreviousEnd(at), to
		}
	}
	// The first document is removed with the marker behind it, if that's alone on its line.
	for at := e.NextLine(to); at >= 0 && at < len(e.Text); at = e.NextLine(e.LineEnd(at)) {
		if positioned.IsMarker(e.Text[at:]) {
			if e.Text[at] == '-' && strings.TrimSpace(e.Text[at+3:e.LineEnd(at)]) != "" {
				return 0, at
			}
			return 0, max(e.NextLine(e.LineEnd(at)), at)
		}
	}
	return 0, len(e.Text)
}
