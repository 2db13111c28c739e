package positioned

import (
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"unicode/utf8"

	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
)

// DecodeInto reads a node into an API type. It ignores fields that the type doesn't have: the
// result is never written back. It reads truth values of YAML 1.1, as the API server gets them
// from kubectl. The error is a [FieldError] where a field is wrong.
func DecodeInto(n *Node, into any) error {
	if decodeDirectly(n, into) {
		return nil
	}
	return decodeJSON(n, into)
}

// decodeJSON is DecodeInto by way of JSON. It takes every node, and explains what is wrong.
func decodeJSON(n *Node, into any) error {
	raw, ok := appendJSON(make([]byte, 0, 2*(n.End-n.Start)), n, 0)
	if !ok {
		v, err := ValueOf(n)
		if err != nil {
			return err
		}
		raw = []byte(values.FormatFlow(v, true))
	}
	err := checkQuantities(raw, reflect.TypeOf(into))
	if err == nil && json.Unmarshal(raw, into) == nil {
		return nil
	}
	f := fitting{truths: map[*Node]bool{}, left: maxValues}
	f.compareNode(n, reflect.TypeOf(into), "")
	switch {
	case f.misfit != nil:
		return f.misfit
	case err != nil:
		return err
	case len(f.truths) > 0:
		r := reader{left: maxValues, truths: f.truths}
		v, err := r.readNode(n, 0)
		if err == nil && json.Unmarshal([]byte(values.FormatFlow(v, true)), into) == nil {
			return nil
		}
	}
	return errors.New("isn't of the form that its kind has")
}

// appendJSON writes the value of a node as JSON. It leaves nodes with aliases, merge keys and
// the like to ValueOf.
func appendJSON(b []byte, n *Node, depth int) (_ []byte, ok bool) {
	if depth > maxDepth {
		return b, false
	}
	switch n.Kind {
	case Mapping:
		b = append(b, '{')
		for i, k := range n.Keys {
			if k.Kind != Scalar || k.Value == "<<" {
				return b, false
			}
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, k.Value), ':')
			if b, ok = appendJSON(b, n.Values[i], depth+1); !ok {
				return b, false
			}
		}
		return append(b, '}'), true
	case Sequence:
		b = append(b, '[')
		for i, v := range n.Values {
			if i > 0 {
				b = append(b, ',')
			}
			if b, ok = appendJSON(b, v, depth+1); !ok {
				return b, false
			}
		}
		return append(b, ']'), true
	case Alias:
		return b, false
	}
	switch v := scalarValue(n).(type) {
	case nil:
		return append(b, "null"...), true
	case bool:
		return strconv.AppendBool(b, v), true
	case json.Number:
		return append(b, v...), true
	case string:
		return appendString(b, v), true
	}
	return b, false
}

// appendString writes a JSON string.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			raw, _ := json.Marshal(s) // a string always can be
			return append(b, raw...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
