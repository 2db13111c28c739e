package config

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
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
// dots between the fields of mappings and commas between the entries of lists. FlatForm
// describes it for users.
type flat struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   metav1.ObjectMeta `json:"metadata,omitzero"`
	Data       map[string]string `json:"data"`
}

// FlatForm describes the flat form for users.
const FlatForm = `flat (ConfigMap)
  One pattern as texts, which kpt makes of words and of the configMap of a Kptfile:

    kpt fn eval --exec outrigger PKG -- pattern=waitFor targets=db:5432 kind=Deployment name=shop

    pipeline:
      mutators:
        - exec: outrigger
          configMap: {pattern: tlsProxy, kind: Deployment, name: shop, port: "8080",
            secretName: shop-tls, rebind.port: "8081",
            rebind.env.LISTEN: "127.0.0.1:8081"}

  pattern (string)
      The pattern, such as tlsProxy.

  group, version, kind, name, namespace, labelSelector, annotationSelector, podSelector (string)
      The selection. All that are given must match.

  sidecar (string)
      The name of the sidecar, which is name in a Sidecars document. Several of one pattern on
      a workload need different ones.

  id (string)
      The name of the document. By default it's made of the sidecar and the selection, as in
      tls-proxy:kind=Deployment,name=shop. An entry with the same ones replaces the earlier work
      of its own, and never that of another. After a change of the selection or of sidecar it's
      another document: remove the earlier work with outrigger strip first. With an id of
      its own, it stays the same document, and without pattern its work is removed.

  All other keys are fields of the pattern, of its entry (app, placement, ...) and of the spec
  (record, expect.min, ...). There is a dot between the fields of mappings and a comma between the
  entries of lists. If a key means something else here, as namespace does, write the pattern
  before it: vault.namespace. Lists of mappings can't be written so: they need a Sidecars document.
`

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
	entry := home{reflect.TypeFor[Entry](), append(keys, "name"), blockNode(line)}
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
	c.flat = &speller{key}
	id, hasID := m.Data["id"]
	if hasID && id == "" {
		r.reportValue("data.id", "is empty", "write the name of a document, or remove it")
	}
	for _, name := range slices.Sorted(maps.Keys(m.Data)) {
		if r.stopped {
			return c
		}
		if value := stringNode(m.Data[name], r.lineOfField(joinPath("data", name))); name == "sidecar" {
			setField(entry.node, value, "name")
		} else if name != "pattern" && name != "id" {
			r.placeValue(homes, key, name, value)
		}
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
	r.nameFlat(c, id)
	for i := range r.findings {
		c.Respell(&r.findings[i])
	}
	return c
}

// kptName is the name that kpt gives to every ConfigMap that it makes.
const kptName = "function-input"

// nameFlat names a document of the flat form: with its id, its name, or what it does.
func (r *reader) nameFlat(c *Sidecars, id string) {
	switch {
	case id != "":
		c.Metadata.Name = id
	case c.Metadata.Name != "" && c.Metadata.Name != kptName:
	case len(c.Spec.Patterns) > 0 && len(c.Spec.Select) > 0:
		c.Metadata.Name = c.Spec.Patterns[0].Name + ":" + c.Spec.Select[0].spell()
	case len(r.findings) == 0:
		r.reportOnce("missing-field", "spec.patterns", "no pattern is given",
			"add one, as in pattern=tlsProxy; or write id=NAME to remove the work of a document of this name")
	}
}

// spell writes a selector as kind=Deployment,name=search. Two that differ never get the same text.
func (s *Selector) spell() string {
	var parts []string
	v := reflect.ValueOf(s).Elem()
	for _, f := range field.Of(v.Type()) {
		value := v.FieldByIndex(f.Index).String()
		if value == "" {
			continue
		}
		if strings.ContainsAny(value, `,"`) || strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) {
			value = strconv.Quote(value)
		}
		parts = append(parts, f.Name+"="+value)
	}
	return strings.Join(parts, ",")
}

// placeValue adds a value to the home of its key. A key may begin with that of the pattern.
func (r *reader) placeValue(homes []home, pattern, key string, value *yaml.Node) {
	path := key
	if rest, in := strings.CutPrefix(key, pattern+"."); in && len(homes) == 4 {
		homes, path = homes[3:], rest
	}
	first, _, _ := strings.Cut(path, ".")
	known := []string{"pattern", "sidecar", "id"}
	for _, h := range homes {
		has := slices.DeleteFunc(field.Names(field.Of(h.typ)), func(n string) bool { return slices.Contains(h.except, n) })
		if slices.Contains(has, first) {
			if !setField(h.node, value, splitKey(h.typ, path)...) {
				r.addFinding(value.Line, "data."+key, "duplicate-field", "another key sets a part of it", "remove one of them")
			}
			return
		}
		known = append(known, has...)
	}
	r.addFinding(value.Line, "data."+key, "unknown-field", "there is no such field", suggestWord(first, known))
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
