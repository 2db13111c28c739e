package eject

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
)

// passing is an annotation that objects have between the first patch and the last: so they have annotations that can be
// tested.
const passing = "outrigger.dev/passing"

// formatFiles returns the files of the Component.
func (c *component) formatFiles(header string) (map[string]string, error) {
	files := map[string]string{}
	var patches, generators, resources []any
	for i, p := range c.patches {
		if p.isEmpty() {
			continue
		}
		o := c.base[i]
		name := fileName(o)
		if files[name] != "" {
			return nil, &Unsayable{nameObject(o), "would share a file with another object", "give it another name"}
		}
		text, err := p.format()
		if err != nil {
			return nil, err
		}
		files[name] = header + text
		first, err := formatDocument(firstPatch(o))
		if err != nil {
			return nil, err
		}
		patches = append(patches, map[string]any{"patch": first}, map[string]any{"path": name, "target": targetOf(o)})
	}
	var objects strings.Builder
	for _, o := range c.added {
		if isHashed(o) {
			generators = append(generators, generatorOf(o, files))
			continue
		}
		text, err := formatDocument(tidyObject(o))
		if err != nil {
			return nil, err
		}
		objects.WriteString("---\n" + text)
	}
	if objects.Len() > 0 {
		files["objects.yaml"] = header + objects.String()
		resources = append(resources, "objects.yaml")
	}
	k := values.Map{{Key: "apiVersion", Value: "kustomize.config.k8s.io/v1alpha1"}, {Key: "kind", Value: "Component"}}
	if fields := c.nameReferences(); fields != nil {
		text, err := formatDocument(map[string]any{"nameReference": []any{
			map[string]any{"kind": "ConfigMap", "version": "v1", "fieldSpecs": fields}}})
		if err != nil {
			return nil, err
		}
		files["name-references.yaml"] = header + text
		k = append(k, values.Entry{Key: "configurations", Value: []any{"name-references.yaml"}})
	}
	for _, e := range []struct {
		Key   string
		Value []any
	}{{"resources", resources}, {"configMapGenerator", generators}, {"patches", patches}} {
		if len(e.Value) > 0 {
			v, err := orderValue(e.Value)
			if err != nil {
				return nil, err
			}
			k = append(k, values.Entry{Key: e.Key, Value: v})
		}
	}
	files["kustomization.yaml"] = header + style.FormatMapping(k, 0) + "\n"
	return files, nil
}

var style = values.Style{Indent: 2, Newline: "\n"}

// orderValue returns a value as it can be written.
func orderValue(v any) (any, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return values.DecodeJSON(raw)
}

func formatDocument(o map[string]any) (string, error) {
	v, err := orderValue(o)
	if err != nil {
		return "", err
	}
	return style.FormatMapping(v.(values.Map), 0) + "\n", nil
}

// firstPatch returns a patch that fails if the object isn't there. Patches with a target don't.
func firstPatch(o Object) Object {
	meta := map[string]any{"name": textAt(o, "metadata", "name"), "annotations": map[string]any{passing: "true"}}
	if ns := textAt(o, "metadata", "namespace"); ns != "" {
		meta["namespace"] = ns
	}
	return Object{"apiVersion": o["apiVersion"], "kind": o["kind"], "metadata": meta}
}

// targetOf returns the selector of one object. Its fields are regular expressions.
func targetOf(o Object) Object {
	group, version, grouped := strings.Cut(textAt(o, "apiVersion"), "/")
	if !grouped {
		group, version = "", group
	}
	target := Object{"version": version, "kind": o["kind"], "name": regexp.QuoteMeta(textAt(o, "metadata", "name"))}
	if group != "" {
		target["group"] = regexp.QuoteMeta(group)
	}
	if ns := textAt(o, "metadata", "namespace"); ns != "" {
		target["namespace"] = regexp.QuoteMeta(ns)
	}
	return target
}

func fileName(o Object) string {
	parts := []string{textAt(o, "kind"), textAt(o, "metadata", "namespace"), textAt(o, "metadata", "name")}
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	return strings.ToLower(strings.Join(parts, "-")) + ".yaml"
}

// format writes the patch as YAML.
func (p *patch) format() (string, error) {
	last := operation{"remove", notesPlace.to(passing), nil}
	var b strings.Builder
	for _, s := range slices.Concat(p.tests, p.changes, []operation{last}) {
		m := values.Map{{Key: "op", Value: s.op}, {Key: "path", Value: s.at.pointer()}}
		switch s.op {
		case "move":
			m = append(m, values.Entry{Key: "from", Value: s.at.pointer()})
		case "add", "replace", "test":
			v, err := orderValue(s.value)
			if err != nil {
				return "", err
			}
			m = append(m, values.Entry{Key: "value", Value: v})
		}
		fmt.Fprintf(&b, "%s\n", style.FormatItem(m, 0))
	}
	return b.String(), nil
}

// generatorOf returns the generator of a ConfigMap whose name gets a hash, and writes its content into files.
func generatorOf(o Object, files map[string]string) Object {
	name := textAt(o, "metadata", "name")
	g := Object{"name": name}
	if ns := textAt(o, "metadata", "namespace"); ns != "" {
		g["namespace"] = ns
	}
	data, _ := o["data"].(map[string]any)
	var from []any
	for _, key := range sortedKeys(data) {
		file := strings.TrimSuffix(fileName(o), ".yaml") + "/" + key
		files[file], _ = data[key].(string)
		from = append(from, key+"="+file)
	}
	g["files"] = from
	meta, _ := tidyObject(o)["metadata"].(map[string]any)
	options := Object{}
	for _, field := range []string{"labels", "annotations"} {
		if meta[field] != nil {
			options[field] = meta[field]
		}
	}
	if len(options) > 0 {
		g["options"] = options
	}
	return g
}

// builtinGroups are those whose references kustomize knows.
var builtinGroups = []string{"", "apps", "batch"}

// nameReferences returns where custom kinds have names of ConfigMaps that are added: a prefix must reach them.
func (c *component) nameReferences() (fields []any) {
	names := map[string]bool{}
	for _, o := range c.added {
		if textAt(o, "kind") == "ConfigMap" {
			names[textAt(o, "metadata", "name")] = true
		}
	}
	for i, p := range c.patches {
		group, _, grouped := strings.Cut(textAt(c.base[i], "apiVersion"), "/")
		if !grouped {
			group = ""
		}
		if slices.Contains(builtinGroups, group) {
			continue
		}
		for _, s := range p.changes {
			findNames(s.at, s.value, names, func(at place) {
				field := map[string]any{"kind": c.base[i]["kind"], "path": fieldPath(at)}
				if !slices.ContainsFunc(fields, func(f any) bool { return equalValues(f, any(field)) }) {
					fields = append(fields, field)
				}
			})
		}
	}
	return fields
}

// findNames visits the references to ConfigMaps below a place.
func findNames(at place, v any, names map[string]bool, visit func(place)) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range sortedKeys(v) {
			findNames(at.to(key), v[key], names, visit)
		}
	case []any:
		for i := range v {
			findNames(at.toIndex(i), v[i], names, visit)
		}
	case string:
		if n := len(at); n > 1 && names[v] && at[n-1] == "name" && strings.HasPrefix(at[n-2], "configMap") {
			visit(at)
		}
	}
}

var index = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([0-9]+|-)$`) })

// fieldPath returns a place as kustomize writes it, without indexes.
func fieldPath(at place) string {
	fields := slices.DeleteFunc(slices.Clone(at), func(s string) bool { return index().MatchString(s) })
	return strings.Join(fields, "/")
}
