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
		m.Is = hashValue(p.value)
	}
	e.marks = append(e.marks, m)
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

// editCarried is editWithRecord for a record that kustomize carries: where there can't be
// one, there is none.
func (l *Layer) editCarried(o *Object, edits []sidecar.Edit, about Record) *editor {
	findings := l.findings
	root, _ := planEdits(edits)
	if e := l.editWithRecord(o, root, about); len(e.errs) == 0 && len(l.findings) == len(findings) {
		return e
	}
	l.findings = findings
	root, _ = planEdits(edits)
	return l.editObject(o, root, false)
}

// editWithRecord lays edits on an object together with the record of them.
func (l *Layer) editWithRecord(o *Object, root *patch, about Record) *editor {
	e := l.editObject(o, root, true)
	if len(e.errs) > 0 || len(e.marks) == 0 && len(about.Documents) == 0 {
		return e
	}
	l.reportUnrecordable(o, root)
	key := recordKey
	if unnamed := o.findUnnamed(root); about.Carried {
		key, about.Containers = carriedKey, unnamed
	} else {
		o.nameContainers(root, unnamed)
	}
	at := sidecar.Fields("metadata", "annotations", key)
	p := root.ensurePath(at)
	p.set, p.value = true, ""
	own := pathString(at)
	marks := l.editObject(o, root, true).marks // including the record's own mark
	marks = slices.DeleteFunc(marks, func(m mark) bool { return m.At == own && !m.isTakenOut() })
	for i := range marks {
		m := &marks[i]
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
	p.value = encodeRecord(record{Version: recordVersion, Record: about, Compact: o.textStyle().Compact,
		Column: o.rootNode().Column, Marks: marks})
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

// editableFields tells what is moved at a path of the object.
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

// takenBy is the mark of what took the place of something: what the edit names, or
// what holds it; else the marker, or the first thing that was laid on.
func (m *mark) takenBy(marks []mark) string {
	if !m.isTakenOut() {
		return ""
	}
	best := ""
	for _, o := range marks {
		switch {
		case o.isTakenOut() || o.Is == "":
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
func (o *Object) nameContainers(root *patch, unnamed []string) {
	if len(unnamed) > 0 {
		p := root.ensurePath(sidecar.Fields("metadata", "annotations", sidecar.ContainersKey))
		p.set, p.value = true, strings.Join(append(splitNames(o.Annotation(sidecar.ContainersKey)), unnamed...), ",")
	}
}

// findUnnamed returns the containers that come with a patch and that neither the marker nor
// ContainersKey names.
func (o *Object) findUnnamed(root *patch) (unnamed []string) {
	have := splitNames(o.Annotation(sidecar.ContainersKey))
	marker := splitNames(o.Annotation(sidecar.PatternsKey))
	root.eachLeaf(nil, func(path sidecar.Path, p *patch) {
		if len(path) == 3 && path[2].Field == sidecar.PatternsKey {
			text, _ := p.value.(string)
			marker = splitNames(text)
		}
	})
	root.eachLeaf(nil, func(path sidecar.Path, _ *patch) {
		n := len(path)
		if n < 2 || path[n-1].Key != "name" || path[n-2].Field != "containers" && path[n-2].Field != "initContainers" {
			return
		}
		name := path[n-1].Value
		if !namesContainer(marker, name) && !slices.Contains(have, name) && !slices.Contains(unnamed, name) {
			unnamed = append(unnamed, name)
		}
	})
	return unnamed
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
