package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Bounds on what one object may hold once its aliases are written out: enough
// for the largest CRDs, far from what hurts.
const (
	maxValues = 1 << 20
	maxDepth  = 500
)

// valueOfNode reads what a node means: its aliases and merge keys written out.
func valueOfNode(n *node) (any, error) {
	r := reader{left: maxValues}
	return r.value(n, 0)
}

type reader struct{ left int }

func (r *reader) value(n *node, depth int) (any, error) {
	if r.left--; r.left < 0 {
		return nil, errors.New("its aliases stand for more than a million values")
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("is nested deeper than %d levels", maxDepth)
	}
	switch n.kind {
	case aliasNode:
		if n.to == nil {
			return nil, errors.New("has an alias to nothing")
		}
		return r.value(n.to, depth+1)
	case mappingNode:
		return r.mapping(n, depth)
	case sequenceNode:
		list := make([]any, len(n.vals))
		for i, v := range n.vals {
			item, err := r.value(v, depth+1)
			if err != nil {
				return nil, err
			}
			list[i] = item
		}
		return list, nil
	}
	return scalarValue(n), nil
}

func (r *reader) mapping(n *node, depth int) (any, error) {
	m := make(ordered, 0, len(n.keys))
	var merged ordered
	for i, k := range n.keys {
		v, err := r.value(n.vals[i], depth+1)
		if err != nil {
			return nil, err
		}
		if k.kind != scalarNode {
			return nil, errors.New("has a field whose name is no string")
		}
		if !k.isMerge() {
			m = append(m, entry{k.value, v})
			continue
		}
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		for _, from := range list {
			fields, ok := from.(ordered)
			if !ok {
				return nil, errors.New("merges something that is no mapping")
			}
			merged = append(merged, fields...)
		}
	}
	if len(merged) == 0 {
		return m, nil
	}
	has := make(map[string]bool, len(m)+len(merged)) // the first one wins, and the mapping's own fields over all
	for _, e := range m {
		has[e.key] = true
	}
	for _, e := range merged {
		if !has[e.key] {
			has[e.key] = true
			m = append(m, e)
		}
	}
	return m, nil
}

func (m ordered) index(key string) int {
	for i := range m {
		if m[i].key == key {
			return i
		}
	}
	return -1
}

// get is the value of a field, or nil.
func (m ordered) get(key string) any {
	if i := m.index(key); i >= 0 {
		return m[i].value
	}
	return nil
}

// scalarValue reads a scalar as YAML 1.2 and kustomize do: "yes" is a string.
func scalarValue(n *node) any {
	switch n.tag {
	case tagNull:
		return nil
	case tagBool:
		switch n.value {
		case "true", "True", "TRUE":
			return true
		case "false", "False", "FALSE":
			return false
		}
	case tagInt:
		text := strings.ReplaceAll(n.value, "_", "")
		if i, err := strconv.ParseInt(text, 0, 64); err == nil {
			return json.Number(strconv.FormatInt(i, 10))
		}
		if u, err := strconv.ParseUint(text, 0, 64); err == nil {
			return json.Number(strconv.FormatUint(u, 10))
		}
	case tagFloat:
		if f, err := strconv.ParseFloat(strings.ReplaceAll(n.value, "_", ""), 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return json.Number(strconv.FormatFloat(f, 'g', -1, 64))
		}
	}
	return n.text()
}

// equal compares two values; the order of fields doesn't count, and neither do
// fields that are null.
func equal(a, b any) bool {
	switch a := a.(type) {
	case ordered:
		b, ok := b.(ordered)
		if !ok {
			return false
		}
		n := 0
		for _, e := range b {
			if e.value != nil {
				n++
			}
		}
		for _, e := range a {
			if e.value == nil {
				continue
			}
			if n--; b.index(e.key) < 0 || !equal(e.value, b.get(e.key)) {
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
			if !equal(a[i], b[i]) {
				return false
			}
		}
		return true
	case json.Number:
		b, ok := b.(json.Number)
		return ok && plainNumber(a) == plainNumber(b)
	}
	return a == b
}

// plainNumber writes a number in one way, so that 1e3 and 1000 are equal.
func plainNumber(n json.Number) string {
	if i, err := strconv.ParseInt(n.String(), 10, 64); err == nil {
		return strconv.FormatInt(i, 10)
	}
	if f, err := n.Float64(); err == nil {
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return n.String()
}
