package manifest

import (
	"encoding/json"

	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// HashJSON is the hash by which a record names a value, for tests that forge some.
func HashJSON(raw []byte) string {
	v, err := values.DecodeJSON(raw)
	if err != nil {
		return ""
	}
	return hashValue(v)
}

// Options of Lay: By is the document, which objects remember with Record.
type Options struct {
	By     string
	Record bool
}

// Lay lays edits and emitted objects on texts in one go.
func Lay(texts []*Text, edits []sidecar.Edit, emits []Emit, opt Options) ([]string, sidecar.Findings) {
	l := NewLayer(texts)
	var about *Record
	if opt.Record {
		about = &Record{Documents: map[string]json.RawMessage{opt.By: json.RawMessage("{}")}}
		for i := range emits {
			emits[i].By = opt.By
		}
	}
	per := map[sidecar.Ref][]sidecar.Edit{}
	for _, e := range edits {
		per[e.Object] = append(per[e.Object], e)
	}
	for _, t := range texts {
		for _, o := range t.Objects {
			if es := per[o.Ref]; es != nil && !o.IsToolConfig() {
				l.Edit(o, es, about)
				delete(per, o.Ref)
			}
		}
	}
	l.Emit(emits, func(document string) bool { return document == opt.By })
	laid, fs := l.Texts()
	var out []string
	for _, t := range laid {
		out = append(out, t.String())
	}
	return out, fs
}

// StripAll takes off all that was laid on a text.
func StripAll(t *Text) (Edited, sidecar.Findings) {
	return Strip(t, func(*Object) bool { return true }, func(string) bool { return true })
}
