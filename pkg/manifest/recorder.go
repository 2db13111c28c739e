package manifest

import (
	"errors"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/editable"
	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// noteAdded marks an added value.
func (e *editor) noteAdded(at sidecar.Path, p *patch) { e.addMark(nil, at, p) }

// noteReplaced marks a value that replaces v.
func (e *editor) noteReplaced(v *positioned.Node, path sidecar.Path, p *patch) {
	e.addMark(v, replacedPath(path, p.value), p)
}

func (e *editor) addMark(v *positioned.Node, at sidecar.Path, p *patch) {
	m := mark{At: pathString(at)}
	if v != nil {
		m.Was = new(e.Text[v.Start:v.End])
	}
	if e.hashes {
		if m.Part = e.partOf(v, at, p); m.Part == "" {
			m.Is = hashValue(p.value)
		}
	}
	e.marks = append(e.marks, m)
}

// partOf returns the patch's own part of a value that several documents share.
func (e *editor) partOf(v *positioned.Node, at sidecar.Path, p *patch) string {
	f := e.fieldAt(at)
	if f == nil {
		return ""
	}
	switch f.Share {
	case editable.Largest:
		return p.part
	case editable.Names:
		text, _ := p.value.(string)
		return strings.Join(withoutNames(splitNames(text), splitNames(v.ScalarText())), ",")
	}
	return ""
}

// splitNames splits a list with commas.
func splitNames(list string) (out []string) {
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name != "" {
			out = append(out, name)
		}
	}
	return out
}

func withoutNames(list, gone []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(name string) bool { return slices.Contains(gone, name) })
}

// editWithRecord applies edits to an object together with a record of them: their own
// values, and what they share with other documents.
func (l *Layer) editWithRecord(o *Object, root *patch) *editor {
	e := l.editObject(o, root, true)
	others, err := o.recordedMarks(func(by string) bool { return by != l.opt.By })
	if err != nil {
		l.addFailure(o, "record-damaged", err)
	}
	if len(e.errs) > 0 || len(e.marks)+len(findJoint(root, e.marks, others)) == 0 {
		return e
	}
	l.reportUnrecordable(o, root)
	o.nameContainers(root)
	at := sidecar.Fields("metadata", "annotations", recordPrefix+l.opt.By)
	p := root.ensurePath(at)
	p.set, p.value = true, ""
	own := pathString(at)
	marks := l.editObject(o, root, true).marks // including the record's own mark
	marks = slices.DeleteFunc(marks, func(m mark) bool { return m.At == own && !m.isTakenOut() })
	marks = append(marks, findJoint(root, marks, others)...)
	marks = append(marks, findEmptied(own, marks, others)...)
	for i := range marks {
		m := &marks[i]
		m.inheritText(others)
		if m.By = m.takenBy(marks); m.isTakenOut() && m.By == "" {
			l.addFailure(o, "internal", errors.New(plainPath(m.At)+": is taken out for nothing"))
		}
		if m.Was != nil && mayHoldSecret(m.At, *m.Was) {
			l.reportOn(o, sidecar.Finding{Code: "record-secret",
				Field:   plainPath(m.At),
				Message: "the replaced value may be a password, and a record would keep it in an annotation",
				Hint:    "move it into a Secret first, or render from sources without a record"})
		}
	}
	p.value = encodeRecord(record{recordVersion, o.textStyle().Compact, o.rootNode().Column, marks})
	return l.editObject(o, root, false)
}

// reportUnrecordable finds edits that a record can't undo.
func (l *Layer) reportUnrecordable(o *Object, root *patch) {
	fieldAt := o.editableFields()
	var look func(p *patch, path sidecar.Path)
	look = func(p *patch, path sidecar.Path) {
		if (p.set || p.delete) && !p.canBeUndone(fieldAt(path)) {
			l.reportOn(o, sidecar.Finding{Code: "not-recordable",
				Field:   path.String(),
				Message: "isn't a field that a record can restore", Hint: "render from sources without a record"})
		}
		for _, c := range p.below {
			look(c, append(path[:len(path):len(path)], c.step))
		}
	}
	look(root, nil)
}

// canBeUndone reports whether a record can undo the edit of a field of the table. field
// is nil for one that isn't in it.
func (p *patch) canBeUndone(field *editable.Field) bool {
	switch {
	case field == nil:
		return false
	case p.delete:
		return field.Removed
	}
	return field.Added || field.Replaced
}

// recordedMarks returns the marks of the object's records.
func (o *Object) recordedMarks(of func(by string) bool) (all []mark, err error) {
	for _, key := range o.recordKeys("") {
		if !of(strings.TrimPrefix(key, recordPrefix)) {
			continue
		}
		r, err := decodeRecord(o.Annotation(key))
		if err != nil {
			return nil, err
		}
		all = append(all, r.Marks...)
	}
	return all, nil
}

// editableFields returns a function that finds the editable field at a path of the object.
func (o *Object) editableFields() func(sidecar.Path) *editable.Field {
	v, _ := positioned.ValueOf(o.rootNode()) // what can't be read has no pods
	pods := podPaths(v)
	return func(path sidecar.Path) *editable.Field { return editable.FieldAt(o.Ref, pods, path) }
}

// podPaths returns the paths of pod templates, which it recognises by their shape.
func podPaths(v any) (paths []sidecar.Path) {
	var look func(v any, path sidecar.Path)
	look = func(v any, path sidecar.Path) {
		m, ok := v.(values.Map)
		if !ok || len(path) > 8 {
			return
		}
		spec, _ := m.Get("spec").(values.Map)
		if _, ok := spec.Get("containers").([]any); ok {
			paths = append(paths, path)
		}
		for _, e := range m {
			look(e.Value, path.To(e.Key))
		}
	}
	look(v, sidecar.Path{})
	return paths
}

// findJoint returns marks of other documents for values that this one sets, too. The last
// document that is stripped removes such a value.
func findJoint(root *patch, mine, others []mark) (out []mark) {
	if len(others) == 0 {
		return nil
	}
	root.eachLeaf(nil, func(path sidecar.Path, p *patch) {
		at := pathString(replacedPath(path, p.value))
		if slices.ContainsFunc(mine, func(m mark) bool { return m.At == at && !m.isTakenOut() }) {
			return
		}
		for _, m := range others {
			if m.At != at || m.isTakenOut() || m.Empty != nil {
				continue
			}
			if m.Part != "" && p.part != "" {
				out = append(out, mark{At: at, Part: p.part, Was: m.Was})
				return
			}
			if m.Part == "" && m.Is == hashValue(p.value) {
				out = append(out, m)
				return
			}
		}
	})
	return out
}

// findEmptied returns marks of other documents for collections that had no entries, and to
// which this document adds some, too.
func findEmptied(own string, mine, others []mark) (out []mark) {
	for _, m := range others {
		in := func(at string) bool { return strings.HasPrefix(at, m.At+"/") }
		known := func(o mark) bool { return o.At == m.At && o.Empty != nil }
		if m.Empty == nil || m.Is != "" || slices.ContainsFunc(append(mine, out...), known) {
			continue
		}
		if in(own) || slices.ContainsFunc(mine, func(o mark) bool { return in(o.At) }) {
			out = append(out, m)
		}
	}
	return out
}

// inheritText copies the text before the first document's edit from the marks of others.
func (m *mark) inheritText(others []mark) {
	for _, o := range others {
		if m.Part != "" && o.Part != "" && o.At == m.At {
			m.Was = o.Was
			return
		}
	}
}

// takenBy returns the mark of the value that replaced a removed one: what the edit names, or
// what contains that; otherwise the marker, or the first added value.
func (m *mark) takenBy(marks []mark) string {
	if !m.isTakenOut() {
		return ""
	}
	best := ""
	for _, o := range marks {
		switch {
		case o.isTakenOut() || o.Is == "" && o.Part == "":
		case m.By != "" && strings.HasPrefix(m.By+"/", o.At+"/"):
			return o.At
		case best == "" || strings.HasSuffix(o.At, "/"+escape.Replace(sidecar.PatternsKey)):
			best = o.At
		}
	}
	return best
}

// plainPath returns the path of a mark for messages.
func plainPath(at string) string {
	path, err := parsePath(at)
	if err != nil {
		return ""
	}
	return path.String()
}

// nameContainers adds containers that the marker doesn't name to ContainersKey: a record
// can't remove a container that isn't named.
func (o *Object) nameContainers(root *patch) {
	at := sidecar.Fields("metadata", "annotations", sidecar.ContainersKey)
	have := splitNames(o.Annotation(sidecar.ContainersKey))
	marker := splitNames(o.Annotation(sidecar.PatternsKey))
	list := slices.Clone(have)
	root.eachLeaf(nil, func(path sidecar.Path, p *patch) {
		if len(path) == 3 && path[2].Field == sidecar.PatternsKey {
			text, _ := p.value.(string)
			marker = splitNames(text)
		}
	})
	root.eachLeaf(nil, func(path sidecar.Path, p *patch) {
		n := len(path)
		if n < 2 || path[n-1].Key != "name" || path[n-2].Field != "containers" && path[n-2].Field != "initContainers" {
			return
		}
		if name := path[n-1].Value; !namesContainer(marker, name) && !slices.Contains(list, name) {
			list = append(list, name)
		}
	})
	if len(list) > len(have) {
		p := root.ensurePath(at)
		p.set, p.value = true, strings.Join(list, ",")
	}
}

// namesContainer reports whether a marker has the name of a container, or a prefix of it.
func namesContainer(marker []string, container string) bool {
	return slices.ContainsFunc(marker, func(n string) bool {
		return container == n || strings.HasPrefix(container, n+"-")
	})
}

// ensurePath returns the patch at a path, and creates it if it's missing.
func (p *patch) ensurePath(path sidecar.Path) *patch {
	for _, s := range path {
		p = p.childAt(s)
	}
	return p
}
