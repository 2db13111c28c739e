package merge

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// applyEdits applies edits to the typed form of a pod, as package manifest does to its
// text: an existing value stays, unless the edit names it as the one to replace. Paths
// begin at the object, and template is the path of its pod template. Edits of anything
// else are ignored.
func applyEdits(pod *corev1.PodTemplateSpec, template sidecar.Path, edits []sidecar.Edit) {
	for i := range edits {
		e := &edits[i]
		n := len(template)
		if len(e.Path) <= n || !slices.Equal(e.Path[:n], template) {
			continue
		}
		root, at := reflect.ValueOf(pod).Elem(), e.Path[n:]
		have, there := valueAt(root, at)
		switch {
		case e.Delete:
			removeAt(root, at)
		case !there:
			setAt(root, at, e.Value, e.Before)
		case e.Was != nil && sameJSON(have.Interface(), e.Was):
			setAt(root, at, e.Value, e.Before)
		}
	}
}

// hasEdit reports whether a typed value has exactly the value of an edit.
func hasEdit(v any, e *sidecar.Edit) bool {
	have, there := valueAt(reflect.ValueOf(v).Elem(), e.Path)
	return there && sameJSON(have.Interface(), e.Value)
}

// valueAt returns the value at a path of a typed value. A nil pointer and the zero value of
// a field count as missing.
func valueAt(v reflect.Value, path sidecar.Path) (reflect.Value, bool) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return v, false
		}
		return valueAt(v.Elem(), path)
	}
	if len(path) == 0 {
		return v, true
	}
	next, there := reflect.Value{}, false
	switch step := path[0]; v.Kind() {
	case reflect.Struct:
		next = fieldOf(v, step.Field)
		there = next.IsValid() && !next.IsZero()
	case reflect.Map:
		next = v.MapIndex(reflect.ValueOf(step.Field))
		there = next.IsValid()
	case reflect.Slice:
		if i := indexOf(v, step); i >= 0 {
			next, there = v.Index(i), true
		}
	}
	if !there {
		return next, false
	}
	return valueAt(next, path[1:])
}

// setAt writes a value at a path. It inserts a new entry of a list before the one with
// the key before, or at the end.
func setAt(v reflect.Value, path sidecar.Path, value any, before string) {
	if len(path) == 0 {
		assignValue(v, value)
		return
	}
	step := path[0]
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		setAt(v.Elem(), path, value, before)
	case reflect.Struct:
		if f := fieldOf(v, step.Field); f.IsValid() {
			setAt(f, path[1:], value, before)
		}
	case reflect.Map:
		if v.IsNil() {
			v.Set(reflect.MakeMap(v.Type()))
		}
		entry := reflect.New(v.Type().Elem()).Elem()
		setAt(entry, path[1:], value, before)
		v.SetMapIndex(reflect.ValueOf(step.Field), entry)
	case reflect.Slice:
		i := indexOf(v, step)
		if i < 0 {
			if i = indexOf(v, sidecar.Step{Key: step.Key, Value: before}); i < 0 || before == "" {
				i = v.Len()
			}
			v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
			for j := v.Len() - 1; j > i; j-- {
				v.Index(j).Set(v.Index(j - 1))
			}
			v.Index(i).SetZero()
		}
		setAt(v.Index(i), path[1:], value, before)
	}
}

// removeAt removes the value at a path.
func removeAt(v reflect.Value, path sidecar.Path) {
	step := path[0]
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			removeAt(v.Elem(), path)
		}
	case reflect.Struct:
		if f := fieldOf(v, step.Field); !f.IsValid() {
			return
		} else if len(path) == 1 {
			f.SetZero()
		} else {
			removeAt(f, path[1:])
		}
	case reflect.Map:
		v.SetMapIndex(reflect.ValueOf(step.Field), reflect.Value{})
	case reflect.Slice:
		if i := indexOf(v, step); i < 0 {
			return
		} else if len(path) == 1 {
			v.Set(reflect.AppendSlice(v.Slice3(0, i, i), v.Slice(i+1, v.Len())))
		} else {
			removeAt(v.Index(i), path[1:])
		}
	}
}

// assignValue sets a field to a value of its type, or of a type with the same JSON.
func assignValue(v reflect.Value, value any) {
	have := reflect.ValueOf(value)
	if v.Kind() == reflect.Pointer && have.Kind() != reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if have.Type().ConvertibleTo(v.Type()) {
		v.Set(have.Convert(v.Type()))
		return
	}
	raw, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(raw, v.Addr().Interface())
	}
	if err != nil {
		panic(fmt.Sprintf("merge: an edit sets a %s to a %T: %v", v.Type(), value, err))
	}
}

// fieldOf returns the field of a struct with a name in YAML.
func fieldOf(v reflect.Value, name string) reflect.Value {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		tag, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
		if tag == name && name != "" {
			return v.Field(i)
		}
		if strings.Contains(rest, "inline") {
			if in := fieldOf(v.Field(i), name); in.IsValid() {
				return in
			}
		}
	}
	return reflect.Value{}
}

// indexOf returns the index of the list entry that a step names, or -1.
func indexOf(list reflect.Value, step sidecar.Step) int {
	for i := range list.Len() {
		if keyOf(list.Index(i), step.Key) == step.Value {
			return i
		}
	}
	return -1
}

// keyOf returns the value of an entry's key, which a step names it by.
func keyOf(entry reflect.Value, key string) string {
	if key == "." {
		return entry.String()
	}
	field := fieldOf(entry, key)
	if !field.IsValid() {
		return ""
	}
	if sidecar.IsPortKey(key) {
		return sidecar.PortKey(int32(field.Int()), corev1.Protocol(fieldOf(entry, "protocol").String()))
	}
	return field.String()
}
