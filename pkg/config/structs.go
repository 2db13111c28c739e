package config

import (
	"reflect"
	"strconv"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/pkg/config/field"
	"github.com/outrigger-dev/outrigger/pkg/nearest"
)

// An above is a struct around the one that is read.
type above struct {
	fields []field.Field
	at     string
}

// readStruct reads a mapping whose fields are those of a Go struct.
func (r *reader) readStruct(n *yaml.Node, v reflect.Value, at string) {
	fields := field.Of(v.Type())
	if n.Kind != yaml.MappingNode {
		if f := field.Alone(fields); f != nil && n.Kind == yaml.ScalarNode {
			r.readValue(n, v.FieldByIndex(f.Index), at)
			return
		}
		r.addWrongType(n, v.Type(), at)
		return
	}
	r.above = append(r.above, above{fields, at})
	defer func() { r.above = r.above[:len(r.above)-1] }()
	found := map[string]bool{}
	for _, p := range r.listPairs(n, at, false) {
		if r.stopped {
			return
		}
		path := joinPath(at, p.name)
		r.lines[path] = p.line
		f := field.Find(fields, p.name)
		if f == nil {
			found[r.addUnknown(p, at)] = true // the field that was meant isn't reported as missing, too
			continue
		}
		found[f.Name] = !isNull(p.value)
		if f.Partial {
			outer := r.trail
			r.partial, r.over, r.trail = true, path, nil
			r.readValue(p.value, v.FieldByIndex(f.Index), path)
			r.partial, r.trail = false, outer
			continue
		}
		if r.partial && f.Required && r.removes(p.value, f.Type) {
			r.addFinding(p.line, path, "bad-value", "can't be removed, as nothing works without it", "remove the line")
			continue
		}
		r.trail = append(r.trail, p.name)
		r.readValue(p.value, v.FieldByIndex(f.Index), path)
		r.checkKeys(*f, v.FieldByIndex(f.Index), path)
		r.trail = r.trail[:len(r.trail)-1]
	}
	for _, f := range fields {
		if f.Required && !found[f.Name] && !r.partial {
			r.addMissing(n, joinPath(at, f.Name))
		}
	}
}

// addMissing reports a missing field of the mapping n.
func (r *reader) addMissing(n *yaml.Node, path string) {
	line, null := r.lines[path]
	if !null {
		line = n.Line
	}
	hint := ""
	switch path {
	case "apiVersion":
		hint = "write apiVersion: " + APIVersion
	case "kind":
		hint = "write kind: " + Kind
	}
	r.addFinding(line, path, "missing-field", "is missing", hint)
}

// checkKeys checks that the entries of a list in a partial value have the field that identifies them in a merge.
func (r *reader) checkKeys(f field.Field, list reflect.Value, at string) {
	if !r.partial || f.Key == "" || list.Kind() != reflect.Slice {
		return
	}
	key := field.Find(field.Of(f.Type.Elem()), f.Key)
	for i := range list.Len() {
		entry := at + "[" + strconv.Itoa(i) + "]"
		path := joinPath(entry, f.Key)
		if r.silent[entry] {
			continue
		}
		if _, ok := r.lines[path]; !ok && list.Index(i).FieldByIndex(key.Index).IsZero() {
			hint := "it identifies the entry of " + f.Name + " to change"
			r.addFinding(r.lineOfField(path), path, "missing-field", "is missing", hint)
		}
	}
}

// addUnknown reports a field that the innermost struct doesn't have, and returns the field that was probably meant.
func (r *reader) addUnknown(p pair, at string) string {
	here := r.above[len(r.above)-1].fields
	near := nearest.Name(p.name, field.Names(here))
	hint := ""
	switch place := r.suggestPlace(p.name); {
	case place != "" && (near == "" || !strings.EqualFold(near, p.name)):
		hint, near = "move it "+place, ""
	case near != "":
		hint = "did you mean " + near
	case len(here) <= 24:
		hint = "known here: " + strings.Join(field.Names(here), ", ")
	}
	r.addFinding(p.line, joinPath(at, p.name), "unknown-field", "there is no such field", hint)
	if near != "" {
		r.silent[joinPath(at, near)] = true
	}
	return near
}

// suggestPlace returns where a field would be right, one struct up, as an entry's name is, or down.
func (r *reader) suggestPlace(name string) string {
	last := len(r.above) - 1
	if last > 0 && field.Find(r.above[last-1].fields, name) != nil {
		return "one level up, beside " + fieldBeside(r.above[last].at, r.above[last-1].at)
	}
	for _, f := range r.above[last].fields {
		if t := field.Struct(f.Type); t != nil && field.Find(field.Of(t), name) != nil {
			return "into " + f.Name
		}
	}
	return ""
}

// fieldBeside returns the field of the outer struct that has the inner struct.
func fieldBeside(inner, outer string) string {
	name := strings.TrimPrefix(strings.TrimPrefix(inner, outer), ".")
	if i := strings.IndexAny(name, ".["); i > 0 {
		name = name[:i]
	}
	return name
}
