package config

import (
	"encoding/json"
	"reflect"
	"strings"
)

// A field of a Go type as its JSON form has it.
type field struct {
	name     string
	index    []int // for reflect.Value.FieldByIndex
	typ      reflect.Type
	required bool   // it must be written
	key      string // of a list: what its entries are merged by
	partial  bool   // what is below may leave out what is required elsewhere
}

// fieldsOf lists the JSON fields of a struct type in their order, with those of
// structs that stand inline.
func fieldsOf(t reflect.Type) []field {
	var fields []field
	for i := range t.NumField() {
		sf := t.Field(i)
		name, options, _ := strings.Cut(sf.Tag.Get("json"), ",")
		switch {
		case sf.Anonymous && name == "" && sf.Type.Kind() == reflect.Struct:
			for _, f := range fieldsOf(sf.Type) {
				f.index = append([]int{i}, f.index...)
				fields = append(fields, f)
			}
		case sf.IsExported() && name != "" && name != "-":
			fields = append(fields, field{
				name: name, index: sf.Index, typ: sf.Type,
				required: !strings.Contains(options, "omit") && demands(sf.Type),
				key:      sf.Tag.Get("patchMergeKey"),
				partial:  sf.Tag.Get("config") == "partial",
			})
		}
	}
	return fields
}

// demands reports whether a field of type t without omitempty must be written:
// a list or a mapping that is missing is an empty one.
func demands(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return false
	}
	return true
}

func find(fields []field, name string) *field {
	for i := range fields {
		if fields[i].name == name {
			return &fields[i]
		}
	}
	return nil
}

func names(fields []field) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.name
	}
	return out
}

// isLeaf reports whether t reads its JSON form itself, as resource.Quantity does.
func isLeaf(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]())
}

// inner is the struct that t is, points to or lists, or nil.
func inner(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || isLeaf(t) {
		return nil
	}
	return t
}

// enumOf are the values that a type of strings can have, or nil where it can
// have any.
func enumOf(t reflect.Type) []string { return enums[t.PkgPath()+"."+t.Name()] }
