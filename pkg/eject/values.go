package eject

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// An Object is a decoded manifest. Its values are map[string]any, []any, json.Number, string, bool and nil.
type Object = map[string]any

// DecodeObject decodes an object from JSON.
func DecodeObject(text []byte) (Object, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var o Object
	err := d.Decode(&o)
	return o, err
}

// A place is where a value stands in an object: fields and indexes.
type place []string

func (p place) to(steps ...string) place { return slices.Concat(p, steps) }

func (p place) toIndex(i int) place { return p.to(strconv.Itoa(i)) }

// pointer is the place as a JSON pointer.
func (p place) pointer() string {
	var b strings.Builder
	for _, step := range p {
		b.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(step))
	}
	return b.String()
}

// valueAt returns the value at a place.
func valueAt(v any, p place) (found any, there bool) {
	for _, step := range p {
		switch parent := v.(type) {
		case map[string]any:
			if v, there = parent[step]; !there {
				return nil, false
			}
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(parent) {
				return nil, false
			}
			v = parent[i]
		default:
			return nil, false
		}
	}
	return v, true
}

// textAt returns the string at a place, or "".
func textAt(v any, p ...string) string {
	found, _ := valueAt(v, p)
	s, _ := found.(string)
	return s
}

// cloneValue returns a copy that shares nothing.
func cloneValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for key, value := range v {
			m[key] = cloneValue(value)
		}
		return m
	case []any:
		all := make([]any, len(v))
		for i := range v {
			all[i] = cloneValue(v[i])
		}
		return all
	}
	return v
}

// cloneObjects returns copies that share nothing.
func cloneObjects(all []Object) []Object {
	out := make([]Object, len(all))
	for i, o := range all {
		out[i] = cloneValue(o).(Object)
	}
	return out
}

// mapStrings replaces all strings of a value, in place.
func mapStrings(v any, replace func(string) string) any {
	switch v := v.(type) {
	case map[string]any:
		for key := range v {
			v[key] = mapStrings(v[key], replace)
		}
	case []any:
		for i := range v {
			v[i] = mapStrings(v[i], replace)
		}
	case string:
		return replace(v)
	}
	return v
}

func equalValues(a, b any) bool { return reflect.DeepEqual(a, b) }

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

// nameObject names an object for people and as a key: no two objects of a build have one name.
func nameObject(o Object) string {
	group, _, grouped := strings.Cut(textAt(o, "apiVersion"), "/")
	if !grouped {
		group = ""
	}
	return NameOf(group, textAt(o, "kind"), textAt(o, "metadata", "namespace"), textAt(o, "metadata", "name"))
}

// internalPrefixes begin annotations that exist during a build only.
var internalPrefixes = []string{"internal.config.kubernetes.io/", "kustomize.config.k8s.io/id", passing}

func isInternal(key string) bool {
	return slices.ContainsFunc(internalPrefixes, func(p string) bool { return strings.HasPrefix(key, p) })
}

// notesPlace is where an object's own annotations stand. In a build, there always are some.
var notesPlace = place{"metadata", "annotations"}

// tidyObject returns an object as it is at the end of a build, without what only runners see.
func tidyObject(o Object) Object {
	o = cloneValue(o).(Object)
	meta, _ := o["metadata"].(map[string]any)
	notes, _ := meta["annotations"].(map[string]any)
	for key := range notes {
		if isInternal(key) {
			delete(notes, key)
		}
	}
	if notes != nil && len(notes) == 0 {
		delete(meta, "annotations")
	}
	return o
}
