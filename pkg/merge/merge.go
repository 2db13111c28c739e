package merge

import (
	"bytes"
	"encoding/json"
	"reflect"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A Have tells what stands at a path of an object in the manifests: whether
// anything does, and whether it's equal to a value.
type Have func(object sidecar.Ref, path sidecar.Path, want any) (there, same bool)

// Merge joins what all sidecars want. Equal values at one address are one;
// unequal ones are conflicts, and so is a value that the manifest has already,
// unless the edit names it as the one to replace. Nobody wins silently: the edits
// are only good where no finding is an error.
func Merge(edits []sidecar.Edit, have Have) ([]sidecar.Edit, sidecar.Findings) {
	var fs sidecar.Findings
	out := make([]sidecar.Edit, 0, len(edits))
	seen := make(map[string]int, len(edits))
	var key []byte
	for i := range edits {
		e := &edits[i]
		key = address(e, key[:0])
		if first, twice := seen[string(key)]; twice {
			if f := &out[first]; f.Delete != e.Delete || !same(f.Value, e.Value) {
				fs = append(fs, conflict(e, f))
			}
			continue
		}
		seen[string(key)] = len(out)
		if !e.Delete && !fits(e, have) {
			fs = append(fs, refused(e))
		}
		out = append(out, *e)
	}
	return out, fs
}

// address writes object and path into b: two addresses are one exactly if they're
// written alike.
func address(e *sidecar.Edit, b []byte) []byte {
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

// fits reports whether nothing of a person's stands where the value goes. Where
// it replaces one, that must be there: else the view has missed something.
func fits(e *sidecar.Edit, have Have) bool {
	there, same := have(e.Object, e.Path, e.Value)
	switch {
	case same:
		return true
	case e.Was == nil:
		return !there
	}
	_, same = have(e.Object, e.Path, e.Was)
	return there && same
}

// same reports whether two values are written the same, whatever the order of
// fields. Most are equal in memory already.
func same(a, b any) bool {
	if reflect.DeepEqual(a, b) {
		return true
	}
	x, errX := canonical(a)
	y, errY := canonical(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

func canonical(v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var any any
	if err := json.Unmarshal(raw, &any); err != nil {
		return nil, err
	}
	return json.Marshal(any) // sorts fields
}
