package manifest

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// Dress gives a manifest a namespace, if it has none of its own, and labels that
// it doesn't have yet. The order of its fields stays.
func Dress(raw json.RawMessage, namespace string, labels map[string]string) (json.RawMessage, error) {
	v, err := decodeJSON(raw)
	if err != nil {
		return nil, err
	}
	m, ok := v.(ordered)
	meta, _ := m.get("metadata").(ordered)
	if !ok || meta.get("name") == nil {
		return nil, errors.New("an object to emit has no metadata.name")
	}
	if namespace != "" && meta.get("namespace") == nil {
		i := slices.IndexFunc(meta, func(e entry) bool { return e.key == "name" })
		meta = slices.Insert(slices.Clone(meta), i+1, entry{"namespace", namespace})
		m = m.put(meta, "metadata")
	}
	have, _ := meta.get("labels").(ordered)
	keys := make([]string, 0, len(labels))
	for k := range labels {
		if have.get(k) == nil {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, strings.Compare)
	for _, k := range keys {
		m = m.put(labels[k], "metadata", "labels", k)
	}
	return rawOf(m), nil
}

// rawOf is a value as JSON.
func rawOf(v any) json.RawMessage { return json.RawMessage(flow(v, true)) }
