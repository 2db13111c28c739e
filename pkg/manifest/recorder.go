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
		m.Is, m.Like = p.hash(), e.hashLikeApp(p.value)
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
func (l *Layer) editCarried(o *Object, edits []sidecar.Edit, root *patch, about Record) *editor {
	findings := l.findings
	if e := l.editWithRecord(o, edits, root, about); len(e.errs) == 0 && len(l.findings) == len(findings) {
		return e
	}
	l.findings = findings
	bare, _ := planEdits(edits, l.values)
	return l.editObject(o, bare, false)
}

// editWithRecord lays edits on an object together with the record of them. root is the plan
// of the edits, to which the record is added.
func (l *Layer) editWithRecord(o *Object, edits []sidecar.Edit, root *patch, about Record) *editor {
	unrecordable := o.findUnrecordable(root)
	key := recordKey
	if unnamed := o.findUnnamed(root); about.Carried {
		key, about.Containers = carriedKey, unnamed
	} else {
		o.nameContainers(root, unnamed)
	}
	at := sidecar.Fields("metadata", "annotations", key)
	own := root.ensurePath(at)
	own.set, own.value, own.shared = true, unwritten, nil
	e := l.editObject(o, root, true)
	if len(e.errs) > 0 {
		return e
	}
	ownAt := pathString(at)
	marks := slices.DeleteFunc(slices.Clone(e.marks), func(m mark) bool { return m.At == ownAt && !m.isTakenOut() })
	changes := func(m mark) bool { return m.Is != "" || m.isTakenOut() }
	if len(about.Documents) == 0 && !slices.ContainsFunc(marks, changes) {
		bare, _ := planEdits(edits, l.values)
		if e := l.editObject(o, bare, true); len(e.marks) == 0 { // nothing to remember
			return e
		}
	}
	for _, f := range unrecordable {
		l.reportOn(o, f)
	}
	l.completeMarks(o, marks)
	text := encodeRecord(record{Version: recordVersion, Record: about, Compact: o.textStyle().Compact,
		Column: o.rootNode().Column, CRLF: o.textStyle().Newline == crlf && haveLines(marks), Marks: marks})
	if e.writeRecord(text) {
		return e
	}
	own.value = text
	return l.editObject(o, root, false)
}

// completeMarks adds what took the place of what is taken out, and reports marks that a record
// mustn't have.
func (l *Layer) completeMarks(o *Object, marks []mark) {
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
}

// unwritten stands for a record that isn't known yet, as it has the marks of the edits that
// write it. It's quoted as a record is.
const unwritten = `{"v":0,"unwritten":true}`

// writeRecord writes a record where unwritten stands. It returns false where that isn't in
// one place.
func (e *editor) writeRecord(text string) bool {
	for _, format := range []func(any) string{
		values.FormatScalar, func(v any) string { return values.FormatFlow(v, e.json) },
	} {
		stand, at := format(unwritten), -1
		for i, s := range e.splices {
			switch n := strings.Count(s.ins, stand); {
			case n > 1 || n == 1 && at >= 0:
				return false
			case n == 1:
				at = i
			}
		}
		if at >= 0 {
			e.splices[at].ins = strings.Replace(e.splices[at].ins, stand, format(text), 1)
			return true
		}
	}
	return false
}

// findUnrecordable finds edits that a record can't undo.
func (o *Object) findUnrecordable(root *patch) (fs sidecar.Findings) {
	pods := podPathsBelow(o.rootNode())
	isMounted := func(path sidecar.Path) bool { // in its pod
		for _, pod := range pods {
			if n := len(pod); n <= len(path) && pod.HasShape(path[:n]) {
				return mountsVolumeBelow(orNull(reachNode(o.rootNode(), path[:n])), path[len(path)-1].Value)
			}
		}
		return false
	}
	check := func(p *patch, path sidecar.Path) {
		switch field := editable.FieldAt(o.Ref, pods, path); {
		case !p.canBeUndone(field):
			fs = append(fs, sidecar.Finding{Code: "not-recordable",
				Field:   path.String(),
				Message: "isn't a field that a record can restore", Hint: "render from sources without a record"})
		case p.set && field.Value == editable.Volume && reachNode(o.rootNode(), path) == nil && isMounted(path):
			fs = append(fs, sidecar.Finding{Code: "mounted-before",
				Field:   path.String(),
				Message: "is missing in the manifest, where a container mounts it, so no record may remove it",
				Hint:    "write the volume into the manifest, or render from sources without a record"})
		}
	}
	var look func(p *patch, path sidecar.Path)
	look = func(p *patch, path sidecar.Path) {
		if p.set || p.delete {
			check(p, path)
		}
		for _, c := range p.below {
			look(c, append(path, c.step))
		}
	}
	look(root, make(sidecar.Path, 0, usualDepth))
	return fs
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

// podPaths returns the paths of pod templates, which it recognises by their shape. Of those in a list, it returns one:
// see [sidecar.Path.HasShape].
func podPaths(v any) (paths []sidecar.Path) {
	var look func(v any, path sidecar.Path)
	look = func(v any, path sidecar.Path) {
		if list, ok := v.([]any); ok {
			for _, entry := range list {
				if _, isMap := entry.(values.Map); isMap {
					look(entry, path.At("", ""))
				}
			}
			return
		}
		m, ok := v.(values.Map)
		if !ok || len(path) > 8 {
			return
		}
		spec, _ := m.Get("spec").(values.Map)
		if _, ok := spec.Get("containers").([]any); ok {
			if !slices.ContainsFunc(paths, path.HasShape) {
				paths = append(paths, path)
			}
			return
		}
		for _, e := range m {
			look(e.Value, path.To(e.Key))
		}
	}
	look(v, sidecar.Path{})
	return paths
}

// podPathsBelow is podPaths for a node. One without aliases needn't become a value for that.
func podPathsBelow(root *positioned.Node) (paths []sidecar.Path) {
	if hasAlias(root) {
		v, _ := positioned.ValueOf(root) // what can't be read has no pods
		return podPaths(v)
	}
	var look func(n *positioned.Node, path sidecar.Path)
	look = func(n *positioned.Node, path sidecar.Path) {
		if len(path) > 8 {
			return
		}
		if n.Kind == positioned.Sequence {
			for _, entry := range n.Values {
				if entry.Kind == positioned.Mapping {
					look(entry, append(path, sidecar.Step{}))
				}
			}
			return
		}
		if list := n.At("spec", "containers"); list != nil && list.Kind == positioned.Sequence {
			if !slices.ContainsFunc(paths, path.HasShape) {
				paths = append(paths, slices.Clone(path)) // the next one is written over it
			}
			return
		}
		for name, v := range n.EachField {
			if v.Kind == positioned.Mapping || v.Kind == positioned.Sequence && len(v.Values) > 0 {
				look(v, append(path, sidecar.Step{Field: name}))
			}
		}
	}
	if root.Kind == positioned.Mapping {
		look(root, make(sidecar.Path, 0, usualDepth))
	}
	return paths
}

func hasAlias(n *positioned.Node) bool {
	return n.Kind == positioned.Alias || slices.ContainsFunc(n.Values, hasAlias)
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
		p.set, p.shared = true, nil
		p.value = strings.Join(append(splitNames(o.Annotation(sidecar.ContainersKey)), unnamed...), ",")
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

// namesContainer reports whether a container is of one of the sidecars that a marker names.
func namesContainer(marker []string, container string) bool {
	return slices.ContainsFunc(marker, func(n string) bool { return sidecar.NamesContainer(n, container) })
}

// ensurePath returns the patch at a path, and creates it if it's missing.
func (p *patch) ensurePath(path sidecar.Path) *patch {
	for _, s := range path {
		p = p.childAt(s)
	}
	return p
}
