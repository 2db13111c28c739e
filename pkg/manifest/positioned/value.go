package positioned

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
)

// Bounds on what one object may hold once its aliases are written out: enough
// for the largest CRDs, far from what hurts.
const (
	maxValues = 1 << 20
	maxDepth  = 500
)

// ValueOf reads what a node means: its aliases and merge keys written out.
func ValueOf(n *Node) (any, error) {
	r := reader{left: maxValues}
	return r.readNode(n, 0)
}

type reader struct {
	left   int
	truths map[*Node]bool // scalars that are truth values
}

func (r *reader) readNode(n *Node, depth int) (any, error) {
	if r.left--; r.left < 0 {
		return nil, errors.New("its aliases stand for more than a million values")
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("is nested deeper than %d levels", maxDepth)
	}
	switch n.Kind {
	case Alias:
		if n.Target == nil {
			return nil, errors.New("has an alias to nothing")
		}
		return r.readNode(n.Target, depth+1)
	case Mapping:
		return r.readMapping(n, depth)
	case Sequence:
		list := make([]any, len(n.Values))
		for i, v := range n.Values {
			item, err := r.readNode(v, depth+1)
			if err != nil {
				return nil, err
			}
			list[i] = item
		}
		return list, nil
	}
	if truth, found := r.truths[n]; found {
		return truth, nil
	}
	return scalarValue(n), nil
}

func (r *reader) readMapping(n *Node, depth int) (any, error) {
	m := make(values.Map, 0, len(n.Keys))
	var merged values.Map
	for i, k := range n.Keys {
		v, err := r.readNode(n.Values[i], depth+1)
		if err != nil {
			return nil, err
		}
		if k.Kind != Scalar {
			return nil, errors.New("has a field whose name is no string")
		}
		if !k.isMerge() {
			m = append(m, values.Entry{Key: k.Value, Value: v})
			continue
		}
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		for _, from := range list {
			fields, ok := from.(values.Map)
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
		has[e.Key] = true
	}
	for _, e := range merged {
		if !has[e.Key] {
			has[e.Key] = true
			m = append(m, e)
		}
	}
	return m, nil
}

// scalarValue reads a scalar as YAML 1.2 and kustomize do: "yes" is a string.
func scalarValue(n *Node) any {
	switch n.Tag {
	case TagNull:
		return nil
	case TagBool:
		switch n.Value {
		case "true", "True", "TRUE":
			return true
		case "false", "False", "FALSE":
			return false
		}
	case TagInt:
		text := strings.ReplaceAll(n.Value, "_", "")
		if i, err := strconv.ParseInt(text, 0, 64); err == nil {
			return json.Number(strconv.FormatInt(i, 10))
		}
		if u, err := strconv.ParseUint(text, 0, 64); err == nil {
			return json.Number(strconv.FormatUint(u, 10))
		}
	case TagFloat:
		f, err := strconv.ParseFloat(strings.ReplaceAll(n.Value, "_", ""), 64)
		if err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return json.Number(strconv.FormatFloat(f, 'g', -1, 64))
		}
	}
	return n.DecodedText()
}
