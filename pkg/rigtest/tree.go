package rigtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// editSpec changes the spec of a config.
func editSpec(t T, conf string, f func(spec map[string]any)) string {
	t.Helper()
	docs := decodeYAML(t, conf)
	f(docs[0]["spec"].(map[string]any))
	return encodeYAML(t, docs)
}

// decodeYAML reads all documents of a text, or all values if it's JSON.
func decodeYAML(t T, text string) []map[string]any {
	t.Helper()
	var docs []map[string]any
	if all := decodeJSON(text); len(all) > 1 {
		for _, value := range all {
			docs = append(docs, decodeYAML(t, value)...)
		}
		return docs
	}
	text = strings.ReplaceAll(text, "%YAML 1.2", "%YAML 1.1") // kyaml refuses the later one
	for d := yaml.NewDecoder(strings.NewReader(text)); ; {
		var doc map[string]any
		err := d.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return docs
		}
		require.NoError(t, err, text)
		if doc != nil {
			docs = append(docs, doc)
		}
	}
}

// decodeJSON returns the texts of all values of a text, or nil if it isn't JSON.
func decodeJSON(text string) (all []string) {
	for d := json.NewDecoder(strings.NewReader(text)); ; {
		var value json.RawMessage
		switch err := d.Decode(&value); {
		case errors.Is(err, io.EOF):
			return all
		case err != nil:
			return nil
		}
		all = append(all, string(value))
	}
}

func encodeYAML(t T, docs []map[string]any) string {
	t.Helper()
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	for _, d := range docs {
		require.NoError(t, e.Encode(d))
	}
	require.NoError(t, e.Close())
	return b.String()
}

// An addition is an entry with a name that a run has put into a list.
type addition struct {
	path  []string // fields, and names of entries of lists
	entry map[string]any
}

// findAdded are the named entries that b has and a hasn't.
func findAdded(a, b any, path []string) []addition {
	var out []addition
	at := func(s string) []string { return append(path[:len(path):len(path)], s) }
	switch b := b.(type) {
	case map[string]any:
		am, _ := a.(map[string]any)
		for k, v := range b {
			out = append(out, findAdded(am[k], v, at(k))...)
		}
	case []any:
		al, _ := a.([]any)
		for _, v := range b {
			m, ok := v.(map[string]any)
			if !ok || keyOf(m) == "" {
				continue
			}
			if old := entryOf(al, keyOf(m)); old != nil {
				out = append(out, findAdded(old, m, at(keyOf(m)))...)
			} else if !dropNames(al, m) {
				out = append(out, addition{at(keyOf(m)), m})
			}
		}
	}
	return out
}

// dropNames reports whether a list has the port of a Service without a name: it was
// given one.
func dropNames(list []any, port map[string]any) bool {
	return slices.ContainsFunc(list, func(v any) bool {
		m, ok := v.(map[string]any)
		return ok && m["port"] != nil && m["port"] == port["port"] && m["name"] == nil
	})
}

// keyOf names an entry of a list as the API does.
func keyOf(m map[string]any) string {
	for _, k := range []string{"mountPath", "name"} {
		if s, ok := m[k].(string); ok {
			return s
		}
	}
	return ""
}

func entryOf(list []any, key string) map[string]any {
	for _, v := range list {
		if m, ok := v.(map[string]any); ok && keyOf(m) == key {
			return m
		}
	}
	return nil
}

// putField adds an entry to the list at a path; lists and mappings on the way are made.
func putField(m map[string]any, path []string, entry map[string]any) {
	field := path[0]
	if len(path) == 2 {
		list, _ := m[field].([]any)
		m[field] = append(list, entry)
		return
	}
	if list, ok := m[field].([]any); ok {
		putField(entryOf(list, path[1]), path[2:], entry)
		return
	}
	below, ok := m[field].(map[string]any)
	if !ok {
		below = map[string]any{}
		m[field] = below
	}
	putField(below, path[1:], entry)
}

// decodeObjects are the objects of all documents, those of lists too.
func decodeObjects(t T, text string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for _, doc := range decodeYAML(t, text) {
		items, ok := doc["items"].([]any)
		if !ok {
			all = append(all, doc)
			continue
		}
		for _, item := range items {
			if m, ok := item.(map[string]any); ok {
				all = append(all, m)
			}
		}
	}
	return all
}

// sameObject compares two texts; the failure has only the lines that differ.
func sameObject(t T, want, have, message string) {
	t.Helper()
	if want == have {
		return
	}
	less, more := findLost(splitLines(want), splitLines(have)), findLost(splitLines(have), splitLines(want))
	require.Fail(t, message, "missing:\n%s\nin excess:\n%s", strings.Join(less, "\n"), strings.Join(more, "\n"))
}

// readAnnotations are the values of all annotations of objects and pod templates.
func (c Case) readAnnotations(t T, text string) string {
	t.Helper()
	var b strings.Builder
	var look func(v any)
	look = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, below := range v {
				if values, ok := below.(map[string]any); ok && k == "annotations" {
					for _, value := range values {
						fmt.Fprintln(&b, value)
					}
				}
				look(below)
			}
		case []any:
			for _, below := range v {
				look(below)
			}
		}
	}
	for _, o := range c.readObjects(t, text) {
		look(o)
	}
	return b.String()
}

// sameButEmits is sameObject, but that emitted objects which get files of their own, as under
// kpt, may stand in the order in which runs added them.
func sameButEmits(t T, want, have, message string) {
	t.Helper()
	if strings.Contains(want, "internal.config.kubernetes.io/path") && want != have && len(want) == len(have) {
		a, b := decodeObjects(t, want), decodeObjects(t, have)
		if slices.EqualFunc(sortLines(a), sortLines(b), func(x, y map[string]any) bool { return reflect.DeepEqual(x, y) }) {
			return
		}
	}
	sameObject(t, want, have, message)
}

func sortLines(all []map[string]any) []map[string]any {
	slices.SortStableFunc(all, func(a, b map[string]any) int {
		return strings.Compare(fmt.Sprint(a["kind"], a["metadata"]), fmt.Sprint(b["kind"], b["metadata"]))
	})
	return all
}
