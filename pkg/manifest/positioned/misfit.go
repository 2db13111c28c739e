package positioned

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
)

// A FieldError is a value that doesn't fit the type of its field.
type FieldError struct {
	Path    string // of the field, from the node that was decoded, as in spec.containers[name=app].stdin
	Node    *Node
	Message string // without the value, which may be secret
}

func (e *FieldError) Error() string { return e.Path + " " + e.Message }

// A fitting compares nodes with the API types that they're decoded into, where decoding has
// failed: it finds the first field that doesn't fit, and truth values of YAML 1.1.
type fitting struct {
	misfit *FieldError
	truths map[*Node]bool
	left   int // nodes, as aliases may stand for very many
}

// truthOf returns the truth value of a word of YAML 1.1, as kubectl reads it where it has no
// quotes (go.yaml.in/yaml/v2, resolve.go). To YAML 1.2, it's a string.
func truthOf(n *Node) (value, found bool) {
	if n.Style != 0 || n.Tag != TagString {
		return false, false
	}
	switch n.Value {
	case "y", "Y", "yes", "Yes", "YES", "on", "On", "ON":
		return true, true
	case "n", "N", "no", "No", "NO", "off", "Off", "OFF":
		return false, true
	}
	return false, false
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// compareNode compares a node with a type.
func (f *fitting) compareNode(n *Node, t reflect.Type, path string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	n = n.Resolve()
	if f.left--; n == nil || n.IsNull() || f.left < 0 || strings.Count(path, ".") > maxDepth {
		return
	}
	switch {
	case reflect.PointerTo(t).Implements(unmarshaler):
		f.compareScalar(n, t, path)
	case t.Kind() == reflect.Struct && n.Kind == Mapping:
		f.compareFields(n, t, path)
	case t.Kind() == reflect.Map && n.Kind == Mapping:
		for key, v := range n.EachField {
			f.compareNode(v, t.Elem(), fieldPath(path, key))
		}
	case t.Kind() == reflect.Slice && n.Kind == Sequence:
		for i, v := range n.Values {
			f.compareNode(v, t.Elem(), path+entryKey(v, i))
		}
	default:
		f.compareScalar(n, t, path)
	}
}

// compareFields compares the fields of a mapping with those of a struct.
func (f *fitting) compareFields(n *Node, t reflect.Type, path string) {
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "" && field.Anonymous:
			f.compareNode(n, field.Type, path)
		case name != "" && name != "-":
			if v := n.Field(name); v != nil {
				f.compareNode(v, field.Type, fieldPath(path, name))
			}
		}
	}
}

// compareScalar decodes one value alone.
func (f *fitting) compareScalar(n *Node, t reflect.Type, path string) {
	if f.misfit != nil {
		return
	}
	if truth, found := truthOf(n); found && t.Kind() == reflect.Bool {
		f.truths[n] = truth
		return
	}
	raw, ok := appendJSON(nil, n, 0)
	if !ok {
		return
	}
	why := ""
	if t.Name() == "Quantity" && n.Kind == Scalar {
		why = refuseQuantity(n.DecodedText())
	}
	switch kind := kindOf(n); {
	case why != "":
	case json.Unmarshal(raw, reflect.New(t).Interface()) == nil:
		return
	case t.Name() == "Quantity":
		why = "isn't a valid quantity; write it as in 512Mi or 0.5"
	case t.Kind() == reflect.Struct && n.Kind == Scalar && reflect.PointerTo(t).Implements(unmarshaler):
		why = "isn't a valid " + t.Name()
	default:
		why = "can't be " + kind
	}
	f.misfit = &FieldError{Path: path, Node: n, Message: why}
}

func fieldPath(path, name string) string {
	switch {
	case strings.ContainsAny(name, "./["):
		return path + "[" + strconv.Quote(name) + "]"
	case path == "":
		return name
	}
	return path + "." + name
}

// entryKey names an entry of a list by its name, or else by its place.
func entryKey(n *Node, i int) string {
	if n = n.Resolve(); n != nil && n.Kind == Mapping {
		if name := n.Field("name").ScalarText(); name != "" {
			return "[name=" + name + "]"
		}
	}
	return "[" + strconv.Itoa(i) + "]"
}

// kindOf returns what a value is, in words for messages.
func kindOf(n *Node) string {
	switch {
	case n.Kind == Mapping:
		return "a mapping"
	case n.Kind == Sequence:
		return "a list"
	case n.Tag == TagBool:
		return "a truth value"
	case n.Tag == TagInt || n.Tag == TagFloat:
		return "a number"
	}
	return "a string"
}
