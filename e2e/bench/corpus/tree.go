package corpus

import "slices"

// A value is a string, int, bool, list, mapping, or one of these with a note.

// mapping has its entries in the order in which people write them.
type mapping []pair

type pair struct {
	key   string
	value any
}

type list []any

// noted is a value with a comment.
type noted struct {
	value any
	text  string
}

// m makes a mapping of keys and values by turns.
func m(kv ...any) mapping {
	out := make(mapping, 0, len(kv)/2)
	for i := 0; i < len(kv); i += 2 {
		out = append(out, pair{kv[i].(string), kv[i+1]})
	}
	return out
}

// newObject begins with the fields that all objects begin with.
func newObject(apiVersion, kind string, metadata mapping, rest ...any) mapping {
	return append(m("apiVersion", apiVersion, "kind", kind, "metadata", metadata), m(rest...)...)
}

// sorted has the entries in the order of their keys, as kustomize hands them out.
func (o mapping) sorted() mapping {
	out := slices.Clone(o)
	slices.SortFunc(out, func(a, b pair) int {
		switch {
		case a.key < b.key:
			return -1
		case a.key > b.key:
			return 1
		}
		return 0
	})
	return out
}

// get is the mapping at a key, or nil.
func (o mapping) get(key string) mapping { return valueAt[mapping](o, key) }

// text is the string at a key, or "".
func (o mapping) text(key string) string { return valueAt[string](o, key) }

// valueAt is the value at a key, if it's of a type.
func valueAt[T any](o mapping, key string) (v T) {
	for _, p := range o {
		if p.key == key {
			v, _ = bare(p.value).(T)
			break
		}
	}
	return v
}

// set puts a value at a key, behind the others where it's new.
func (o mapping) set(key string, v any) mapping {
	out := slices.Clone(o)
	for i := range out {
		if out[i].key == key {
			out[i].value = v
			return out
		}
	}
	return append(out, pair{key, v})
}

func bare(v any) any {
	if n, ok := v.(noted); ok {
		return n.value
	}
	return v
}
