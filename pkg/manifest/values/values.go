// Package values has the values of YAML and JSON texts, with the fields of mappings in their
// order, and writes them in the style of the text around them.
package values

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// A value is nil, bool, json.Number, string, []any or Map.

// Map is a mapping whose entries keep their order.
type Map []Entry

// An Entry is one field of a Map.
type Entry struct {
	Key   string
	Value any
}

// Of makes a value of anything that encoding/json can write, without fields that are written
// although they aren't set. A json.RawMessage keeps all its fields.
func Of(v any) (any, error) {
	s, err := Cache(nil).Share(v)
	if s == nil {
		return nil, err
	}
	return s.Value, err
}

func pruneUnset(v any) any {
	switch v := v.(type) {
	case Map:
		m := Map{}
		for _, e := range v {
			if e.Key == "objects" { // of a config: whole manifests, which a person wrote
				m = append(m, e)
			} else if e.Value = pruneUnset(e.Value); !isUnset(e) {
				m = append(m, e)
			}
		}
		return m
	case []any:
		for i := range v {
			v[i] = pruneUnset(v[i])
		}
	}
	return v
}

// isUnset reports whether a field has the zero value of its type. API types contain some
// structs by value, which encoding/json writes as {} even with omitempty. Only these are
// listed: behind a pointer, as in emptyDir or in the podSelector of a peer, {} is set and
// has a meaning.
func isUnset(e Entry) bool {
	switch v := e.Value.(type) {
	case nil:
		return true
	case Map:
		switch e.Key {
		case "metadata", // of pod templates and claim templates
			"resources",                  // of containers and claims
			"strategy", "updateStrategy", // of workloads
			"status", "loadBalancer": // of whole objects; loadBalancer is in Services' and Ingresses' status
			return len(v) == 0
		}
	case json.Number:
		return e.Key == "targetPort" && v == "0" // of Service ports: the same as no value
	case string:
		return e.Key == "divisor" && v == "0" // of resourceFieldRef: the same as no value
	}
	return false
}

// WithField sets a field below others, and adds these if they're missing.
func (m Map) WithField(v any, path ...string) Map {
	m = slices.Clone(m)
	i := m.IndexOf(path[0])
	if i < 0 {
		m = append(m, Entry{path[0], nil})
		i = len(m) - 1
	}
	if len(path) == 1 {
		m[i].Value = v
		return m
	}
	below, _ := m[i].Value.(Map)
	m[i].Value = below.WithField(v, path[1:]...)
	return m
}

// YAML writes anything that encoding/json can write as a document, without unset fields, as
// [Of] does.
func YAML(v any) (string, error) {
	value, err := Of(v)
	if err != nil {
		return "", err
	}
	m, ok := value.(Map)
	if !ok {
		return "", fmt.Errorf("%T isn't a document", v)
	}
	return Style{Indent: 2, Newline: "\n"}.FormatMapping(m, 0) + "\n", nil
}

func (m Map) IndexOf(key string) int {
	for i := range m {
		if m[i].Key == key {
			return i
		}
	}
	return -1
}

// Get returns the value of a field, or nil.
func (m Map) Get(key string) any {
	if i := m.IndexOf(key); i >= 0 {
		return m[i].Value
	}
	return nil
}

// Equal compares two values. It ignores the order of fields, and fields that are null.
func Equal(a, b any) bool {
	switch a := a.(type) {
	case Map:
		b, ok := b.(Map)
		if !ok {
			return false
		}
		n := 0
		for _, e := range b {
			if e.Value != nil {
				n++
			}
		}
		for _, e := range a {
			if e.Value == nil {
				continue
			}
			if n--; b.IndexOf(e.Key) < 0 || !Equal(e.Value, b.Get(e.Key)) {
				return false
			}
		}
		return n == 0
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !Equal(a[i], b[i]) {
				return false
			}
		}
		return true
	case json.Number:
		b, ok := b.(json.Number)
		return ok && NormalNumber(a) == NormalNumber(b)
	}
	return a == b
}

// NormalNumber returns one form for equal numbers, such as 1e3 and 1000.
func NormalNumber(n json.Number) string {
	if i, err := strconv.ParseInt(n.String(), 10, 64); err == nil {
		return strconv.FormatInt(i, 10)
	}
	if f, err := n.Float64(); err == nil {
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return n.String()
}
