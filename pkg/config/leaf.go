package config

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/pkg/pattern/logtail"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// readLeaf reads a node into a type that decodes its own JSON.
func (r *reader) readLeaf(n *yaml.Node, v reflect.Value, at string) {
	if r.flat {
		n = plainNode(n)
	}
	if v.Type() == reflect.TypeFor[sidecar.Object]() && n.Kind != yaml.MappingNode {
		r.addWrongType(n, v.Type(), at)
		return
	}
	var b bytes.Buffer
	ok := r.writeJSON(n, &b, at)
	if v.Type() == reflect.TypeFor[resource.Quantity]() {
		why := ""
		switch {
		case sidecar.HasLongNumber(b.String()):
			why = "has more than 100 characters"
		case sidecar.HasLongExponent(b.String()):
			why = "has an exponent of three digits or more"
		}
		if why != "" {
			r.addFinding(n.Line, at, "wrong-type", why, "write a quantity that fits into 64 bits, such as 100m, 0.5 or 64Mi")
			return
		}
	}
	if err := json.Unmarshal(b.Bytes(), v.Addr().Interface()); err != nil && ok {
		r.addFinding(n.Line, at, "wrong-type", "wanted "+leafForm(v.Type())+", got "+describeNode(n), "")
	}
}

// leafForm returns how a value of a leaf type is written.
func leafForm(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[resource.Quantity]():
		return "a quantity such as 100m, 0.5 or 64Mi"
	case reflect.TypeFor[intstr.IntOrString]():
		return "a number or a name"
	case reflect.TypeFor[logtail.Settings]():
		return "a mapping of texts, numbers, true and false, and lists of those"
	case reflect.TypeFor[metav1.Time](), reflect.TypeFor[metav1.MicroTime]():
		return "a time such as 2006-01-02T15:04:05Z in quotes"
	}
	return "another form"
}

// writeJSON writes a node as JSON, with its fields in their order. It reports a value that JSON doesn't have, and
// writes null for it.
func (r *reader) writeJSON(n *yaml.Node, b *bytes.Buffer, at string) bool {
	defer r.leave()
	if !r.enter(n, at) {
		b.WriteString("null")
		return false
	}
	ok := true
	switch n.Kind {
	case yaml.AliasNode:
		return r.writeJSON(n.Alias, b, at)
	case yaml.MappingNode:
		b.WriteByte('{')
		for i, p := range r.listPairs(n, at, true) {
			if i > 0 {
				b.WriteByte(',')
			}
			writeString(b, p.name)
			b.WriteByte(':')
			ok = r.writeJSON(p.value, b, joinPath(at, p.name)) && ok
		}
		b.WriteByte('}')
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, item := range n.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			ok = r.writeJSON(item, b, at+"["+strconv.Itoa(i)+"]") && ok
		}
		b.WriteByte(']')
	default:
		return r.writeJSONScalar(n, b, at)
	}
	return ok
}

func (r *reader) writeJSONScalar(n *yaml.Node, b *bytes.Buffer, at string) bool {
	var have any
	err := n.Decode(&have)
	switch tag := n.ShortTag(); {
	case err != nil || tag == timestampTag || tag == yaml.MergeTag:
		r.addFinding(n.Line, at, "wrong-type", "JSON has no such value: "+describeNode(n), "quote it")
		b.WriteString("null")
		return false
	case tag == yaml.NodeTagString:
		writeString(b, n.Value)
		return true
	case json.Valid([]byte(n.Value)) && n.Value != "" && tag != yaml.NodeTagNull:
		b.WriteString(n.Value) // as it's written
		return true
	}
	text, err := json.Marshal(have)
	if err != nil { // not a number, infinity
		r.addFinding(n.Line, at, "wrong-type", "JSON has no such number", "quote it")
		b.WriteString("null")
		return false
	}
	b.Write(text)
	return true
}

// writeString writes a JSON string, without escapes for HTML.
func writeString(b *bytes.Buffer, s string) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // strings can be encoded
	b.Truncate(b.Len() - 1)
}
