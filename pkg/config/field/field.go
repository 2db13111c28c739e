// Package field lists the fields that a Go struct has in JSON. The reader of configs and the generator of their schema
// both use it, so that they agree.
package field

import (
	"encoding/json"
	"reflect"
	"strings"
)

// A Field is a field of a struct in JSON.
type Field struct {
	Name     string       // in JSON
	Go       string       // its name in Go
	Owner    reflect.Type // the struct that declares it
	Index    []int        // for reflect.Value.FieldByIndex
	Type     reflect.Type
	Required bool   // it must be written
	Key      string // of a list: the field that identifies an entry in a merge
	Partial  bool   // required fields may be missing below it
	NonEmpty bool   // of a list: it must have an entry
	Alone    bool   // its value may replace the whole struct
}

// Of returns the fields of a struct type in their order, with those of inline structs.
func Of(t reflect.Type) []Field {
	var fields []Field
	for i := range t.NumField() {
		sf := t.Field(i)
		name, options, _ := strings.Cut(sf.Tag.Get("json"), ",")
		switch {
		case sf.Anonymous && name == "" && sf.Type.Kind() == reflect.Struct:
			for _, f := range Of(sf.Type) {
				f.Index = append([]int{i}, f.Index...)
				fields = append(fields, f)
			}
		case sf.IsExported() && name != "" && name != "-":
			fields = append(fields, Field{
				Name: name, Go: sf.Name, Owner: t, Index: sf.Index, Type: sf.Type,
				Required: !strings.Contains(options, "omit") && demands(sf.Type),
				Key:      sf.Tag.Get("patchMergeKey"),
				Partial:  sf.Tag.Get("config") == "partial",
				NonEmpty: sf.Tag.Get("config") == "nonempty",
				Alone:    sf.Tag.Get("config") == "alone",
			})
		}
	}
	return fields
}

// demands reports whether a field of type t without omitempty must be written. A missing list or mapping is an empty
// one.
func demands(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return false
	}
	return true
}

// Find returns the field with a name, or nil.
func Find(fields []Field, name string) *Field {
	for i := range fields {
		if fields[i].Name == name {
			return &fields[i]
		}
	}
	return nil
}

// Alone returns the field with a value that may replace the whole struct, or nil.
func Alone(fields []Field) *Field {
	for i := range fields {
		if fields[i].Alone {
			return &fields[i]
		}
	}
	return nil
}

// Names returns the names of fields.
func Names(fields []Field) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.Name
	}
	return out
}

// IsLeaf reports whether t decodes its own JSON, as resource.Quantity does.
func IsLeaf(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]())
}

// Struct returns the struct that t is, points to or lists, or nil.
func Struct(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || IsLeaf(t) {
		return nil
	}
	return t
}
