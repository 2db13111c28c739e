package manifest

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Misnamed tells what is wrong with the object's name or namespace: the field, where
// it stands, and why it's none. Names are made of them, and paths; a field "" says
// that both are right. A name that the API server generates may be missing.
func (o *Object) Misnamed() (field string, line int, why string) {
	meta := o.withMeta().at("metadata")
	if name := meta.field("name").resolve(); name != nil || meta.field("generateName").str() == "" {
		if why := noName(name, ".", 253); why != "" {
			return "metadata.name", o.lineOf(name), why
		}
	}
	if space := meta.field("namespace").resolve(); space != nil && !space.isNull() && (space.kind != scalarNode || space.text() != "") {
		if why := noName(space, "", 63); why != "" {
			return "metadata.namespace", o.lineOf(space), why
		}
	}
	return "", 0, ""
}

func (o *Object) lineOf(n *node) int {
	if n == nil {
		return o.Line()
	}
	return o.text.line(n.start)
}

// noName tells why a value is no DNS label, or several with a separator between
// them, as the API server wants it
// (https://kubernetes.io/docs/concepts/overview/working-with-objects/names).
func noName(n *node, sep string, most int) string {
	switch {
	case n == nil:
		return "is missing"
	case n.kind == mappingNode:
		return "is a mapping, and no name"
	case n.kind == sequenceNode:
		return "is a list, and no name"
	case n.isNull():
		return "is null, and no name"
	case n.tag == tagInt || n.tag == tagFloat || n.tag == tagBool:
		return "is a number or a truth value to kubectl; put it into quotes"
	case n.text() == "":
		return "is empty"
	case len(n.text()) > most:
		return fmt.Sprintf("has %d letters, and %d are allowed", utf8.RuneCountInString(n.text()), most)
	case !labels(n.text(), sep):
		return "is no name: lower case letters, digits and dashes are allowed, and they begin and end with a letter or digit"
	}
	return ""
}

// labels reports whether a text is a DNS label, or several with sep between them.
func labels(text, sep string) bool {
	parts := []string{text}
	if sep != "" {
		parts = strings.Split(text, sep)
	}
	for _, p := range parts {
		if p == "" || p[0] == '-' || p[len(p)-1] == '-' || strings.ContainsFunc(p, noLabel) {
			return false
		}
	}
	return true
}

func noLabel(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' }
