package manifest

import (
	"errors"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// MayHaveRecords reports whether an object of the text may remember what was laid on it.
func (t *Text) MayHaveRecords() bool {
	return t.mayAnnotate(recordKey) || t.mayAnnotate(formerPrefix) || t.mayAnnotate(carriedKey)
}

// IsLaid reports whether the object carries outrigger's work without a record.
func (o *Object) IsLaid() bool { return o.Annotation(sidecar.PatternsKey) != "" && !o.HasRecord() }

// HasRecord reports whether the object remembers what was laid on it.
func (o *Object) HasRecord() bool { return o.recordKey() != "" }

// recordKey returns the annotation that is the object's record, of this version or an
// earlier one.
func (o *Object) recordKey() string {
	if !o.lacksKnown(recordKey) && o.mayMention(recordKey) || !o.lacksKnown(formerPrefix) && o.mayMention(formerPrefix) {
		for _, k := range o.Keys("metadata", "annotations") {
			if k == recordKey || strings.HasPrefix(k, formerPrefix) {
				return k
			}
		}
	}
	if strings.HasPrefix(o.Annotation(carriedKey), `{"v":`) && o.ByKustomize() {
		return carriedKey
	}
	return ""
}

// HasCarriedRecord reports whether the object remembers something for the time of a build
// of kustomize's.
func (o *Object) HasCarriedRecord() bool { return o.recordKey() == carriedKey }

// ReadRecord returns what the object remembers; nil where it has no record. A record
// that can't be read is a finding.
func (o *Object) ReadRecord() (*Record, *sidecar.Finding) {
	key := o.recordKey()
	if key == "" {
		return nil, nil
	}
	r, err := decodeRecord(o.Annotation(key))
	if err == nil && key != recordKey && key != carriedKey {
		err = errors.New("is of an older outrigger; strip the object with that one, or render from the sources")
	}
	if err != nil {
		return nil, &sidecar.Finding{Severity: sidecar.Error, Code: "record-damaged", Object: o.Ref, File: o.File(),
			Field: sidecar.Fields("metadata", "annotations", key).String(), Message: err.Error()}
	}
	return &r.Record, nil
}

// Strip removes from a text what was laid on those of its objects that undo says, and
// returns the new text. It also removes the objects that documents wrote for which
// prune is true, and reports each.
//
// A value that a person has changed since is an error. So is a record that would
// change anything that no sidecar changes: the new text is read again and compared
// with the old one.
func Strip(t *Text, undo func(*Object) bool, prune func(document string) bool) (Edited, sidecar.Findings) {
	l := NewLayer([]*Text{t})
	undone := map[*Object]*stripper{}
	var left []*Object
	for _, o := range t.Objects {
		owner, _ := o.WrittenFor()
		if owner != "" && prune(owner) && l.pruneObject(o) {
			continue
		}
		left = append(left, o)
		if !o.HasRecord() || !undo(o) {
			continue
		}
		if s := l.stripObject(o); s != nil {
			undone[o] = s
		}
	}
	if l.findings.Failed() {
		return Edited{}, l.findings
	}
	out := newEdited(t, l.splices[t])
	if out.Changed() {
		again, err := Parse(t.Name, out.String())
		if err == nil && len(again.Objects) == 0 && len(left) > 0 {
			err = errors.New("it has no objects")
		}
		if err != nil && !(len(left) == 0 && strings.TrimSpace(out.String()) == "") {
			l.addFinding(sidecar.Finding{Severity: sidecar.Error, Code: "internal", File: t.Name,
				Message: "the stripped text can't be read: " + err.Error()})
			return Edited{}, l.findings
		}
		l.proveStripped(left, again, undone)
		out.again = again
	}
	if l.findings.Failed() {
		return Edited{}, l.findings
	}
	return out, l.findings
}

// hasHeadOf reports whether two objects have one version, kind and name. Those of a text that was just read aren't
// numbered yet.
func (o *Object) hasHeadOf(other *Object) bool {
	ref := other.Ref
	ref.Nth = o.Ref.Nth
	return o.Ref == ref && o.Version == other.Version
}

// proveStripped compares the remaining objects with those of the new text.
func (l *Layer) proveStripped(left []*Object, again *Text, undone map[*Object]*stripper) {
	var now []*Object
	if again != nil {
		now = again.Objects
	}
	if !slices.EqualFunc(left, now, (*Object).hasHeadOf) {
		l.addFinding(sidecar.Finding{Severity: sidecar.Error, Code: "record-forged", File: l.texts[0].Name,
			Message: "the records would turn objects into other ones",
			Hint:    "restore the objects from version control"})
		return
	}
	for i, o := range left {
		s := undone[o]
		if s == nil {
			continue
		}
		for _, path := range findForged(o, now[i], s) {
			l.reportOn(o, sidecar.Finding{Code: "record-forged",
				Field:   path.String(),
				Message: "its record would change this, which no sidecar does",
				Hint: "restore the object from version control, or delete the annotation " + recordKey +
					" and remove the sidecars by hand"})
		}
		now[i].Release()
	}
}

// stripObject undoes the object's record; nil where it can't be read.
func (l *Layer) stripObject(o *Object) *stripper {
	if _, damaged := o.ReadRecord(); damaged != nil {
		l.addFinding(*damaged)
		return nil
	}
	if o.rootNode(); o.err != nil { // see Unread
		return nil
	}
	r, _ := decodeRecord(o.Annotation(o.recordKey()))
	s := stripper{
		editor: editor{Lines: o.text.lines, Style: o.textStyle(), json: o.rootNode().IsJSON()},
		root:   o.rootNode(), key: o.recordKey(),
	}
	if s.key == carriedKey {
		s.containers = r.Containers
	}
	if err := s.stripRecord(r); err != nil {
		l.addFailure(o, "record-damaged", err)
		return nil
	}
	for _, at := range s.changedByHand {
		l.reportOn(o, sidecar.Finding{Code: "changed-by-hand",
			Field:   at,
			Message: "was changed by hand since outrigger wrote it",
			Hint: "move the change into the sidecar's override or the config, and restore here what outrigger wrote, " +
				"for example from version control"})
	}
	l.splices[o.text] = append(l.splices[o.text], s.splices...)
	return &s
}

// followRenamed leads the marks in a container that a person has renamed since to its new name. It's the one that
// has all that was laid on, and of which the record says nothing else.
func (s *stripper) followRenamed(marks []mark) {
	for _, path := range s.findMissing(marks) {
		list := locateNode(s.root, path[:len(path)-1]).Resolve()
		var found []sidecar.Path
		for _, v := range list.Values {
			now := slices.Clone(path)
			now[len(now)-1].Value = v.Resolve().Field("name").ScalarText()
			if !isMarked(marks, now) && s.hasAllOf(marks, path, now) {
				found = append(found, now)
			}
		}
		switch len(found) {
		case 0: // it was removed
		case 1:
			renameMarks(marks, path, found[0])
		default:
			s.changedByHand = append(s.changedByHand, path.String())
		}
	}
}

// findMissing returns the paths of the containers that aren't there and in which something was laid on.
func (s *stripper) findMissing(marks []mark) (missing []sidecar.Path) {
	for i := range marks {
		path := containerOf(&marks[i])
		isPath := func(p sidecar.Path) bool { return slices.Equal(p, path) }
		if path == nil || slices.ContainsFunc(missing, isPath) {
			continue
		}
		list := locateNode(s.root, path[:len(path)-1]).Resolve()
		if list != nil && list.Kind == positioned.Sequence && findEntry(list, path[len(path)-1]) < 0 {
			missing = append(missing, path)
		}
	}
	return missing
}

// containerOf returns the path of the container in which a mark is; nil if it's in none.
func containerOf(m *mark) sidecar.Path {
	path, err := parsePath(m.At)
	if err != nil {
		return nil
	}
	for i := 1; i < len(path)-1; i++ {
		if list := path[i-1].Field; path[i].Key == "name" && (list == "containers" || list == "initContainers") {
			return path[:i+1]
		}
	}
	return nil
}

// isMarked reports whether a mark is of a container, or in it.
func isMarked(marks []mark, container sidecar.Path) bool {
	at := pathString(container)
	return slices.ContainsFunc(marks, func(m mark) bool { return m.At == at || strings.HasPrefix(m.At, at+"/") })
}

// hasAllOf reports whether all that was laid on in one container stands in another one.
func (s *stripper) hasAllOf(marks []mark, was, now sidecar.Path) bool {
	from, some := pathString(was)+"/", false
	for i := range marks {
		rest, in := strings.CutPrefix(marks[i].At, from)
		if !in || marks[i].Is == "" {
			continue
		}
		path, err := parsePath(pathString(now) + "/" + rest)
		if v := locateNode(s.root, path); err != nil || v == nil || !s.holds(v, marks[i]) {
			return false
		}
		some = true
	}
	return some
}

// renameMarks changes the name of a container in the paths of marks.
func renameMarks(marks []mark, was, now sidecar.Path) {
	from, to := pathString(was)+"/", pathString(now)+"/"
	for i := range marks {
		for _, at := range []*string{&marks[i].At, &marks[i].By} {
			if rest, in := strings.CutPrefix(*at, from); in {
				*at = to + rest
			}
		}
	}
}
