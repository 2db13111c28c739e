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

// Apply lays edits on the typed form of a pod, in the way in which the text gets them:
// what stands there stays, unless the edit names it as the value to replace. Paths
// begin at the object, whose pod template stands at template; edits of anything else
// are left out.
func Apply(pod *corev1.PodTemplateSpec, template sidecar.Path, edits []sidecar.Edit) {
	for i := range edits {
		e := &edits[i]
		n := len(template)
		if len(e.Path) <= n || !slices.Equal(e.Path[:n], template) {
			continue
		}
		root, at := reflect.ValueOf(pod).Elem(), e.Path[n:]
		have, there := find(root, at)
		switch {
		case e.Delete:
			remove(root, at)
		case !there:
			put(root, at, e.Value, e.Before)
		case e.Was != nil && same(have.Interface(), e.Was):
			put(root, at, e.Value, e.Before)
		}
	}
}

// holds reports whether a typed value has just what an edit puts there.
func holds(v any, e *sidecar.Edit) bool {
	have, there := find(reflect.ValueOf(v).Elem(), e.Path)
	return there && same(have.Interface(), e.Value)
}

// find gives what stands at a path of a typed value. A pointer that is nil is nothing,
// and so is the zero value of a field.
func find(v reflect.Value, path sidecar.Path) (reflect.Value, bool) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return v, false
		}
		return find(v.Elem(), path)
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
	return find(next, path[1:])
}

// put writes a value at a path. A new entry of a list stands before the one with the key
// before, or at the end.
func put(v reflect.Value, path sidecar.Path, value any, before string) {
	if len(path) == 0 {
		assign(v, value)
		return
	}
	step := path[0]
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		put(v.Elem(), path, value, before)
	case reflect.Struct:
		if f := fieldOf(v, step.Field); f.IsValid() {
			put(f, path[1:], value, before)
		}
	case reflect.Map:
		if v.IsNil() {
			v.Set(reflect.MakeMap(v.Type()))
		}
		entry := reflect.New(v.Type().Elem()).Elem()
		put(entry, path[1:], value, before)
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
		put(v.Index(i), path[1:], value, before)
	}
}

// remove takes away what stands at a path.
func remove(v reflect.Value, path sidecar.Path) {
	step := path[0]
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			remove(v.Elem(), path)
		}
	case reflect.Struct:
		if f := fieldOf(v, step.Field); !f.IsValid() {
			return
		} else if len(path) == 1 {
			f.SetZero()
		} else {
			remove(f, path[1:])
		}
	case reflect.Map:
		v.SetMapIndex(reflect.ValueOf(step.Field), reflect.Value{})
	case reflect.Slice:
		if i := indexOf(v, step); i < 0 {
			return
		} else if len(path) == 1 {
			v.Set(reflect.AppendSlice(v.Slice3(0, i, i), v.Slice(i+1, v.Len())))
		} else {
			remove(v.Index(i), path[1:])
		}
	}
}

// assign gives a field a value of its type, or of one that is written alike.
func assign(v reflect.Value, value any) {
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
		panic(fmt.Sprintf("merge: an edit puts %T where %s stands: %v", value, v.Type(), err))
	}
}

// fieldOf is the field of a struct that YAML calls by a name.
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

// indexOf is the number of the list entry that a step names, or -1.
func indexOf(list reflect.Value, step sidecar.Step) int {
	for i := range list.Len() {
		if keyOf(list.Index(i), step.Key) == step.Value {
			return i
		}
	}
	return -1
}

// keyOf is the value by which a step names an entry of a list.
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
