package config

import (
	"encoding/json"
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Recorded returns what a record keeps of the document: all that it asks of a workload
// that it serves. It's null for a document with Secrets, whose values belong in no
// annotation.
func (s *Sidecars) Recorded() json.RawMessage {
	for i := range s.Spec.Patterns {
		if c := s.Spec.Patterns[i].Custom; c != nil && slices.ContainsFunc(c.Objects, isSecret) {
			return json.RawMessage("null")
		}
	}
	spec := s.Spec.Bare()
	spec.Expect = nil
	raw, err := json.Marshal(spec)
	if err != nil {
		return json.RawMessage("null")
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return json.RawMessage("null")
	}
	for _, key := range []string{"select", "exclude", "record"} {
		delete(fields, key)
	}
	if raw, err = json.Marshal(fields); err != nil {
		return json.RawMessage("null")
	}
	return raw
}

func isSecret(o sidecar.Object) bool { ref := o.Ref(); return ref.Kind == "Secret" && ref.Group == "" }

// ReadRecorded reads what a record keeps of a document of a name. It selects nothing.
func ReadRecorded(name string, spec json.RawMessage) (*Sidecars, sidecar.Findings) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(spec, &fields); err != nil {
		return nil, sidecar.Findings{{Severity: sidecar.Error, Code: "yaml-syntax", Message: err.Error()}}
	}
	if fields == nil {
		fields = map[string]json.RawMessage{}
	}
	fields["select"] = json.RawMessage(`[{"name":".*"}]`) // the reader wants one
	text, err := json.Marshal(map[string]any{"apiVersion": APIVersion, "kind": Kind,
		"spec": fields})
	if err != nil {
		return nil, sidecar.Findings{{Severity: sidecar.Error, Code: "yaml-syntax", Message: err.Error()}}
	}
	c, fs := Read(text, "")
	if c != nil {
		c.Metadata.Name = name // whatever it is: what a record names can be taken off
		c.Spec.Select, c.source = nil, nil
	}
	return c, fs
}
