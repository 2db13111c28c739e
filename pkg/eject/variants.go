package eject

import (
	"encoding/json"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"sync"

	corev1 "k8s.io/api/core/v1"
)

// A variant is an object with one thing changed, and what tells it apart from the object as it was.
type variant struct {
	object Object
	tests  []operation
}

// writer collects the variants of an object.
type writer struct {
	base  Object
	ports []string // for AnyPort
	all   []variant
}

// vary returns variants of an object: each value is changed once or twice and removed once, an entry is put at all
// places of each list, and each field of the API is added that a pod, a container or a Service doesn't have. known are
// labels and annotations that the function may read, and ports are those that they may name.
func vary(o Object, known []map[string]string, ports []string) []variant {
	w := &writer{base: o, ports: ports}
	w.varyFields(nil, o, rootTypes[textAt(o, "kind")], known)
	return w.all
}

// rootTypes are the types of kinds whose fields are known from their root. A workload's are known from its pod on.
var rootTypes = map[string]reflect.Type{"Service": reflect.TypeFor[corev1.Service]()}

// add adds a variant that change makes.
func (w *writer) add(change operation, tests ...operation) {
	p := patch{changes: []operation{change}}
	if o, err := p.apply(w.base); err == nil {
		w.all = append(w.all, variant{o, tests})
	}
}

func (w *writer) varyFields(at place, m map[string]any, t reflect.Type, known []map[string]string) {
	if m["containers"] != nil {
		t = reflect.TypeFor[corev1.PodSpec]()
	}
	for _, key := range sortedKeys(m) {
		if len(at) == 0 && (key == "apiVersion" || key == "kind" || key == "status") {
			continue
		}
		field := at.to(key)
		if slices.Equal(at, notesPlace) && isInternal(key) {
			continue
		}
		if slices.Equal(field, place{"metadata", "name"}) || slices.Equal(field, place{"metadata", "namespace"}) {
			continue // another object: the first patch fails without this one
		}
		w.varyValue(field, m[key], fieldType(t, key), known)
		if !slices.Equal(field, notesPlace) {
			w.add(operation{"remove", field, nil}, requirePresence(field))
		}
	}
	if len(at) > 0 && at[len(at)-1] == "metadata" {
		w.addNotes(at, m, known)
	}
	missing := missingFields(t, m)
	for _, key := range slices.Sorted(maps.Keys(missing)) {
		for _, v := range missing[key] {
			w.add(operation{"add", at.to(key), v}, requireAbsence(at.to(key)))
		}
	}
}

// addNotes adds labels and annotations: any, and those that the function may read.
func (w *writer) addNotes(at place, m map[string]any, known []map[string]string) {
	for _, field := range []string{"labels", "annotations"} {
		have, there := m[field].(map[string]any)
		there = there || field == "annotations" && len(at) == 1 // see passing
		for _, set := range append([]map[string]string{{probe: probe}}, known...) {
			for _, port := range w.portsFor(set) {
				w.addSet(at.to(field), have, there, set, port)
			}
		}
	}
}

// addSet adds those labels or annotations of a set that aren't there. A test of one with a port is enough.
func (w *writer) addSet(at place, have map[string]any, there bool, set map[string]string, port string) {
	change, whole := patch{}, map[string]any{}
	var tests, portTests []operation
	for _, key := range slices.Sorted(maps.Keys(set)) {
		value := set[key]
		if value == AnyPort {
			value = port
		}
		whole[key] = value
		if have[key] != nil {
			continue
		}
		change.change("add", at.to(key), value)
		tests = append(tests, requireAbsence(at.to(key)))
		if set[key] == AnyPort {
			portTests = append(portTests, requireAbsence(at.to(key)))
		}
	}
	switch {
	case !there:
		w.add(operation{"add", at, whole}, requireAbsence(at))
		return
	case portTests != nil:
		tests = portTests
	}
	if o, err := change.apply(w.base); err == nil && len(tests) > 0 {
		w.all = append(w.all, variant{o, tests})
	}
}

// AnyPort as the value of a label or an annotation stands for each port of the base: an annotation of a Service may
// name a port of its pods.
const AnyPort = "{port}"

// portsFor returns the ports for a set that has one, or one empty text.
func (w *writer) portsFor(set map[string]string) []string {
	if !slices.Contains(slices.Collect(maps.Values(set)), AnyPort) {
		return []string{""}
	}
	return w.ports
}

// portsOf returns the numbers of all ports of a base.
func portsOf(base []Object) []string {
	found := map[string]bool{}
	for _, o := range base {
		findPorts(o, found)
	}
	return slices.Sorted(maps.Keys(found))
}

// findPorts finds the numbers of ports below a value.
func findPorts(v any, found map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for key, field := range v {
			if n, ok := field.(json.Number); ok && slices.Contains([]string{"containerPort", "port", "targetPort"}, key) {
				found[n.String()] = true
			}
			findPorts(field, found)
		}
	case []any:
		for _, entry := range v {
			findPorts(entry, found)
		}
	}
}

func (w *writer) varyValue(at place, v any, t reflect.Type, known []map[string]string) {
	switch v := v.(type) {
	case map[string]any:
		w.varyFields(at, v, t, known)
	case []any:
		w.varyList(at, v, t, known)
	default:
		for _, other := range otherValues(v) {
			w.add(operation{"replace", at, other}, requireValue(at, v))
		}
	}
}

func (w *writer) varyList(at place, list []any, t reflect.Type, known []map[string]string) {
	if t != nil && t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if len(list) > 0 { // first, since a test of the length makes those of single entries needless
		w.add(operation{"add", at.to("-"), otherEntry(list[0])}, requireLength(at, len(list))...)
	}
	for i, v := range list {
		w.varyValue(at.toIndex(i), v, t, known)
		w.add(operation{"remove", at.toIndex(i), nil}, requireEntry(at, list, i))
		w.add(operation{"add", at.toIndex(i), otherEntry(v)}, requireEntry(at, list, i))
		if sparse := sparseEntry(v); sparse != nil {
			w.add(operation{"add", at.toIndex(i), sparse}, requireEntry(at, list, i))
		}
	}
}

const probe = "probe"

var numbered = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([0-9]+)([A-Za-z]*)$`) })

// otherValues returns values that may stand in the place of a scalar.
func otherValues(v any) []any {
	switch v := v.(type) {
	case bool:
		return []any{!v}
	case json.Number:
		if n, err := v.Int64(); err == nil && n != 0 {
			return []any{json.Number(strconv.FormatInt(n+1, 10)), json.Number("0")}
		}
		return []any{json.Number("1")}
	case string:
		if m := numbered().FindStringSubmatch(v); m != nil { // a quantity, or a time
			n, _ := strconv.Atoi(m[1])
			return []any{strconv.Itoa(n+1) + m[2]}
		}
		return []any{v + "-" + probe}
	}
	return []any{probe}
}

// otherEntry returns an entry for a list, after the example of one that is there.
func otherEntry(v any) any {
	m, ok := cloneValue(v).(map[string]any)
	if !ok {
		return otherValues(v)[0]
	}
	for _, key := range keys {
		if m[key] != nil {
			m[key] = otherValues(m[key])[0]
		}
	}
	return m
}

// sparseEntry returns an entry that has little in common with one of the list, or nil if there is no such: of a
// container, it's another one that has nothing but an image.
func sparseEntry(v any) any {
	m, ok := otherEntry(v).(map[string]any)
	if !ok || m["name"] == nil {
		return nil
	}
	sparse := map[string]any{"name": m["name"]}
	if m["image"] != nil {
		sparse["image"] = probe
	}
	if len(sparse) == len(m) {
		return nil
	}
	return sparse
}

// fieldType returns the type of a field in JSON, or nil.
func fieldType(t reflect.Type, key string) reflect.Type {
	for name, f := range jsonFields(t) {
		if name == key && key != "metadata" {
			return f
		}
	}
	return nil
}

// missingFields returns values for the fields that a mapping doesn't have.
func missingFields(t reflect.Type, m map[string]any) map[string][]any {
	missing := map[string][]any{}
	for key, f := range jsonFields(t) {
		if m[key] == nil && !slices.Contains(unvaried, key) {
			missing[key] = append(samples(f), reactions(key, f, m)...)
		}
	}
	return missing
}

// reactions returns values for a missing field to which a function may react, and not to others: a probe of a port of
// the container, and the protocol of apps in plain text.
func reactions(key string, t reflect.Type, m map[string]any) (all []any) {
	if key == "appProtocol" {
		return []any{"http"}
	}
	ports, _ := m["ports"].([]any)
	if t != reflect.TypeFor[*corev1.Probe]() {
		return nil
	}
	for _, p := range ports {
		entry, _ := p.(map[string]any)
		for _, port := range []any{entry["containerPort"], entry["name"]} {
			if port != nil {
				all = append(all, map[string]any{"httpGet": map[string]any{"port": port}},
					map[string]any{"tcpSocket": map[string]any{"port": port}})
			}
		}
	}
	return all
}

// unvaried are fields that the API server sets, and that no base has.
var unvaried = []string{"status", "ephemeralContainers", "clusterIP", "clusterIPs", "metadata", "kind", "apiVersion"}
