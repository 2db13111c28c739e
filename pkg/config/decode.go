package config

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/pkg/config/field"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// readValue reads a node into v. It reports and leaves out values that don't fit.
func (r *reader) readValue(n *yaml.Node, v reflect.Value, at string) {
	defer r.leave()
	if !r.enter(n, at) {
		return
	}
	switch {
	case n.Kind == yaml.AliasNode:
		r.readValue(n.Alias, v, at)
	case r.removes(n, v.Type()):
		r.addNull()
	case isNull(n):
		r.readNull(n, v, at)
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		r.readValue(n, v.Elem(), at)
	case field.IsLeaf(v.Type()):
		r.readLeaf(n, v, at)
	case v.Kind() == reflect.Struct:
		r.readStruct(n, v, at)
	case v.Kind() == reflect.Slice:
		r.readList(n, v, at)
	case v.Kind() == reflect.Map:
		r.readMap(n, v, at)
	case n.Kind == yaml.ScalarNode:
		r.readScalar(n, v, at)
	default:
		r.addWrongType(n, v.Type(), at)
	}
}

// readNull treats a field as missing. A pattern without a value is an error, since it was probably meant to be there.
func (r *reader) readNull(n *yaml.Node, v reflect.Value, at string) {
	if v.Kind() == reflect.Pointer && v.Type().Implements(reflect.TypeFor[sidecar.Pattern]()) {
		v.Set(reflect.New(v.Type().Elem()))
		r.addFinding(n.Line, at, "wrong-type", "wanted "+describeType(v.Type())+", got nothing", "write {} for the defaults")
		r.silent[at] = true
	}
}

// removes reports whether a node removes a field of type t: it's null in a partial value. In a flat config, it's the
// word null, where another word isn't possible.
func (r *reader) removes(n *yaml.Node, t reflect.Type) bool {
	if !r.partial || len(r.trail) == 0 && !isNull(n) {
		return false
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return isNull(n) || r.flat && n.Kind == yaml.ScalarNode && n.Value == "null" && t.Kind() != reflect.String
}

// addNull adds the field that is read to what the partial value around it removes. A partial value that is null itself
// removes nothing.
func (r *reader) addNull() {
	if len(r.trail) > 0 {
		r.nulls[r.over] = append(r.nulls[r.over], slices.Clone(r.trail))
	}
}

// readList reads a sequence. In a flat config, it's a text with commas.
func (r *reader) readList(n *yaml.Node, v reflect.Value, at string) {
	items := n.Content
	if r.flat && n.Kind == yaml.ScalarNode {
		for s := range strings.SplitSeq(n.Value, ",") {
			items = append(items, stringNode(strings.TrimSpace(s), n.Line))
		}
	} else if v.Type() == reflect.TypeFor[Names]() && n.Kind == yaml.ScalarNode {
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		r.readElement(n, v.Index(0), at)
		return
	} else if n.Kind != yaml.SequenceNode {
		r.addWrongType(n, v.Type(), at)
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	for i, item := range items {
		path := fmt.Sprintf("%s[%d]", at, i)
		r.lines[path] = item.Line
		r.trail = append(r.trail, strconv.Itoa(i))
		r.readElement(item, v.Index(i), path)
		r.trail = r.trail[:len(r.trail)-1]
	}
}

func (r *reader) readMap(n *yaml.Node, v reflect.Value, at string) {
	if n.Kind != yaml.MappingNode {
		r.addWrongType(n, v.Type(), at)
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, p := range r.listPairs(n, at, true) {
		path := joinPath(at, p.name)
		r.lines[path] = p.line
		elem := reflect.New(v.Type().Elem()).Elem()
		r.trail = append(r.trail, p.name)
		if r.removes(p.value, elem.Type()) {
			r.addNull()
		} else {
			r.readElement(p.value, elem, path)
			v.SetMapIndex(reflect.ValueOf(p.name).Convert(v.Type().Key()), elem)
		}
		r.trail = r.trail[:len(r.trail)-1]
	}
}

// readElement reads an entry of a list or a mapping, which can't be null.
func (r *reader) readElement(n *yaml.Node, v reflect.Value, at string) {
	if isNull(n) {
		r.addWrongType(n, v.Type(), at)
		return
	}
	r.readValue(n, v, at)
}

// readScalar reads strings, numbers and booleans.
func (r *reader) readScalar(n *yaml.Node, v reflect.Value, at string) {
	if r.flat && v.Kind() != reflect.String {
		n = plainNode(n)
	}
	var have any
	if err := n.Decode(&have); err != nil {
		r.addWrongType(n, v.Type(), at)
		return
	}
	if v.Kind() == reflect.String {
		if n.ShortTag() != yaml.NodeTagString {
			r.addWrongType(n, v.Type(), at)
			return
		}
		v.SetString(n.Value)
		if values := enumOf(v.Type()); values != nil && !slices.Contains(values, n.Value) {
			r.addFinding(n.Line, at, "bad-value", quoteWord(n.Value)+" isn't "+joinOr(values), suggestWord(n.Value, values))
		}
		return
	}
	from := reflect.ValueOf(have)
	switch {
	case v.Kind() == reflect.Bool && from.Kind() == reflect.Bool:
		v.SetBool(from.Bool())
	case v.CanInt() && from.CanInt():
		if v.OverflowInt(from.Int()) {
			r.addOutOfRange(n, v.Type(), at)
		} else {
			v.SetInt(from.Int())
		}
	case v.CanInt() && from.CanUint(): // too large for an int64
		r.addOutOfRange(n, v.Type(), at)
	case v.CanFloat() && (from.CanFloat() || from.CanInt()):
		v.Set(from.Convert(v.Type()))
	default:
		r.addWrongType(n, v.Type(), at)
	}
}

func (r *reader) addOutOfRange(n *yaml.Node, t reflect.Type, at string) {
	r.addFinding(n.Line, at, "bad-value", fmt.Sprintf("the number doesn't fit into %d bits", t.Bits()), "")
}

// addWrongType reports a node that isn't of type t. It never prints the value, which may be a secret.
func (r *reader) addWrongType(n *yaml.Node, t reflect.Type, at string) {
	hint := ""
	number := func(s string) bool {
		tag := plainNode(stringNode(s, 0)).ShortTag()
		return tag == yaml.NodeTagInt || tag == yaml.NodeTagBool
	}
	switch w := describeType(t); {
	case w == "a string" && isNull(n):
		hint = `write "" for an empty one`
	case w == "a string" && n.Kind == yaml.ScalarNode:
		hint = "quote it"
	case w == "a string" && strings.HasSuffix(at, "Selector"):
		hint = "write a selector as text, as in app=search,tier!=test"
	case r.flat && w == "a mapping" && strings.HasSuffix(at, "]"):
		hint = "a list of mappings can't be written here, so write a Sidecars document"
	case r.flat && w == "a mapping":
		hint = "write its fields as keys, with a dot after its name"
	case w == "a list" && n.Kind != yaml.SequenceNode && !isNull(n):
		hint = `begin it with "- "`
	case (w == "an integer" || w == "true or false") && n.ShortTag() == yaml.NodeTagString && number(n.Value):
		hint = "remove the quotes"
	}
	r.addFinding(n.Line, at, "wrong-type", "wanted "+describeType(t)+", got "+describeNode(n), hint)
	r.silent[at] = true
}

// describeType says how a value of type t is written.
func describeType(t reflect.Type) string {
	if t == reflect.TypeFor[Names]() {
		return "a name or a list of names"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return describeType(t.Elem())
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "a mapping"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "an integer"
}

// describeNode says what a node is.
func describeNode(n *yaml.Node) string {
	for n.Kind == yaml.AliasNode && n.Alias != nil && n.Alias.Kind != yaml.AliasNode {
		n = n.Alias
	}
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case yaml.NodeTagString:
		return "a string"
	case yaml.NodeTagBool:
		return "a boolean"
	case yaml.NodeTagInt, yaml.NodeTagFloat:
		return "a number"
	case yaml.NodeTagNull:
		return "nothing"
	case timestampTag:
		return "a date"
	}
	return "something else"
}

func isNull(n *yaml.Node) bool {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	return n.Kind == yaml.ScalarNode && n.ShortTag() == yaml.NodeTagNull || n.Kind == 0
}

// joinPath returns the path of a field below at. It shortens a long name, so that paths stay short.
func joinPath(at, name string) string {
	switch {
	case strings.ContainsAny(name, "./[") || name == "" || len(name) > 253:
		return fmt.Sprintf("%s[%s]", at, quoteWord(name))
	case at == "":
		return name
	}
	return at + "." + name
}

// enumOf returns the values that a type of strings can have, or nil if it can have any.
func enumOf(t reflect.Type) []string { return enums[t.PkgPath()+"."+t.Name()] }
