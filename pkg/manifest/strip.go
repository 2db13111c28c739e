package manifest

import (
	"errors"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Recorded reports whether an object of the text has a record of a config, or was emitted
// for it. "" means any config.
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

// Recorded reports whether the object has a record of a config.
func (o *Object) Recorded(by string) bool { return len(o.recordKeys(by)) > 0 }

// Laid reports whether an object has edits of outrigger without a record.
func (o *Object) Laid() bool {
	return o.Annotation(sidecar.PatternsKey) != "" && len(o.recordKeys("")) == 0
}

// Configs returns the names of the configs that the object has records of.
func (o *Object) Configs() []string {
	keys := o.recordKeys("")
	for i, k := range keys {
		keys[i] = strings.TrimPrefix(k, recordPrefix)
	}
	return keys
}

// recordKeys returns the annotation keys of the object's records.
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

// Strip undoes the edits of a config in a text, by the records of its objects, and returns
// the new text. by is the config's name; "" means all configs. With emitted it also
// removes the objects that the config wrote, and reports each.
//
// A value that was changed by hand is an error. So is a record that would change a field
// that sidecars never change: the new text is read again and compared with the old one.
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

// proveStripped compares the remaining objects with those of the new text.
func (l *Layer) proveStripped(left []*Object, again *Text, undone map[*Object]*stripper) {
	var now []*Object
	if again != nil {
		now = again.Objects
	}
	if !slices.EqualFunc(left, now, func(a, b *Object) bool { return a.Ref == b.Ref && a.Version == b.Version }) {
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
				Message: "the record would change this field, which no sidecar does",
				Hint: "restore the object from version control, or delete the annotation " + strings.Join(s.own, ", ") +
					" and remove the sidecars by hand"})
		}
		now[i].Release()
	}
}

// stripObject undoes the object's records of a config. It returns nil if there are none.
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
	if o.rootNode(); len(records) == 0 || o.err != nil { // see ParseFindings
		return nil
	}
	others, err := o.recordedMarks(func(name string) bool { return by != "" && name != by })
	if err != nil {
		l.reportDamaged(o, "", err)
		return nil
	}
	s := stripper{
		editor: editor{
			Lines: o.text.lines, Style: o.textStyle(), json: o.rootNode().IsJSON(), fieldAt: o.editableFields(),
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
			Hint: "move the change into the sidecar's override or the config, and restore here what outrigger wrote, " +
				"for example from version control"})
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
