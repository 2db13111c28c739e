package config

import (
	"reflect"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// above is a struct around the one that is read.
type above struct {
	fields []field
	at     string
}

// structure reads a mapping whose fields are those of a Go struct.
func (r *reader) structure(n *yaml.Node, v reflect.Value, at string) {
	if n.Kind != yaml.MappingNode {
		r.wrong(n, v.Type(), at)
		return
	}
	fields := fieldsOf(v.Type())
	r.above = append(r.above, above{fields, at})
	defer func() { r.above = r.above[:len(r.above)-1] }()
	there := map[string]bool{}
	for _, p := range r.pairs(n, at) {
		path := join(at, p.name)
		r.lines[path] = p.line
		f := find(fields, p.name)
		if f == nil {
			there[r.unknown(p, at)] = true // no second complaint about the one that was meant
			continue
		}
		there[f.name] = !isNull(p.value)
		partial := r.partial
		r.partial = partial || f.partial
		r.value(p.value, v.FieldByIndex(f.index), path)
		r.keys(*f, v.FieldByIndex(f.index), path)
		r.partial = partial
	}
	for _, f := range fields {
		if f.required && !there[f.name] && !r.partial {
			r.add(n.Line, join(at, f.name), "missing-field", "is missing", "")
		}
	}
}

// keys looks whether the entries of a list in a partial value have the field
// that they're merged by.
func (r *reader) keys(f field, list reflect.Value, at string) {
	if !r.partial || f.key == "" || list.Kind() != reflect.Slice {
		return
	}
	key := find(fieldsOf(f.typ.Elem()), f.key)
	for i := range list.Len() {
		path := join(at+"["+itoa(i)+"]", f.key)
		if _, there := r.lines[path]; !there && list.Index(i).FieldByIndex(key.index).IsZero() {
			r.add(r.line(path), path, "missing-field", "is missing", "entries of "+f.name+" are merged by it")
		}
	}
}

// unknown reports a field that the innermost struct doesn't have, and returns
// the one that was most likely meant.
func (r *reader) unknown(p pair, at string) string {
	here := r.above[len(r.above)-1].fields
	near := nearest(p.name, names(here))
	hint := ""
	switch place := r.elsewhere(p.name); {
	case place != "" && (near == "" || !strings.EqualFold(near, p.name)):
		hint, near = "it belongs "+place, ""
	case near != "":
		hint = "did you mean " + near
	case len(here) <= 16:
		hint = "known here: " + strings.Join(names(here), ", ")
	}
	r.add(p.line, join(at, p.name), "unknown-field", "there is no such field", hint)
	return near
}

// elsewhere says where a field would be right, one struct up or down.
func (r *reader) elsewhere(name string) string {
	last := len(r.above) - 1
	for _, f := range r.above[last].fields {
		if t := inner(f.typ); t != nil && find(fieldsOf(t), name) != nil {
			return "into " + f.name
		}
	}
	if last > 0 && find(r.above[last-1].fields, name) != nil {
		return "one level up, beside " + beside(r.above[last].at, r.above[last-1].at)
	}
	return ""
}

// beside is the field of the outer struct in which the inner one stands.
func beside(inner, outer string) string {
	name := strings.TrimPrefix(strings.TrimPrefix(inner, outer), ".")
	if i := strings.IndexAny(name, ".["); i > 0 {
		name = name[:i]
	}
	return name
}

// meant is a hint at the nearest of some words.
func meant(word string, words []string) string {
	if n := nearest(word, words); n != "" && slices.Contains(words, n) {
		return "did you mean " + n
	}
	return ""
}
