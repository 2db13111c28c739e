package manifest

import (
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

// Lay lays edits and emitted objects on texts in one go.
func Lay(texts []*Text, edits []sidecar.Edit, emits []Emit, opt Options) ([]string, sidecar.Findings) {
	l := NewLayer(texts, opt)
	per := map[sidecar.Ref][]sidecar.Edit{}
	for _, e := range edits {
		per[e.Object] = append(per[e.Object], e)
	}
	for _, t := range texts {
		for _, o := range t.Objects {
			if es := per[o.Ref]; es != nil && !o.IsToolConfig() {
				l.Edit(o, es)
				delete(per, o.Ref)
			}
		}
	}
	l.Emit(emits)
	laid, fs := l.Texts()
	var out []string
	for _, t := range laid {
		out = append(out, t.String())
	}
	return out, fs
}
