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

// noteAdded marks a value that is put where nothing stands.
func (e *editor) noteAdded(at sidecar.Path, p *patch) { e.addMark(nil, at, p) }

// noteReplaced marks a value that takes the place of v.
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

// partOf is what of a value that several documents add up is the patch's own.
func (e *editor) partOf(v *positioned.Node, at sidecar.Path, p *patch) string {
	m := e.moved(at)
	if m == nil {
		return ""
	}
	switch m.Share {
	case editable.Largest:
		return p.part
	case editable.Names:
		text, _ := p.value.(string)
		return strings.Join(withoutNames(splitNames(text), splitNames(v.ScalarText())), ",")
	}
	return ""
}

// splitNames are those of a list by commas.
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

// editWithRecord lays edits on an object together with the record of them: what they put
// there, and what they share with other documents' work.
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
	marks := l.editObject(o, root, true).marks // with the record's own
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
				Message: "the value that is replaced may be a password, and the record of it would keep it in an annotation",
				Hint:    "move it into a Secret first, or render from sources without a record"})
		}
	}
	p.value = encodeRecord(record{recordVersion, o.textStyle().Compact, o.rootNode().Column, marks})
	return l.editObject(o, root, false)
}

// reportUnrecordable finds edits that strip wouldn't undo: they're none that a Change makes.
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

// recordedMarks are those of the object's records.
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

// editableFields tells what is moved at a path of the object.
func (o *Object) editableFields() func(sidecar.Path) *editable.Field {
	v, _ := positioned.ValueOf(o.rootNode()) // what can't be read has no pods
	pods := podPaths(v)
	return func(path sidecar.Path) *editable.Field { return editable.FieldAt(o.Ref, pods, path) }
}

// podPaths are where pod templates stand, by their shape.
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

// findJoint are marks of other documents for what this one wants, too: what stands there
// goes with the last of them.
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

// findEmptied are marks of other documents for collections that had no entries and get
// some of this one's, too.
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

// inheritText takes what stood there before any document came from the others' marks.
func (m *mark) inheritText(others []mark) {
	for _, o := range others {
		if m.Part != "" && o.Part != "" && o.At == m.At {
			m.Was = o.Was
			return
		}
	}
}

// takenBy is the mark of what took the place of something: what the edit names, or
// what holds it; else the marker, or the first thing that was laid on.
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

// plainPath is a mark's path as messages show it.
func plainPath(at string) string {
	path, err := parsePath(at)
	if err != nil {
		return ""
	}
	return path.String()
}

// nameContainers adds those that the marker doesn't name to an annotation of their
// own: no record takes out a container that isn't named.
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

// namesContainer reports whether a marker names a container: by its own name, or by what that
// begins with.
func namesContainer(marker []string, container string) bool {
	return slices.ContainsFunc(marker, func(n string) bool {
		return container == n || strings.HasPrefix(container, n+"-")
	})
}

// ensurePath is the patch at a path, which is made where it's missing.
func (p *patch) ensurePath(path sidecar.Path) *patch {
	for _, s := range path {
		p = p.childAt(s)
	}
	return p
}
