package sidecar

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// A Have tells what stands at a path of an object in the manifests: whether
// anything does, and whether it's equal to a value.
type Have func(object Ref, path Path, want any) (there, same bool)

// Merge joins what all sidecars want. Equal values at one address are one;
// unequal ones are conflicts, and so is a value that the manifest has already,
// unless the edit names it as the one to replace. Nobody wins silently: the edits
// are only good where no finding is an error.
func Merge(edits []Edit, have Have) ([]Edit, Findings) {
	var fs Findings
	seen := map[string]int{}
	out := make([]Edit, 0, len(edits))
	for _, e := range edits {
		key := e.Object.String() + "\x00" + e.Object.Group + "\x00" + e.Path.String()
		if i, ok := seen[key]; ok {
			if first := out[i]; first.Delete != e.Delete || !sameJSON(first.Value, e.Value) {
				fs = append(fs, Finding{Severity: Error, Code: "conflict", Object: e.Object, Sidecar: e.Owner, Field: e.Path.String(),
					Message: against(e, first),
					Hint:    "let both want the same, or leave one of the sidecars out"})
			}
			continue
		}
		seen[key] = len(out)
		if !e.Delete {
			there, same := have(e.Object, e.Path, e.Value)
			if there && !same && !replaces(e, have) {
				hint := e.Hint
				if hint == "" {
					hint = "take it out of the manifest, or make it equal"
				}
				fs = append(fs, Finding{Severity: Error, Code: "conflict", Object: e.Object, Sidecar: e.Owner, Field: e.Path.String(),
					Message: "the manifest has another value there" + wanted(e), Hint: hint})
			}
		}
		out = append(out, e)
	}
	return out, fs
}

func replaces(e Edit, have Have) bool {
	if e.Was == nil {
		return false
	}
	_, same := have(e.Object, e.Path, e.Was)
	return same
}

// sameJSON compares what two values are written as, whatever the order of fields.
func sameJSON(a, b any) bool {
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

// against says that two want different things.
func against(e, first Edit) string {
	switch a, b := brief(e), brief(first); {
	case e.Delete:
		return "takes away what " + first.Owner + " sets"
	case first.Delete:
		return "sets what " + first.Owner + " takes away"
	case a != "" && b != "":
		return fmt.Sprintf("wants %s, but %s wants %s", a, first.Owner, b)
	}
	return "wants another value there than " + first.Owner + " does"
}

func wanted(e Edit) string {
	if b := brief(e); b != "" {
		return " than " + b + ", which it needs"
	}
	return ""
}

// brief is a value that can be told: numbers and booleans are never secret.
func brief(e Edit) string {
	switch v := e.Value.(type) {
	case int32, int64, int, bool:
		return fmt.Sprint(v)
	}
	return ""
}
