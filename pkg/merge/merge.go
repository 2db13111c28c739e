package merge

import (
	"bytes"
	"encoding/json"
	"reflect"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A Lookup reports whether an object of the manifests has anything at a path, and whether
// that equals a value.
type Lookup func(object sidecar.Ref, path sidecar.Path, value any) (there, same bool)

// Merge merges the edits of all sidecars. Equal values at one address become one edit.
// Different values are conflicts, and so is a different value in the manifest, unless the
// edit names it as the one to replace. No edit wins silently: the result may be used only
// if no finding is an error.
func Merge(edits []sidecar.Edit, lookup Lookup) ([]sidecar.Edit, sidecar.Findings) {
	var fs sidecar.Findings
	out := make([]sidecar.Edit, 0, len(edits))
	seen := make(map[string]int, len(edits))
	var key []byte
	for i := range edits {
		e := &edits[i]
		key = appendAddress(e, key[:0])
		if first, twice := seen[string(key)]; twice {
			f := &out[first]
			f.For = append(f.For[:len(f.For):len(f.For)], e.For...)
			if f.Delete != e.Delete || !sameJSON(f.Value, e.Value) {
				fs = append(fs, editConflict(e, f))
			}
			continue
		}
		seen[string(key)] = len(out)
		if !e.Delete && !fitsManifest(e, lookup) {
			fs = append(fs, manifestConflict(e))
		}
		out = append(out, *e)
	}
	return out, fs
}

// appendAddress appends object and path of an edit to b. Two edits have one address
// exactly if the results are equal.
func appendAddress(e *sidecar.Edit, b []byte) []byte {
	word := func(s string) { b = append(append(b, s...), 0) }
	word(e.Object.Group)
	word(e.Object.Kind)
	word(e.Object.Namespace)
	word(e.Object.Name)
	for i := range e.Path {
		word(e.Path[i].Field)
		word(e.Path[i].Key)
		word(e.Path[i].Value)
	}
	return b
}

// fitsManifest reports whether an edit overwrites nothing that a person wrote: the manifest
// has no value, the same one, or just the one that the edit replaces.
func fitsManifest(e *sidecar.Edit, lookup Lookup) bool {
	there, same := lookup(e.Object, e.Path, e.Value)
	switch {
	case same:
		return true
	case e.Was == nil:
		return !there
	}
	_, same = lookup(e.Object, e.Path, e.Was)
	return there && same
}

// sameJSON reports whether two values have the same JSON, whatever the order of fields.
// Most are equal in memory already.
func sameJSON(a, b any) bool {
	if reflect.DeepEqual(a, b) {
		return true
	}
	x, errX := canonicalJSON(a)
	y, errY := canonicalJSON(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

func canonicalJSON(v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var decoded any
	if err := json.Unmarshal(raw, &decoded); err != nil {
		return nil, err
	}
	return json.Marshal(decoded) // sorts fields
}
