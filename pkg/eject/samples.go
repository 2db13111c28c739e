package eject

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// jsonFields returns the types of a struct's fields by their names in JSON.
func jsonFields(t reflect.Type) map[string]reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	all := map[string]reflect.Type{}
	for f := range t.Fields() {
		name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name != "":
			all[name] = f.Type
		case strings.Contains(rest, "inline"):
			for name, inner := range jsonFields(f.Type) {
				all[name] = inner
			}
		}
	}
	return all
}

// samples returns values of a type: of a struct without required fields, one for each field.
func samples(t reflect.Type) []any {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.String() {
	case "resource.Quantity", "intstr.IntOrString":
		return []any{json.Number("1")}
	}
	if t.Kind() != reflect.Struct || hasRequired(t) {
		return []any{sampleOf(t)}
	}
	var all []any
	fields := jsonFields(t)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		all = append(all, map[string]any{name: sampleOf(fields[name])})
	}
	return all
}

// sampleOf returns a value of a type, with its required fields.
func sampleOf(t reflect.Type) any {
	switch t.Kind() {
	case reflect.Pointer:
		return sampleOf(t.Elem())
	case reflect.Bool:
		return true
	case reflect.String:
		return probe
	case reflect.Slice:
		return []any{sampleOf(t.Elem())}
	case reflect.Map:
		return map[string]any{probe: sampleOf(t.Elem())}
	case reflect.Struct:
		if name := t.String(); name == "resource.Quantity" || name == "intstr.IntOrString" {
			return json.Number("1")
		}
		m := map[string]any{}
		for f := range t.Fields() {
			if name, rest, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && !strings.Contains(rest, "omitempty") {
				m[name] = sampleOf(f.Type)
			}
		}
		return m
	}
	return json.Number("1")
}

func hasRequired(t reflect.Type) bool { return len(sampleOf(t).(map[string]any)) > 0 }
