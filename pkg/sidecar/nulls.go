package sidecar

import (
	"maps"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
)

// Nulls are the fields that an override removes, since they're null in it. A container of the
// API can't hold them. Each is a path below the container, such as securityContext,
// runAsUser. A position names an entry of a list of the override.
type Nulls [][]string

// Contains reports whether a field, or one above it, is removed.
func (ns Nulls) Contains(path ...string) bool {
	return slices.ContainsFunc(ns, func(n []string) bool { return len(n) <= len(path) && slices.Equal(n, path[:len(n)]) })
}

// EncodeOverride returns the fields of an override in JSON, with null for each that it removes.
func EncodeOverride(over corev1.Container, nulls Nulls) (map[string]any, error) {
	fields, err := decodeFields(over)
	if err != nil {
		return nil, err
	}
	if fields["name"] == "" { // it has no omitempty
		delete(fields, "name")
	}
	if resources, ok := fields["resources"].(map[string]any); ok && len(resources) == 0 {
		delete(fields, "resources")
	}
	for _, path := range nulls {
		setNull(fields, path)
	}
	return fields, nil
}

// setNull sets a field to null, and adds the mappings above it that were left out because
// they're empty otherwise.
func setNull(at any, path []string) {
	switch at := at.(type) {
	case map[string]any:
		if len(path) == 1 {
			at[path[0]] = nil
			return
		}
		if at[path[0]] == nil {
			at[path[0]] = map[string]any{}
		}
		setNull(at[path[0]], path[1:])
	case []any:
		if i, err := strconv.Atoi(path[0]); err == nil && i < len(at) && len(path) > 1 {
			setNull(at[i], path[1:])
		}
	}
}

// removeNulls removes from base what is null in over, and then the mappings that are empty.
func removeNulls(base, over map[string]any) {
	for k, v := range over {
		switch v := v.(type) {
		case nil:
			delete(base, k)
		case map[string]any:
			b, ok := base[k].(map[string]any)
			if !ok || len(b) == 0 {
				continue
			}
			if removeNulls(b, v); len(b) == 0 {
				delete(base, k)
			}
		case []any:
			for _, entry := range v {
				removeFromEntry(base[k], entry, mergeKeys[k])
			}
		}
	}
}

// removeFromEntry removes from an entry of a list what is null in the override's entry with its key.
func removeFromEntry(list, over any, key string) {
	entries, _ := list.([]any)
	m, _ := over.(map[string]any)
	for _, b := range entries {
		if have, _ := b.(map[string]any); key != "" && have != nil && have[key] == m[key] {
			removeNulls(have, m)
		}
	}
}

// dropNulls returns fields without those that are null, and without mappings that have no others.
func dropNulls(fields map[string]any) map[string]any {
	out := maps.Clone(fields)
	for k, v := range fields {
		switch v := v.(type) {
		case nil:
			delete(out, k)
		case map[string]any:
			if out[k] = dropNulls(v); len(v) > 0 && len(out[k].(map[string]any)) == 0 {
				delete(out, k)
			}
		case []any:
			entries := slices.Clone(v)
			for i := range entries {
				if m, ok := entries[i].(map[string]any); ok {
					entries[i] = dropNulls(m)
				}
			}
			out[k] = entries
		}
	}
	return out
}
