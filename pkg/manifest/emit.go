package manifest

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Emit writes objects. An existing one is updated, a new one is added behind its workload.
// Objects that this config wrote before and that aren't among them are removed.
func (l *Layer) Emit(emits []Emit) {
	wanted, there := map[sidecar.Ref]bool{}, map[sidecar.Ref]*Object{}
	if len(emits) > 0 {
		there = indexObjects(l.texts)
	}
	for _, em := range emits {
		ref := NormalizeRef(em.Object.Ref())
		wanted[ref] = true
		if have := there[ref]; have != nil {
			l.written[have] = true
			l.updateObject(have, em)
		} else {
			l.addObject(em)
		}
	}
	if l.opt.Record {
		l.pruneAll(wanted)
	}
	l.reportRivals(emits)
}

// pruneAll removes objects that this config wrote before and that it no longer emits.
func (l *Layer) pruneAll(wanted map[sidecar.Ref]bool) {
	for _, t := range l.texts {
		for _, o := range t.Objects {
			if o.Annotation(OwnerKey) == l.opt.By && !wanted[NormalizeRef(o.Ref)] {
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

// indexObjects returns objects by reference, the first of equal ones.
func indexObjects(texts []*Text) map[sidecar.Ref]*Object {
	all := map[sidecar.Ref]*Object{}
	for _, t := range texts {
		for _, o := range t.Objects {
			if ref := NormalizeRef(o.Ref); all[ref] == nil && !o.IsToolConfig() {
				all[ref] = o
			}
		}
	}
	return all
}

// updateObject updates an existing object to the emitted one.
func (l *Layer) updateObject(o *Object, em Emit) {
	want, err := values.DecodeJSON(em.Object.RawMessage)
	if err != nil {
		l.addFailure(o, "internal", err)
		return
	}
	if l.refuseLifecycle(o, em) {
		return
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
	made := o.Annotation(contentKey)
	if made != "" && made != contentHash(want) {
		edits = append(edits, sidecar.Edit{Object: o.Ref, Path: sidecar.Fields("metadata", "annotations", contentKey),
			Value: contentHash(want)})
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
	root, err := planEdits(edits)
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
	for _, a := range l.newAnnotations(em) {
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
		end := len(t.lines.Text)
		if n := len(st.Newline); strings.HasSuffix(t.lines.Text, st.Newline) {
			end -= n
		} else if strings.HasSuffix(t.lines.Text, "\n") {
			end--
		}
		l.insertText(t, end, st.Newline+"---"+st.Newline+st.FormatMapping(m, 0))
	}
}

func (l *Layer) insertText(t *Text, at int, ins string) {
	l.splices[t] = append(l.splices[t], splice{at, 0, ins})
}

// newAnnotations returns the annotations of a new object that the runner and later runs need.
func (l *Layer) newAnnotations(em Emit) []struct{ key, value string } {
	var as []struct{ key, value string }
	add := func(k, v string) { as = append(as, struct{ key, value string }{k, v}) }
	if l.opt.Record {
		want, _ := values.DecodeJSON(em.Object.RawMessage)
		add(OwnerKey, l.opt.By)
		add(contentKey, contentHash(want))
	}
	if em.Hash {
		add(needsHash, needsHashOn)
	}
	if p := em.For.Annotation(pathAnnotation); p != "" && em.For.InPlace() {
		// beside the workload's file; without an index, so that it's a file of its own
		file := path.Join(path.Dir(p), em.Object.Ref().Name+".yaml")
		add(pathAnnotation, file)
		add(legacyPathAnnotation, file)
		if p := em.For.Annotation(packageAnnotation); p != "" {
			add(packageAnnotation, p)
		}
	}
	return as
}

// contentHash returns a hash of an object without its metadata, which runners and other
// functions change.
func contentHash(v any) string {
	m, _ := v.(values.Map)
	return hashValue(slices.DeleteFunc(slices.Clone(m), func(e values.Entry) bool { return e.Key == "metadata" }))
}

// reportChanged reports an object of ours that was changed by hand: the change would be lost.
func (l *Layer) reportChanged(o *Object) bool {
	made := o.Annotation(contentKey)
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
	if o.Strings("metadata", "labels")[sidecar.ManagedLabel] != sidecar.ManagedBy || o.Annotation(contentKey) == "" {
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
	if e := (&editor{Lines: o.text.lines}); o.list != nil {
		from, to, ok = o.memberExtent(e)
	} else {
		from, to = e.documentBounds(o.rootNode())
	}
	if !ok {
		l.addFailure(o, "not-editable",
			fmt.Errorf("line %d: can't be removed, because of the form of the list", o.Line()))
		return false
	}
	l.splices[o.text] = append(l.splices[o.text], splice{from, to - from, ""})
	return true
}

// documentBounds returns the bounds of a document with the marker in front of it.
func (e *editor) documentBounds(n *positioned.Node) (from, to int) {
	from, to = e.Lines.LineStart(n.Start), e.LineEnd(n.End)
	for at := from; !e.IsFirstLine(at); {
		at = e.Lines.LineStart(e.Lines.PreviousEnd(at))
		if positioned.IsMarker(e.Text[at:]) {
			return e.Lines.PreviousEnd(at), to
		}
	}
	// The first document is removed with the marker behind it.
	for at := e.NextLine(to); at >= 0 && at < len(e.Text); at = e.NextLine(e.LineEnd(at)) {
		if positioned.IsMarker(e.Text[at:]) {
			return 0, max(e.NextLine(e.LineEnd(at)), at)
		}
	}
	return 0, len(e.Text)
}
