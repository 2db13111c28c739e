package manifest

import (
	"errors"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Recorded reports whether an object of the text remembers what a config laid on it,
// or was written for it; "" asks for any config.
func (t *Text) Recorded(by string) bool {
	if !t.containsWord("outrigger.dev/") {
		return false
	}
	for _, o := range t.Objects {
		if o.Recorded(by) || o.Annotation(OwnerKey) != "" && (by == "" || o.Annotation(OwnerKey) == by) {
			return true
		}
	}
	return false
}

// Recorded reports whether the object remembers what a config laid on it.
func (o *Object) Recorded(by string) bool { return len(o.recordKeys(by)) > 0 }

// Laid reports whether an object carries outrigger's work without a record.
func (o *Object) Laid() bool {
	return o.Annotation(sidecar.PatternsKey) != "" && len(o.recordKeys("")) == 0
}

// Configs are the names of those whose work the object remembers.
func (o *Object) Configs() []string {
	keys := o.recordKeys("")
	for i, k := range keys {
		keys[i] = strings.TrimPrefix(k, recordPrefix)
	}
	return keys
}

// recordKeys are the keys of the object's records.
func (o *Object) recordKeys(by string) []string {
	if !o.mayMention(recordPrefix) {
		return nil
	}
	var keys []string
	for _, k := range o.Keys("metadata", "annotations") {
		if name, ok := strings.CutPrefix(k, recordPrefix); ok && (by == "" || name == by) {
			keys = append(keys, k)
		}
	}
	return keys
}

// Strip removes from a text what the config named by added to its objects, and
// returns the new text; with by "", what any config added. With emitted it also
// removes the objects that the config wrote, and reports each.
//
// A value that a person has changed since is an error. So is a record that would
// change anything that no sidecar changes: the new text is read again and compared
// with the old one.
func Strip(t *Text, by string, emitted bool) (Edited, sidecar.Findings) {
	l := NewLayer([]*Text{t}, Options{})
	undone := map[*Object]*stripper{}
	var left []*Object
	for _, o := range t.Objects {
		owner := o.Annotation(OwnerKey)
		if emitted && owner != "" && (by == "" || owner == by) && l.pruneObject(o) {
			continue
		}
		left = append(left, o)
		if s := l.stripObject(o, by); s != nil {
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
			err = errors.New("the objects are gone")
		}
		if err != nil && !(len(left) == 0 && strings.TrimSpace(out.String()) == "") {
			l.addFinding(sidecar.Finding{Severity: sidecar.Error, Code: "internal", File: t.Name,
				Message: "what was stripped can't be read: " + err.Error()})
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

// proveStripped compares the objects that are left with those of the new text.
func (l *Layer) proveStripped(left []*Object, again *Text, undone map[*Object]*stripper) {
	var now []*Object
	if again != nil {
		now = again.Objects
	}
	if !slices.EqualFunc(left, now, func(a, b *Object) bool { return a.Ref == b.Ref && a.Version == b.Version }) {
		l.addFinding(sidecar.Finding{Severity: sidecar.Error, Code: "record-forged", File: l.texts[0].Name,
			Message: "what the records say would make other objects of those that are there",
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
				Hint: "restore the object from version control, or delete the annotation " + strings.Join(s.own, ", ") +
					" and take off by hand what isn't yours"})
		}
		now[i].Release()
	}
}

// stripObject undoes the object's records of a config; nil where there are none.
func (l *Layer) stripObject(o *Object, by string) *stripper {
	var records []record
	keys := o.recordKeys(by)
	for _, key := range keys {
		r, err := decodeRecord(o.Annotation(key))
		if err != nil {
			l.reportDamaged(o, key, err)
			return nil
		}
		records = append(records, r)
	}
	if o.rootNode(); len(records) == 0 || o.err != nil { // see Unread
		return nil
	}
	others, err := o.recordedMarks(func(name string) bool { return by != "" && name != by })
	if err != nil {
		l.reportDamaged(o, "", err)
		return nil
	}
	s := stripper{
		editor: editor{
			Lines: o.text.lines, Style: o.textStyle(), json: o.rootNode().IsJSON(), moved: o.editableFields(),
		},
		root: o.rootNode(), own: keys, others: others,
	}
	if err := s.stripRecords(records); err != nil {
		l.reportDamaged(o, "", err)
		return nil
	}
	for _, at := range s.changedByHand {
		l.reportOn(o, sidecar.Finding{Code: "changed-by-hand",
			Field:   at,
			Message: "was changed by hand since outrigger wrote it",
			Hint: "write the change into the sidecar's override or the config, and put back here what outrigger wrote; " +
				"version control has it"})
	}
	l.splices[o.text] = append(l.splices[o.text], s.splices...)
	return &s
}

func (l *Layer) reportDamaged(o *Object, key string, err error) {
	field := ""
	if key != "" {
		field = sidecar.Fields("metadata", "annotations", key).String()
	}
	l.reportOn(o, sidecar.Finding{Code: "record-damaged",
		Field: field, Message: err.Error()})
}
