package manifest

import (
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Recorded reports whether an object remembers what a config laid on it; "" asks
// for any config.
func (t *Text) Recorded(by string) bool {
	if !t.mentions("outrigger.dev/") {
		return false
	}
	for _, o := range t.Objects {
		if len(o.records(by)) > 0 || o.Annotation(OwnerKey) != "" && (by == "" || o.Annotation(OwnerKey) == by) {
			return true
		}
	}
	return false
}

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
// too that were written for it. What a person has changed since is an error.
func Strip(t *Text, by string, emitted bool) (Edited, sidecar.Findings) {
	l := NewLayer([]*Text{t}, Options{})
	for _, o := range t.Objects {
		owner := o.Annotation(OwnerKey)
		if emitted && owner != "" && (by == "" || owner == by) {
			l.prune(o)
			continue
		}
		l.strip(o, by)
	}
	if l.findings.Failed() {
		return Edited{}, l.findings
	}
	return edited(t, l.splices[t]), nil
}

func (l *Layer) strip(o *Object, by string) {
	var records []record
	for _, key := range o.records(by) {
		r, err := decodeRecord(o.Annotation(key))
		if err != nil {
			l.findings = append(l.findings, sidecar.Finding{Severity: sidecar.Error, Code: "record-damaged", Object: o.Ref, File: o.File(),
				Field: sidecar.Fields("metadata", "annotations", key).String(), Message: err.Error()})
			return
		}
		records = append(records, r)
	}
	if o.root(); len(records) == 0 || o.err != nil { // see Unread
		return
	}
	s := stripper{editor: editor{lines: o.text.lines, style: o.style(), json: isJSON(o.root())}, root: o.root()}
	if err := s.strip(records); err != nil {
		l.fail(o, "record-damaged", err)
	}
	for _, at := range s.kept {
		l.findings = append(l.findings, sidecar.Finding{Severity: sidecar.Error, Code: "changed-by-hand", Object: o.Ref, File: o.File(), Field: at,
			Message: "was changed by hand since outrigger wrote it",
			Hint:    "write the change into the sidecar's override or the config, and put back here what outrigger wrote; version control has it"})
	}
	l.splices[o.text] = append(l.splices[o.text], s.splices...)
}
