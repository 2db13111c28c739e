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
	if !t.mentions("outrigger.dev/") {
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
func (o *Object) Recorded(by string) bool { return len(o.records(by)) > 0 }

// Laid reports whether an object carries outrigger's work without a record.
func (o *Object) Laid() bool {
	return o.Annotation(sidecar.PatternsKey) != "" && len(o.records("")) == 0
}

// Configs are the names of those whose work the object remembers.
func (o *Object) Configs() []string {
	keys := o.records("")
	for i, k := range keys {
		keys[i] = strings.TrimPrefix(k, RecordPrefix)
	}
	return keys
}

// records are the keys of the object's records.
func (o *Object) records(by string) []string {
	if !o.mentions(RecordPrefix) {
		return nil
	}
	var keys []string
	for _, k := range o.Keys("metadata", "annotations") {
		if name, ok := strings.CutPrefix(k, RecordPrefix); ok && (by == "" || name == by) {
			keys = append(keys, k)
		}
	}
	return keys
}

// Strip takes off what a config laid on the objects of a text, or what any did
// where by is "", and gives the new text. With emitted it takes out the objects
// too that were written for it, and says so. What a person has changed since is an
// error, and so is a record that would change what no sidecar does: what comes out
// is read again, and compared with what was there.
func Strip(t *Text, by string, emitted bool) (Edited, sidecar.Findings) {
	l := NewLayer([]*Text{t}, Options{})
	undone := map[*Object]*stripper{}
	var left []*Object
	for _, o := range t.Objects {
		owner := o.Annotation(OwnerKey)
		if emitted && owner != "" && (by == "" || owner == by) && l.prune(o) {
			continue
		}
		left = append(left, o)
		if s := l.strip(o, by); s != nil {
			undone[o] = s
		}
	}
	if l.findings.Failed() {
		return Edited{}, l.findings
	}
	out := edited(t, l.splices[t])
	if out.Changed() {
		again, err := Parse(t.Name, out.String())
		if err == nil && len(again.Objects) == 0 && len(left) > 0 {
			err = errors.New("the objects are gone")
		}
		if err != nil && !(len(left) == 0 && strings.TrimSpace(out.String()) == "") {
			l.tell(sidecar.Finding{Severity: sidecar.Error, Code: "internal", File: t.Name, Message: "what was stripped can't be read: " + err.Error()})
			return Edited{}, l.findings
		}
		l.proven(left, again, undone)
		out.again = again
	}
	if l.findings.Failed() {
		return Edited{}, l.findings
	}
	return out, l.findings
}

// proven compares the objects that are left with those of the new text.
func (l *Layer) proven(left []*Object, again *Text, undone map[*Object]*stripper) {
	var now []*Object
	if again != nil {
		now = again.Objects
	}
	if !slices.EqualFunc(left, now, func(a, b *Object) bool { return a.Ref == b.Ref && a.Version == b.Version }) {
		l.tell(sidecar.Finding{Severity: sidecar.Error, Code: "record-forged", File: l.texts[0].Name, Message: "what the records say would make other objects of those that are there",
			Hint: "restore the objects from version control"})
		return
	}
	for i, o := range left {
		s := undone[o]
		if s == nil {
			continue
		}
		for _, path := range prove(o, now[i], s) {
			l.tell(sidecar.Finding{Severity: sidecar.Error, Code: "record-forged", Object: o.Ref, File: o.File(), Field: path.String(),
				Message: "its record would change this, which no sidecar does", Hint: "restore the object from version control, or delete the annotation " + strings.Join(s.own, ", ") + " and take off by hand what isn't yours"})
		}
		now[i].Forget()
	}
}

// strip undoes the object's records of a config; nil where there are none.
func (l *Layer) strip(o *Object, by string) *stripper {
	var records []record
	keys := o.records(by)
	for _, key := range keys {
		r, err := decodeRecord(o.Annotation(key))
		if err != nil {
			l.damaged(o, key, err)
			return nil
		}
		records = append(records, r)
	}
	if o.root(); len(records) == 0 || o.err != nil { // see Unread
		return nil
	}
	others, err := o.marks(func(name string) bool { return by != "" && name != by })
	if err != nil {
		l.damaged(o, "", err)
		return nil
	}
	s := stripper{editor: editor{Lines: o.text.lines, Style: o.style(), json: o.root().IsJSON(), moved: o.moved()}, root: o.root(), own: keys, others: others}
	if err := s.strip(records); err != nil {
		l.damaged(o, "", err)
		return nil
	}
	for _, at := range s.kept {
		l.tell(sidecar.Finding{Severity: sidecar.Error, Code: "changed-by-hand", Object: o.Ref, File: o.File(), Field: at,
			Message: "was changed by hand since outrigger wrote it",
			Hint:    "write the change into the sidecar's override or the config, and put back here what outrigger wrote; version control has it"})
	}
	l.splices[o.text] = append(l.splices[o.text], s.splices...)
	return &s
}

func (l *Layer) damaged(o *Object, key string, err error) {
	field := ""
	if key != "" {
		field = sidecar.Fields("metadata", "annotations", key).String()
	}
	l.tell(sidecar.Finding{Severity: sidecar.Error, Code: "record-damaged", Object: o.Ref, File: o.File(), Field: field, Message: err.Error()})
}
