package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"
)

// A value is nil, bool, json.Number, string, []any or ordered.

// ordered is a mapping whose entries keep their order.
type ordered []entry

type entry struct {
	key   string
	value any
}

// valueOf makes a value of what encoding/json can write, without what it writes
// though nobody set it. What is JSON already was written by somebody and stays.
func valueOf(v any) (any, error) {
	if raw, ok := v.(json.RawMessage); ok {
		return decodeJSON(raw)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	out, err := encoded(raw)
	return prune(out), err
}

func prune(v any) any {
	switch v := v.(type) {
	case ordered:
		m := ordered{}
		for _, e := range v {
			if e.key == "objects" { // of a config: whole manifests, which somebody wrote
				m = append(m, e)
			} else if e.value = prune(e.value); !unset(e) {
				m = append(m, e)
			}
		}
		return m
	case []any:
		for i := range v {
			v[i] = prune(v[i])
		}
	}
	return v
}

// unset reports whether a field says what its type's zero value says. API types
// hold some structs by value, which encoding/json writes as {} even with
// omitempty. Only these are listed: behind a pointer, as in emptyDir or in the
// podSelector of a peer, {} was set and means something.
func unset(e entry) bool {
	switch v := e.value.(type) {
	case nil:
		return true
	case ordered:
		switch e.key {
		case "metadata", // of pod templates and claim templates
			"resources",                  // of containers and claims
			"strategy", "updateStrategy", // of workloads
			"status", "loadBalancer": // of whole objects; loadBalancer is in Services' and Ingresses' status
			return len(v) == 0
		}
	case json.Number:
		return e.key == "targetPort" && v == "0" // of Service ports: as if it weren't there
	case string:
		return e.key == "divisor" && v == "0" // of resourceFieldRef: as if it weren't there
	}
	return false
}

// decodeJSON reads JSON into values; numbers stay as they're written.
func decodeJSON(raw []byte) (any, error) {
	if !json.Valid(raw) { // bounds the depth, too
		return nil, json.Unmarshal(raw, new(json.RawMessage)) // says why
	}
	return encoded(raw)
}

// encoded is decodeJSON for what an encoder has written.
func encoded(raw []byte) (any, error) {
	r := jsonReader{text: raw}
	v := r.value()
	return v, r.err
}

// jsonReader reads JSON that is known to be right, so that it need only tell the
// tokens apart: commas and colons carry nothing.
type jsonReader struct {
	text []byte
	at   int
	err  error
}

// next is the first character of the next token.
func (r *jsonReader) next() byte {
	for bytes.IndexByte([]byte(" \t\r\n,:"), r.text[r.at]) >= 0 {
		r.at++
	}
	return r.text[r.at]
}

func (r *jsonReader) value() any {
	switch r.next() {
	case '{':
		return r.mapping()
	case '[':
		list := []any{}
		for r.at++; r.next() != ']'; {
			list = append(list, r.value())
		}
		r.at++
		return list
	case '"':
		return r.str()
	case 't':
		r.at += len("true")
		return true
	case 'f':
		r.at += len("false")
		return false
	case 'n':
		r.at += len("null")
		return nil
	}
	start := r.at
	for r.at < len(r.text) && bytes.IndexByte([]byte("+-.0123456789eE"), r.text[r.at]) >= 0 {
		r.at++
	}
	return json.Number(r.text[start:r.at])
}

// mapping reads an object. A key that comes twice is an error: YAML has no such
// mappings, and which of the two was meant isn't known.
func (r *jsonReader) mapping() ordered {
	m := ordered{}
	seen := map[string]bool{}
	for r.at++; r.next() != '}'; {
		k := r.str()
		if seen[k] && r.err == nil {
			r.err = errors.New("a field is there twice")
		}
		seen[k] = true
		m = append(m, entry{k, r.value()})
	}
	r.at++
	return m
}

func (r *jsonReader) str() string {
	start := r.at
	easy := true
	for r.at++; r.text[r.at] != '"'; r.at++ {
		if r.text[r.at] == '\\' {
			easy = false
			r.at++
		}
	}
	r.at++
	raw := r.text[start:r.at]
	if easy && utf8.Valid(raw) {
		return string(raw[1 : len(raw)-1])
	}
	var s string
	_ = json.Unmarshal(raw, &s) // can't fail: the text is right
	return s
}
