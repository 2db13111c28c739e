package config

import (
	"reflect"
	"regexp"
	"strings"
	"sync"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/pkg/config/field"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A speller writes what findings quote of a document in the spelling of the flat form.
type speller struct{ pattern string }

// snippet is a field and its value, as messages quote them: rebind: {port: 9201}.
var snippet = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\b([a-zA-Z][a-zA-Z0-9.]*): ` +
		`(\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}|\[(?:[^][]|\[[^][]*\])*\]|"[^"]*"|[^\s,;{}\[\]"]+)`)
})

// IsFlat reports whether the document is a ConfigMap with texts.
func (s *Sidecars) IsFlat() bool { return s.flat != nil }

// Respell writes what a finding quotes of the document in the spelling in which the document is written.
func (s *Sidecars) Respell(f *sidecar.Finding) {
	if s.flat == nil {
		return
	}
	inside := s.flat.fieldInside(f)
	if f.Object == (sidecar.Ref{}) {
		f.Field = s.flat.spellPath(f.Field)
	}
	f.Message, f.Hint = s.flat.spellText(f.Message, inside), s.flat.spellText(f.Hint, inside)
}

// fieldInside returns the path of the finding's field inside the pattern.
func (s *speller) fieldInside(f *sidecar.Finding) string {
	if f.Object != (sidecar.Ref{}) {
		return ""
	}
	return strings.TrimPrefix(strings.TrimPrefix(s.spellPath(f.Field), "data"), ".")
}

// spellPath writes the path of a field of the document as that of a key.
func (s *speller) spellPath(path string) string {
	for _, above := range []string{"spec.select", "spec.patterns", "spec"} {
		rest, in := strings.CutPrefix(path, above)
		if !in || rest != "" && rest[0] != '.' && rest[0] != '[' {
			continue
		}
		rest = strings.TrimPrefix(rest, "[0]")
		if above == "spec.patterns" {
			rest = s.spellEntryPath(rest)
		}
		return "data" + rest
	}
	return path
}

// spellEntryPath writes the path of a field of the entry, or of its pattern, as that of a key.
func (s *speller) spellEntryPath(path string) string {
	if path == ".name" {
		return ".sidecar"
	}
	rest, in := strings.CutPrefix(path, "."+s.pattern)
	if in && (rest == "" || rest[0] == '.' || rest[0] == '[') {
		return rest
	}
	return path
}

// spellText rewrites the fields that a text quotes. Those that aren't keys of the flat form stay.
func (s *speller) spellText(text, inside string) string {
	return snippet().ReplaceAllStringFunc(text, func(quoted string) string {
		m := snippet().FindStringSubmatch(quoted)
		value, err := yaml.Parse(m[2])
		if err != nil {
			return quoted
		}
		key := m[1]
		if key == s.pattern && value.YNode().Kind == yaml.MappingNode {
			key = ""
		} else if key = s.findKey(key, inside); key == "" {
			return quoted
		}
		words, ok := flatWords(key, value.YNode())
		if !ok {
			return quoted
		}
		return strings.Join(words, " ")
	})
}

// findKey returns the key of a field that a text names: one beside the finding's field or above it.
func (s *speller) findKey(name, inside string) string {
	var pattern reflect.Type
	if f := field.Find(patternFields(), s.pattern); f != nil {
		pattern = f.Type
	}
	for at := inside; at != ""; at = parentPath(at) {
		if pattern != nil && hasPath(pattern, at+"."+name) {
			return at + "." + name
		}
	}
	other := []reflect.Type{reflect.TypeFor[Entry](), reflect.TypeFor[Selector](), reflect.TypeFor[Spec]()}
	for _, t := range append([]reflect.Type{pattern}, other...) {
		if t != nil && hasPath(t, name) {
			return name
		}
	}
	return ""
}

// hasPath reports whether a type has a field at a path that a key of the flat form can name.
func hasPath(t reflect.Type, path string) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	first, rest, more := strings.Cut(path, ".")
	switch {
	case t.Kind() == reflect.Map:
		return !more
	case t.Kind() != reflect.Struct || field.IsLeaf(t):
		return false
	}
	f := field.Find(field.Of(t), first)
	return f != nil && (!more || hasPath(f.Type, rest))
}

// flatWords returns the words key=value for a value, unless it has a list of mappings.
func flatWords(key string, n *yaml.Node) (words []string, ok bool) {
	switch n.Kind {
	case yaml.ScalarNode:
		return []string{key + "=" + n.Value}, true
	case yaml.SequenceNode:
		items := make([]string, len(n.Content))
		for i, item := range n.Content {
			if items[i] = item.Value; item.Kind != yaml.ScalarNode {
				return nil, false
			}
		}
		return []string{key + "=" + strings.Join(items, ",")}, true
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			more, ok := flatWords(strings.TrimPrefix(key+"."+n.Content[i].Value, "."), n.Content[i+1])
			if !ok {
				return nil, false
			}
			words = append(words, more...)
		}
		return words, true
	}
	return nil, false
}
