package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/manifest/split"
	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// WithMetadata adds a namespace and labels that a manifest doesn't have. The order of its
// fields stays.
func WithMetadata(raw json.RawMessage, namespace string, labels map[string]string) (json.RawMessage, error) {
	v, err := values.DecodeJSON(raw)
	if err != nil {
		return nil, err
	}
	m, ok := v.(values.Map)
	meta, _ := m.Get("metadata").(values.Map)
	if !ok || meta.Get("name") == nil {
		return nil, errors.New("an object to emit has no metadata.name")
	}
	if namespace != "" && meta.Get("namespace") == nil {
		i := slices.IndexFunc(meta, func(e values.Entry) bool { return e.Key == "name" })
		meta = slices.Insert(slices.Clone(meta), i+1, values.Entry{Key: "namespace", Value: namespace})
		m = m.WithField(meta, "metadata")
	}
	return rawOf(withMissing(m, "labels", labels)), nil
}

// WithAnnotations adds annotations that a manifest doesn't have.
func WithAnnotations(raw json.RawMessage, annotations map[string]string) (json.RawMessage, error) {
	v, err := values.DecodeJSON(raw)
	if err != nil {
		return nil, err
	}
	m, ok := v.(values.Map)
	if !ok {
		return nil, errors.New("an object to emit isn't a mapping")
	}
	return rawOf(withMissing(m, "annotations", annotations)), nil
}

// withMissing adds the entries to a mapping of the metadata that it doesn't have.
func withMissing(m values.Map, field string, entries map[string]string) values.Map {
	meta, _ := m.Get("metadata").(values.Map)
	have, _ := meta.Get(field).(values.Map)
	for _, k := range slices.Sorted(maps.Keys(entries)) {
		if have.Get(k) == nil {
			m = m.WithField(entries[k], "metadata", field, k)
		}
	}
	return m
}

// rawOf returns a value as JSON.
func rawOf(v any) json.RawMessage { return json.RawMessage(values.FormatFlow(v, true)) }

// CheckName checks the object's name and namespace, from which names and paths are made. It
// returns the invalid field, its line and the reason; field is "" if both are valid. A
// name that the API server generates may be missing.
func (o *Object) CheckName() (field string, line int, why string) {
	meta := o.withMeta().At("metadata")
	if o.IsGenerated() {
		if stem := meta.At("generateName"); !isDNSName(stem.ScalarText()+"x", ".") {
			return "metadata.generateName", o.lineOf(stem), "can't begin a name: lower case letters, digits, dashes and dots " +
				"are allowed, and it begins with a letter or digit"
		}
	} else {
		name := meta.Field("name").Resolve()
		if why := explainName(name, ".", 253); why != "" {
			return "metadata.name", o.lineOf(name), why
		}
	}
	space := meta.Field("namespace").Resolve()
	if space != nil && !space.IsNull() && (space.Kind != positioned.Scalar || space.DecodedText() != "") {
		if why := explainName(space, "", 63); why != "" {
			return "metadata.namespace", o.lineOf(space), why
		}
	}
	return "", 0, ""
}

func (o *Object) lineOf(n *positioned.Node) int {
	if n == nil {
		return o.Line()
	}
	return o.text.lines.LineNumber(n.Start)
}

// explainName says why a value isn't a DNS label, or several with a separator between
// them, as the API server requires
// (https://kubernetes.io/docs/concepts/overview/working-with-objects/names).
func explainName(n *positioned.Node, sep string, most int) string {
	switch {
	case n == nil:
		return "is missing"
	case n.Kind == positioned.Mapping:
		return "is a mapping, and no name"
	case n.Kind == positioned.Sequence:
		return "is a list, and no name"
	case n.IsNull():
		return "is null, and no name"
	case n.Tag == positioned.TagInt || n.Tag == positioned.TagFloat || n.Tag == positioned.TagBool:
		return "is a number or a truth value to kubectl; put it into quotes"
	case n.DecodedText() == "":
		return "is empty"
	case len(n.DecodedText()) > most:
		return fmt.Sprintf("has %d letters, and %d are allowed", utf8.RuneCountInString(n.DecodedText()), most)
	case !isDNSName(n.DecodedText(), sep):
		return "is no name: lower case letters, digits and dashes are allowed, and they begin and end with a letter or digit"
	}
	return ""
}

// isDNSName reports whether a text is a DNS label, or several with sep between them.
func isDNSName(text, sep string) bool {
	parts := []string{text}
	if sep != "" {
		parts = strings.Split(text, sep)
	}
	for _, p := range parts {
		if p == "" || p[0] == '-' || p[len(p)-1] == '-' || strings.ContainsFunc(p, isForeignRune) {
			return false
		}
	}
	return true
}

func isForeignRune(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' }

// known are the annotations, and another field of metadata, that are asked for on every object: split looks out for
// them. The last is a prefix.
var known = []string{
	"generateName",
	pathAnnotation, legacyPathAnnotation, indexAnnotation, legacyIndexAnnotation, packageAnnotation, localAnnotation,
	originAnnotation, kustomizeAnnotation, previousNames, previousNamespaces, needsHash, ids[0], ids[1],
	selectionAnnotations[0], selectionAnnotations[1], OwnerKey, contentKey, recordKey, carriedKey,
	sidecar.PatternsKey, sidecar.ContainersKey, sidecar.HelmHookKey, sidecar.ArgoHookKey, formerPrefix,
}

// knownBits returns the bits of an annotation, or 0.
func knownBits(key string) uint64 {
	for i, k := range known {
		if k == key || k == formerPrefix && strings.HasPrefix(key, formerPrefix) {
			return 1 << i
		}
	}
	return 0
}

// noteKnown notes which of the known annotations an object certainly doesn't have.
func (o *Object) noteKnown(h *split.Head) {
	if o.lacks = 0; !h.Unsure {
		o.lacks = ^h.Known
	}
}

// lacksKnown reports whether an object certainly lacks an annotation.
func (o *Object) lacksKnown(key string) bool { return o.lacks&knownBits(key) != 0 }

// mayAnnotate reports whether an object of the text may have an annotation.
func (t *Text) mayAnnotate(key string) bool {
	bit := knownBits(key)
	for _, o := range t.Objects {
		if o.lacks&bit == 0 {
			return t.containsWord(key)
		}
	}
	return false
}
