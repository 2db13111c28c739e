package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/config/field"
	"github.com/outrigger-dev/outrigger/pkg/pattern/logtail"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A schema has the parts of JSON Schema that Go types need.
type schema struct {
	Schema      string             `json:"$schema,omitempty"`
	ID          string             `json:"$id,omitempty"`
	Title       string             `json:"title,omitempty"`
	Ref         string             `json:"$ref,omitempty"`
	Description string             `json:"description,omitempty"`
	Type        any                `json:"type,omitempty"`
	Const       string             `json:"const,omitempty"`
	Enum        []any              `json:"enum,omitempty"`
	Default     any                `json:"default,omitempty"`
	Items       *schema            `json:"items,omitempty"`
	MinItems    int                `json:"minItems,omitempty"`
	Required    []string           `json:"required,omitempty"`
	OneOf       []schema           `json:"oneOf,omitempty"`
	Properties  properties         `json:"properties,omitempty"`
	More        any                `json:"additionalProperties,omitempty"`
	Defs        map[string]*schema `json:"$defs,omitempty"`
}

// properties keep the order of the fields.
type properties []property

type property struct {
	name string
	schema
}

// MarshalJSON writes an object.
func (ps properties) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	for i, p := range ps {
		value, err := json.Marshal(p.schema)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%c%q:%s", "{,"[min(i, 1)], p.name, value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// leaves are the schemas of types whose fields aren't read.
var leaves = map[reflect.Type]schema{
	reflect.TypeFor[resource.Quantity]():  {Type: []string{"string", "number"}},
	reflect.TypeFor[intstr.IntOrString](): {Type: []string{"integer", "string"}},
	reflect.TypeFor[config.Names]():       {Type: []string{"string", "array"}, Items: &schema{Type: "string"}},
	reflect.TypeFor[sidecar.Object]():     {Type: "object", Required: []string{"apiVersion", "kind", "metadata"}},
	reflect.TypeFor[logtail.Settings](): {
		Type: "object",
		More: schema{Type: []string{"string", "number", "boolean", "array"}},
	},
	reflect.TypeFor[metav1.Time](): {Type: "string"},
	reflect.TypeFor[metav1.ObjectMeta](): {Type: "object", Properties: properties{
		{"name", schema{Type: "string"}}, {"namespace", schema{Type: "string"}},
		{"labels", schema{Type: "object", More: schema{Type: "string"}}}, {
			"annotations",
			schema{Type: "object", More: schema{Type: "string"}},
		},
	}},
}

// A generator generates the schema of each type once.
type generator struct {
	*source
	defs map[string]*schema
	errs []string // what has no comment
}

// schemaID names the schema. It can't be downloaded from there.
const schemaID = "https://" + config.APIVersion + "/sidecars.schema.json"

// writeDocument writes the schema of whole configs.
func (g *generator) writeDocument() ([]byte, error) {
	t := reflect.TypeFor[config.Sidecars]()
	g.schemaOf(t)
	top := *g.defs[definitionName(t)]
	delete(g.defs, definitionName(t))
	top.Schema, top.ID, top.Title, top.Defs = "https://json-schema.org/draft/2020-12/schema", schemaID, config.Kind, g.defs
	for i := range top.Properties {
		switch p := &top.Properties[i]; p.name {
		case "apiVersion":
			p.Const = config.APIVersion
		case "kind":
			p.Const = config.Kind
		}
	}
	if g.errs != nil {
		return nil, fmt.Errorf("without a comment: %s", strings.Join(g.errs, ", "))
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	err := e.Encode(top)
	return b.Bytes(), err
}

// schemaOf returns the schema of a type; that of a struct is a reference.
func (g *generator) schemaOf(t reflect.Type) schema {
	if s, ok := leaves[t]; ok {
		return s
	}
	switch t.Kind() {
	case reflect.Pointer:
		return g.schemaOf(t.Elem())
	case reflect.Slice:
		items := g.schemaOf(t.Elem())
		if items.Ref != "" && !isOurs(t.Elem()) {
			items.Type = "object" // an entry of a list can't be null
		}
		return schema{Type: "array", Items: &items}
	case reflect.Map:
		return schema{Type: "object", More: g.schemaOf(t.Elem())}
	case reflect.String:
		return schema{Type: "string", Enum: anyOf(g.enumOf(t))}
	case reflect.Bool:
		return schema{Type: "boolean"}
	case reflect.Float32, reflect.Float64:
		return schema{Type: "number"}
	case reflect.Struct:
		if g.defs[definitionName(t)] == nil {
			g.addStruct(t)
		}
		return schema{Ref: "#/$defs/" + definitionName(t)}
	}
	return schema{Type: "integer"}
}

func (g *generator) addStruct(t reflect.Type) {
	own := isOurs(t)
	s := &schema{Type: "object", Title: titleOf(t), Description: describeType(g.commentOf(t, ""), t), More: false}
	if !own {
		s.Type = []any{"object", null}
	}
	g.defs[definitionName(t)] = s
	if own && s.Description == "" {
		g.errs = append(g.errs, t.String())
	}
	keys := config.PatternKeys()
	if f := field.Alone(field.Of(t)); f != nil {
		s.Type = []any{g.schemaOf(f.Type).Type, "object"}
	}
	for _, f := range field.Of(t) {
		p := property{f.Name, g.schemaOf(f.Type)}
		comment := g.commentOf(f.Owner, f.Go)
		if own && comment == "" {
			g.errs = append(g.errs, t.String()+"."+f.Go)
		}
		p.Description = describeField(comment, f, g.enumOf(f.Type))
		p.Default = defaultOf(comment, f.Type)
		if f.NonEmpty {
			p.MinItems = 1
		}
		if !own && !f.Required {
			p.schema = allowNull(p.schema)
		}
		// An override may leave out what the API requires, so only ours is said.
		if own && (f.Required || f.NonEmpty) {
			s.Required = append(s.Required, f.Name)
		}
		if t == reflect.TypeFor[config.Entry]() && slices.Contains(keys, f.Name) {
			s.OneOf = append(s.OneOf, schema{Required: []string{f.Name}})
		}
		s.Properties = append(s.Properties, p)
	}
}

// null is the type of null, which removes a field in an override.
const null = "null"

func isOurs(t reflect.Type) bool { return strings.HasPrefix(t.PkgPath(), ours) }

// allowNull returns the schema of a field that may be null, as may the values of a mapping. A struct of the API says
// so itself.
func allowNull(s schema) schema {
	switch t := s.Type.(type) {
	case string:
		s.Type = []string{t, null}
	case []string:
		s.Type = append(slices.Clone(t), null)
	}
	if s.Enum != nil {
		s.Enum = append(slices.Clone(s.Enum), nil)
	}
	if more, ok := s.More.(schema); ok {
		s.More = allowNull(more)
	}
	return s
}

func anyOf(words []string) (out []any) {
	for _, w := range words {
		out = append(out, w)
	}
	return out
}

var defaultForm = regexp.MustCompile(`Default: ("[^"]*"|[\w-]+(?:\.\w+)*)(?:\.| \()`)

// defaultOf returns the default that a comment names, if it's a value.
func defaultOf(comment string, t reflect.Type) any {
	m := defaultForm.FindStringSubmatch(comment)
	if m == nil {
		return nil
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	word := strings.Trim(m[1], `"`)
	switch n, err := strconv.Atoi(word); {
	case t.Kind() == reflect.String:
		return word
	case reflect.Zero(t).CanInt() && err == nil:
		return n
	case t.Kind() == reflect.Bool && (word == "true" || word == "false"):
		return word == "true"
	}
	return nil
}

// titleOf returns the title that an editor shows for a type. A pattern's is its key.
func titleOf(t reflect.Type) string {
	for _, key := range config.PatternKeys() {
		entry := field.Of(reflect.TypeFor[config.Entry]())
		if pattern := field.Find(entry, key).Type; pattern == reflect.PointerTo(t) {
			return key
		}
	}
	if !strings.HasPrefix(t.PkgPath(), ours) {
		api := path.Base(path.Dir(t.PkgPath())) + "/" + path.Base(t.PkgPath())
		return t.Name() + " (" + api + ")"
	}
	return t.Name()
}

// definitionName returns the name of a type among the definitions.
func definitionName(t reflect.Type) string {
	dir, base := path.Split(t.PkgPath())
	if strings.HasPrefix(base, "v1") {
		base = path.Base(dir) + "." + base
	}
	return base + "." + t.Name()
}
