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
	if !planOf(fresh.Type()).assignNode(n, fresh, 0) {
		return false
	}
	to.Elem().Set(fresh)
	return true
}

// assignNode sets a value of the plan's type, which is zero, to what a node has.
func (p *plan) assignNode(n *Node, v reflect.Value, depth int) bool {
	switch {
	case depth > maxDepth || n.Kind == Alias:
		return false
	case v.Kind() == reflect.Pointer:
		if n.IsNull() {
			return true
		}
		fresh := reflect.New(v.Type().Elem())
		v.Set(fresh)
		return p.elem().assignNode(n, fresh.Elem(), depth+1)
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
		if v.Kind() == reflect.Struct {
			return p.assignFields(n, v, depth)
		}
		return v.Kind() == reflect.Map && p.assignMap(n, v, depth)
	case Sequence:
		if v.Kind() != reflect.Slice {
			return false
		}
		list, elem := reflect.MakeSlice(v.Type(), len(n.Values), len(n.Values)), p.elem()
		v.Set(list)
		for i, item := range n.Values {
			if !elem.assignNode(item, list.Index(i), depth+1) {
				return false
			}
		}
		return true
	}
	return assignScalar(n, v)
}

func assignScalar(n *Node, v reflect.Value) bool {
	if v.Kind() == reflect.String {
		text, ok := textOf(n)
		v.SetString(text)
		return ok
	}
	switch value := scalarValue(n).(type) {
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

// textOf returns the text that a scalar is, or "" for null; false if it's something else.
func textOf(n *Node) (text string, ok bool) {
	if n.Tag == TagString && n.Kind == Scalar { // nearly all
		return strings.ToValidUTF8(n.Value, "\ufffd"), true
	}
	if n.Kind != Scalar || n.IsNull() {
		return "", n.Kind == Scalar
	}
	text, ok = scalarValue(n).(string)
	return strings.ToValidUTF8(text, "\ufffd"), ok
}

func (p *plan) assignMap(n *Node, v reflect.Value, depth int) bool {
	for _, k := range n.Keys {
		if k.Kind != Scalar || k.Value == "<<" {
			return false
		}
	}
	if texts, ok := v.Addr().Interface().(*map[string]string); ok { // labels and the like
		*texts = make(map[string]string, len(n.Keys))
		for i, k := range n.Keys {
			if (*texts)[k.Value], ok = textOf(n.Values[i]); !ok {
				return false
			}
		}
		return true
	}
	t, elem := v.Type(), p.elem()
	v.Set(reflect.MakeMapWithSize(t, len(n.Keys)))
	item := reflect.New(t.Elem()).Elem()
	for i, k := range n.Keys {
		item.SetZero()
		if !elem.assignNode(n.Values[i], item, depth+1) {
			return false
		}
		v.SetMapIndex(reflect.ValueOf(k.Value).Convert(t.Key()), item)
	}
	return true
}

// A plan says how values of a type are read.
type plan struct {
	unsure bool                 // encoding/json has to do it
	own    bool                 // the type reads JSON itself
	elem   func() *plan         // of what a pointer, a list or a map holds
	fields map[string]planField // of a struct, by their names in JSON
	folded map[string]bool      // their names in lower case: encoding/json takes any case
}

// A planField is a field of a struct: where it is, and how it's read.
type planField struct {
	at   []int
	plan func() *plan
}

var plans sync.Map // of *plan, by type

func planOf(t reflect.Type) *plan {
	if known, ok := plans.Load(t); ok {
		return known.(*plan)
	}
	p := &plan{}
	pointer := reflect.PointerTo(t)
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		p.elem = planLater(t.Elem())
	}
	switch {
	case pointer.Implements(reflect.TypeFor[json.Unmarshaler]()):
		p.own = true
	case pointer.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		p.unsure = true
	case t.Kind() == reflect.Slice:
		p.unsure = t.Elem().Kind() == reflect.Uint8 // base64
	case t.Kind() == reflect.Map:
		p.unsure = t.Key().Kind() != reflect.String || planOf(t.Key()).unsure
	case t.Kind() == reflect.Struct:
		p.fields, p.folded = map[string]planField{}, map[string]bool{}
		p.addFields(t, nil)
	}
	plans.Store(t, p)
	return p
}

// planLater is planOf when it's needed: types hold themselves, and most are never met.
func planLater(t reflect.Type) func() *plan { return sync.OnceValue(func() *plan { return planOf(t) }) }

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
		if p.fields[name].at != nil || !f.IsExported() || strings.Contains(options, "string") {
			p.unsure = true // rules that no type of Kubernetes needs
			return
		}
		p.fields[name] = planField{path, planLater(f.Type)}
		p.folded[strings.ToLower(name)] = true
	}
}

// assignFields sets the fields of a struct. Those that it doesn't have are passed over.
func (p *plan) assignFields(n *Node, v reflect.Value, depth int) bool {
	for i, k := range n.Keys {
		if k.Kind != Scalar || k.Value == "<<" {
			return false
		}
		f := p.fields[k.Value]
		if f.at == nil {
			if !isASCII(k.Value) || p.folded[strings.ToLower(k.Value)] || !isPlainTree(n.Values[i], depth+1) {
				return false
			}
			continue
		}
		if !f.plan().assignNode(n.Values[i], v.FieldByIndex(f.at), depth+1) {
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
