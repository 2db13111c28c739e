package config

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/pkg/config/field"
)

// A flat config is a ConfigMap with texts, for one pattern on a command line:
//
//	kpt fn eval ... -- pattern=tlsProxy name=search port=9200 rebind.port=9201
//
// Keys such as name are fields of a Selector, keys such as app and placement are
// fields of an Entry. The others are fields of the Spec and of the pattern, with
// dots between the fields of mappings and commas between the entries of lists.
type flat struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   metav1.ObjectMeta `json:"metadata,omitzero"`
	Data       map[string]string `json:"data"`
}

// A home is a struct that some keys of a flat config belong to.
type home struct {
	typ    reflect.Type
	except []string // fields that a flat config can't have
	node   *yaml.Node
}

// readConfigMap reads the flat form: it builds the nodes of a Sidecars document, and reads those.
func (r *reader) readConfigMap(n *yaml.Node) *Sidecars {
	var m flat
	r.readValue(n, reflect.ValueOf(&m).Elem(), "")
	c := &Sidecars{APIVersion: APIVersion, Kind: Kind, Metadata: m.Metadata}
	if r.isReported("data") {
		return c // a value that isn't a text is missing from the map
	}
	line, keys := r.lineOfField("data"), PatternKeys()
	r.lines["spec"] = line
	sel := home{reflect.TypeFor[Selector](), nil, blockNode(line)}
	entry := home{reflect.TypeFor[Entry](), keys, blockNode(line)}
	spec := home{reflect.TypeFor[Spec](), []string{"select", "exclude", "patterns"}, blockNode(line)}
	homes := []home{sel, entry, spec}
	key := m.Data["pattern"]
	if slices.Contains(keys, key) {
		p := home{field.Find(field.Of(entry.typ), key).Type.Elem(), nil, blockNode(line)}
		setField(entry.node, p.node, key)
		homes = append(homes, p)
	} else if key != "" {
		r.reportValue("data.pattern", quoteWord(key)+" isn't "+joinOr(keys), suggestWord(key, keys))
	}
	delete(m.Data, "pattern")
	for _, name := range slices.Sorted(maps.Keys(m.Data)) {
		if r.stopped {
			return c
		}
		r.placeValue(homes, name, stringNode(m.Data[name], r.lineOfField(joinPath("data", name))))
	}
	if len(sel.node.Content) > 0 {
		setField(spec.node, blockNode(line, sel.node), "select")
	} else {
		r.reportOnce("missing-field", "spec.select", "select at least one workload", "as in kind=Deployment name=search")
	}
	if len(entry.node.Content) > 0 {
		setField(spec.node, blockNode(line, entry.node), "patterns")
	}
	r.flat = true
	r.readValue(spec.node, reflect.ValueOf(&c.Spec).Elem(), "spec")
	c.Spec.setDefaults()
	r.checkSpec(&c.Spec)
	made := regexp.MustCompile(`^spec(\.select(\[0\])?|\.patterns(\[0\](\.(` + strings.Join(keys, "|") + `)\b)?)?)?`)
	for i, f := range r.findings {
		r.findings[i].Field = made.ReplaceAllString(f.Field, "data")
	}
	return c
}

// placeValue adds a value to the home of its key.
func (r *reader) placeValue(homes []home, key string, value *yaml.Node) {
	first, _, _ := strings.Cut(key, ".")
	known := []string{"pattern"}
	for _, h := range homes {
		has := slices.DeleteFunc(field.Names(field.Of(h.typ)), func(n string) bool { return slices.Contains(h.except, n) })
		if slices.Contains(has, first) {
			if !setField(h.node, value, splitKey(h.typ, key)...) {
				r.reportOnce("duplicate-field", joinPath("data", key), "another key sets a part of it", "remove one of them")
			}
			return
		}
		known = append(known, has...)
	}
	r.addFinding(value.Line, joinPath("data", key), "unknown-field", "there is no such field", suggestWord(first, known))
}

// splitKey splits a dotted key into fields. The rest behind the name of a map is one key of the map, including its
// dots.
func splitKey(t reflect.Type, key string) []string {
	if t = field.Struct(t); t == nil {
		return []string{key}
	}
	first, rest, more := strings.Cut(key, ".")
	if f := field.Find(field.Of(t), first); f != nil && more {
		return append([]string{first}, splitKey(f.Type, rest)...)
	}
	return []string{key}
}

// setField sets a value at a path of fields, and adds mappings that are missing. It reports whether no other value was
// in the way.
func setField(n *yaml.Node, value *yaml.Node, path ...string) bool {
	if n.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == path[0] {
			return len(path) > 1 && setField(n.Content[i+1], value, path[1:]...)
		}
	}
	next := value
	if len(path) > 1 {
		next = blockNode(value.Line)
		setField(next, value, path[1:]...)
	}
	n.Content = append(n.Content, stringNode(path[0], value.Line), next)
	return true
}

// stringNode returns a quoted string.
func stringNode(s string, line int) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: yaml.NodeTagString, Value: s, Line: line}
}

// plainNode returns a scalar without quotes, so that its text decides its type.
func plainNode(n *yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: n.Kind, Value: n.Value, Line: n.Line, Content: n.Content}
}

// blockNode returns an empty mapping, or a list of items.
func blockNode(line int, items ...*yaml.Node) *yaml.Node {
	if len(items) > 0 {
		return &yaml.Node{Kind: yaml.SequenceNode, Tag: yaml.NodeTagSeq, Line: line, Content: items}
	}
	return &yaml.Node{Kind: yaml.MappingNode, Tag: yaml.NodeTagMap, Line: line}
}
