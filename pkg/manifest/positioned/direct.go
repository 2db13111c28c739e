package positioned

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// decodeDirectly reads a node into a value of an API type as encoding/json would read its JSON, without writing that
// first. It returns false where it isn't sure to do the same, and then v is as it was. It takes a third of the time.
func decodeDirectly(n *Node, into any) bool {
	to := reflect.ValueOf(into)
	if to.Kind() != reflect.Pointer || to.IsNil() || !to.Elem().IsZero() { // JSON keeps what a value has already
		return false
	}
	fresh := reflect.New(to.Type().Elem()).Elem()
	if !assignNode(n, fresh, 0) {
		return false
	}
	to.Elem().Set(fresh)
	return true
}

// assignNode sets a value, which is zero, to what a node has.
func assignNode(n *Node, v reflect.Value, depth int) bool {
	t := v.Type()
	if depth > maxDepth || n.Kind == Alias {
		return false
	}
	if t.Kind() == reflect.Pointer {
		if n.IsNull() {
			return true
		}
		fresh := reflect.New(t.Elem())
		v.Set(fresh)
		return assignNode(n, fresh.Elem(), depth+1)
	}
	p := planOf(t)
	switch {
	case p.unsure:
		return false
	case p.own:
		raw, ok := appendJSON(nil, n, depth)
		return ok && !mayBeHuge(raw) && v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(raw) == nil
	case n.IsNull():
		return true
	}
	switch n.Kind {
	case Mapping:
		if t.Kind() == reflect.Struct {
			return p.assignFields(n, v, depth)
		}
		return t.Kind() == reflect.Map && assignMap(n, v, depth)
	case Sequence:
		if t.Kind() != reflect.Slice {
			return false
		}
		list := reflect.MakeSlice(t, len(n.Values), len(n.Values))
		v.Set(list)
		for i, item := range n.Values {
			if !assignNode(item, list.Index(i), depth+1) {
				return false
			}
		}
		return true
	}
	return assignScalar(n, v)
}

func assignScalar(n *Node, v reflect.Value) bool {
	switch value := scalarValue(n).(type) {
	case string:
		if v.Kind() == reflect.String {
			v.SetString(strings.ToValidUTF8(value, "\ufffd"))
			return true
		}
	case bool:
		if v.Kind() == reflect.Bool {
			v.SetBool(value)
			return true
		}
	case json.Number:
		if v.CanInt() {
			i, err := strconv.ParseInt(string(value), 10, v.Type().Bits())
			v.SetInt(i)
			return err == nil
		}
	}
	return false
}

func assignMap(n *Node, v reflect.Value, depth int) bool {
	t := v.Type()
	if t.Key().Kind() != reflect.String || planOf(t.Key()).unsure {
		return false
	}
	v.Set(reflect.MakeMapWithSize(t, len(n.Keys)))
	item := reflect.New(t.Elem()).Elem()
	for i, k := range n.Keys {
		if k.Kind != Scalar || k.Value == "<<" {
			return false
		}
		item.SetZero()
		if !assignNode(n.Values[i], item, depth+1) {
			return false
		}
		v.SetMapIndex(reflect.ValueOf(k.Value).Convert(t.Key()), item)
	}
	return true
}

// A plan says how values of a type are read.
type plan struct {
	unsure bool             // encoding/json has to do it
	own    bool             // the type reads JSON itself
	fields map[string][]int // of a struct, by their names in JSON
	folded map[string]bool  // their names in lower case: encoding/json takes any case
}

var plans sync.Map // of *plan, by type

func planOf(t reflect.Type) *plan {
	if known, ok := plans.Load(t); ok {
		return known.(*plan)
	}
	p := &plan{}
	pointer := reflect.PointerTo(t)
	switch {
	case pointer.Implements(reflect.TypeFor[json.Unmarshaler]()):
		p.own = true
	case pointer.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		p.unsure = true
	case t.Kind() == reflect.Slice:
		p.unsure = t.Elem().Kind() == reflect.Uint8 // base64
	case t.Kind() == reflect.Struct:
		p.fields, p.folded = map[string][]int{}, map[string]bool{}
		p.addFields(t, nil)
	}
	plans.Store(t, p)
	return p
}

// addFields adds the fields of a struct, and those of structs in it that have no name in JSON.
func (p *plan) addFields(t reflect.Type, at []int) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		path := append(at[:len(at):len(at)], i)
		switch {
		case name == "-" && options == "", !f.IsExported() && !f.Anonymous:
			continue
		case f.Anonymous && name == "":
			if f.Type.Kind() != reflect.Struct {
				p.unsure = true
				return
			}
			p.addFields(f.Type, path)
			continue
		case name == "":
			name = f.Name
		}
		if p.fields[name] != nil || !f.IsExported() || strings.Contains(options, "string") {
			p.unsure = true // rules that no type of Kubernetes needs
			return
		}
		p.fields[name] = path
		p.folded[strings.ToLower(name)] = true
	}
}

// assignFields sets the fields of a struct. Those that it doesn't have are passed over.
func (p *plan) assignFields(n *Node, v reflect.Value, depth int) bool {
	for i, k := range n.Keys {
		if k.Kind != Scalar || k.Value == "<<" {
			return false
		}
		at := p.fields[k.Value]
		if at == nil {
			if !isASCII(k.Value) || p.folded[strings.ToLower(k.Value)] || !isPlainTree(n.Values[i], depth+1) {
				return false
			}
			continue
		}
		if !assignNode(n.Values[i], v.FieldByIndex(at), depth+1) {
			return false
		}
	}
	return true
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// isPlainTree reports whether a node that is passed over has nothing that encoding/json, or what checks its text, could
// stumble over.
func isPlainTree(n *Node, depth int) bool {
	if depth > maxDepth || n.Kind == Alias || n.Kind == Scalar && hasLongExponent([]byte(n.Value)) {
		return false
	}
	for _, k := range n.Keys {
		if k.Kind != Scalar || k.Value == "<<" {
			return false
		}
	}
	for _, v := range n.Values {
		if !isPlainTree(v, depth+1) {
			return false
		}
	}
	return true
}
