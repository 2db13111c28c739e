package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// A Doc is the documentation of a field.
type Doc struct {
	Path   string // "" for the list of patterns
	Type   string // such as "list of strings"
	Title  string // of an object's type, such as "Container (core/v1)"; "" for other types
	Text   string // about the field
	About  string // about its type; may be ""
	Fields []FieldDoc
}

// A FieldDoc is the documentation of a field below another one.
type FieldDoc struct {
	Name     string
	Family   string // of a pattern
	Type     string
	Text     string
	Required bool
}

// node holds the parts of a schema that are read here.
type node struct {
	Ref         string          `json:"$ref"`
	Title       string          `json:"title"`
	Description string          `json:"description"`
	Type        any             `json:"type"`
	Enum        []string        `json:"enum"`
	Items       *node           `json:"items"`
	Required    []string        `json:"required"`
	Properties  nodes           `json:"properties"`
	More        json.RawMessage `json:"additionalProperties"`
	Defs        map[string]node `json:"$defs"`
}

// nodes keep the order of the fields.
type nodes []named

type named struct {
	name string
	node
}

// UnmarshalJSON reads an object.
func (ns *nodes) UnmarshalJSON(raw []byte) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		n := named{name: fmt.Sprint(key)}
		if err := d.Decode(&n.node); err != nil {
			return err
		}
		*ns = append(*ns, n)
	}
	return nil
}

func (ns nodes) findNode(name string) *named {
	if i := slices.IndexFunc(ns, func(n named) bool { return n.name == name }); i >= 0 {
		return &ns[i]
	}
	return nil
}

// An explainer finds fields in the schema.
type explainer struct{ top node }

// Explain returns the documentation of a field by its path, such as tlsProxy.rebind. A path begins with a pattern, a
// field that all entries have, or a field of the spec. Without a path, it lists the patterns.
func Explain(path string) (*Doc, error) {
	e, err := newExplainer()
	if err != nil {
		return nil, err
	}
	if path == "" {
		return e.listPatterns(), nil
	}
	at, err := e.followPath(path)
	if err != nil {
		return nil, err
	}
	doc := &Doc{Path: path, Type: e.typeOf(at.node), Text: at.Description}
	below := e.typeBelow(at.node)
	if below.Properties != nil {
		doc.Title = below.Title
	}
	if below.Description != at.Description {
		doc.About = below.Description
	}
	if isPattern := slices.Contains(PatternKeys(), at.name); isPattern && doc.About != "" {
		doc.Text = "" // it's for the list of patterns, and the type says more
	}
	for _, f := range below.Properties {
		doc.Fields = append(doc.Fields, FieldDoc{Name: f.name, Type: e.typeOf(f.node), Text: f.Description,
			Required: slices.Contains(below.Required, f.name)})
	}
	return doc, nil
}

// CompletePath returns the paths of patterns and fields that begin with a part of a path, for the completion of a
// shell.
func CompletePath(part string) []FieldDoc {
	e, err := newExplainer()
	if err != nil {
		return nil
	}
	dot := strings.LastIndex(part, ".") + 1
	level := e.topLevel()
	if dot > 0 {
		at, err := e.followPath(part[:dot-1])
		if err != nil {
			return nil
		}
		level = e.typeBelow(at.node).Properties
	}
	var paths []FieldDoc
	for _, f := range level {
		if strings.HasPrefix(f.name, part[dot:]) {
			text, _, _ := strings.Cut(f.Description, "\n")
			paths = append(paths, FieldDoc{Name: part[:dot] + f.name, Type: e.typeOf(f.node), Text: text})
		}
	}
	return paths
}

// newExplainer reads the schema once, as that takes some 10 ms.
var newExplainer = sync.OnceValues(func() (*explainer, error) {
	e := &explainer{}
	return e, json.Unmarshal([]byte(schema), &e.top)
})

// topLevel returns the fields that a path can begin with: those of an entry, of the spec and of the document.
func (e *explainer) topLevel() nodes {
	return slices.Concat(e.top.Defs["config.Entry"].Properties, e.top.Defs["config.Spec"].Properties, e.top.Properties)
}

// followPath finds the field that a path leads to.
func (e *explainer) followPath(path string) (at *named, err error) {
	level := e.topLevel()
	for i, name := range strings.Split(path, ".") {
		name, _, _ = strings.Cut(name, "[") // an index means the entries of a list
		if at = level.findNode(name); at == nil {
			return nil, describeUnknown(name, strings.Join(strings.Split(path, ".")[:i], "."), level)
		}
		level = e.typeBelow(at.node).Properties
	}
	return at, nil
}

// describeUnknown returns the error for a field that doesn't exist, with a hint.
func describeUnknown(name, in string, level nodes) error {
	var names []string
	for _, n := range level {
		names = append(names, n.name)
	}
	hint := suggestWord(name, names)
	for _, n := range names {
		if strings.EqualFold(n, name) || kebabCase(n) == name {
			hint = "did you mean " + n
		}
	}
	switch {
	case len(names) == 0:
		return fmt.Errorf("%s has no fields", in)
	case hint == "" && in == "":
		hint = "outrigger explain lists the patterns"
	case hint == "":
		hint = "it has " + strings.Join(names, ", ")
	}
	if in == "" {
		return fmt.Errorf("there is no pattern or field %s; %s", quoteWord(name), hint)
	}
	return fmt.Errorf("%s has no field %s; %s", in, quoteWord(name), hint)
}

func (e *explainer) listPatterns() *Doc {
	patternForm := regexp.MustCompile(`(?s)^(.*?)\.? \(([^)]+)\)$`) // "Does it. (family)"
	entry, doc := e.top.Defs["config.Entry"], &Doc{}
	for _, key := range PatternKeys() {
		f := entry.Properties.findNode(key)
		if m := patternForm.FindStringSubmatch(f.Description); m != nil {
			doc.Fields = append(doc.Fields, FieldDoc{Name: key, Family: m[2], Text: lowerFirst(m[1])})
		}
	}
	return doc
}

// lowerFirst makes a sentence part of a line.
func lowerFirst(text string) string { return strings.ToLower(text[:1]) + text[1:] }

// typeBelow returns the type that has the fields below a node. For a list or a mapping, that's the type of its entries.
func (e *explainer) typeBelow(n node) node {
	for {
		more := n.entryType()
		switch {
		case n.Ref != "":
			return e.top.Defs[strings.TrimPrefix(n.Ref, "#/$defs/")]
		case n.Items != nil:
			n = *n.Items
		case more != nil:
			n = *more
		default:
			return n
		}
	}
}

// entryType returns the type of a mapping's entries, or nil.
func (n node) entryType() *node {
	if len(n.More) == 0 || n.More[0] != '{' {
		return nil
	}
	var m node
	if json.Unmarshal(n.More, &m) != nil {
		return nil
	}
	return &m
}

// withoutNull returns a type without null, which a person writes in an override only.
func (n node) withoutNull() node {
	list, _ := n.Type.([]any)
	rest := slices.DeleteFunc(slices.Clone(list), func(t any) bool { return t == "null" })
	if len(rest) == len(list) {
		return n
	}
	if n.Type = rest; len(rest) == 1 {
		n.Type = rest[0]
	}
	n.Enum = slices.DeleteFunc(slices.Clone(n.Enum), func(word string) bool { return word == "" }) // null is read as ""
	return n
}

// pluralOf returns the type of several values. Words that may be written stay as they are.
func (e *explainer) pluralOf(n node) string {
	if n.Enum != nil {
		return e.typeOf(n)
	}
	return e.typeOf(n) + "s"
}

func (e *explainer) typeOf(n node) string {
	n = n.withoutNull()
	more := n.entryType()
	list, several := n.Type.([]any)
	switch {
	case n.Ref != "":
		return e.typeOf(e.typeBelow(n))
	case several:
		words := make([]string, len(list))
		for i, t := range list {
			if words[i] = fmt.Sprint(t); words[i] == "array" && n.Items != nil {
				words[i] = "list of " + e.pluralOf(*n.Items)
			}
		}
		return strings.Join(words, " or ")
	case n.Properties != nil:
		return "object"
	case n.Items != nil:
		return "list of " + e.pluralOf(*n.Items)
	case more != nil:
		return "mapping of " + e.pluralOf(*more)
	case n.Enum != nil:
		return joinOr(n.Enum)
	}
	return fmt.Sprint(n.Type)
}
