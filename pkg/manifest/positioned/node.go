// Package positioned reads YAML into nodes with the start and end of their text: nodes of
// go.yaml.in only have a start. There are two readers. The fast one reads what kustomize and
// most people write, the full one everything that kyaml reads. Both give the same nodes
// for the same text.
package positioned

import (
	"encoding/base64"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

type Kind uint8

const (
	Scalar Kind = iota
	Mapping
	Sequence
	Alias
)

// A Node is a YAML value with its place in the text. The YAML reader gives only the start of
// a value, so we search for the end.
type Node struct {
	Kind   Kind
	Flow   bool // a mapping or sequence in brackets
	Odd    bool // it can be read but not edited: explicit keys, pairs without brackets
	bang   bool // it has the tag "!"
	Start  int  // of the value's own text, after its tag and anchor
	End    int  // after its last byte; for block collections after that of the last entry
	Column int  // of a block mapping's keys or a block sequence's dashes, from the line's start
	Tag    string
	Value  string // of a scalar
	Style  yaml.Style
	Keys   []*Node // of a mapping
	Values []*Node // of a mapping or sequence
	Dashes []int   // offsets of a block sequence's dashes
	Target *Node   // of an alias
	Users  int     // number of aliases of it
}

func (n *Node) IsNull() bool { return n.Kind == Scalar && n.Tag == TagNull }

// Field returns the value of a mapping's field, which may come from a merge key; nil if there
// is none.
func (n *Node) Field(name string) *Node {
	if i := n.FieldIndex(name); i >= 0 {
		return n.Values[i]
	}
	return n.mergedField(name)
}

// FieldIndex returns the index of a mapping's own field, or -1.
func (n *Node) FieldIndex(name string) int {
	if n == nil || n.Kind != Mapping {
		return -1
	}
	for i, k := range n.Keys {
		if k.Kind == Scalar && k.Value == name {
			return i
		}
	}
	return -1
}

// IsShared reports whether n, or a node in it, has an alias.
func (n *Node) IsShared() bool {
	return n.Users > 0 || slices.ContainsFunc(n.Values, (*Node).IsShared)
}

// At follows fields and aliases. It returns nil if a field is missing.
func (n *Node) At(fields ...string) *Node {
	for _, f := range fields {
		n = n.Resolve().Field(f)
	}
	return n.Resolve()
}

func (n *Node) Resolve() *Node {
	if n != nil && n.Kind == Alias {
		return n.Target
	}
	return n
}

// ScalarText returns the value of a scalar, or "".
func (n *Node) ScalarText() string {
	if n = n.Resolve(); n == nil || n.Kind != Scalar || n.IsNull() {
		return ""
	}
	return n.DecodedText()
}

// DecodedText returns the decoded value of a scalar as text.
func (n *Node) DecodedText() string {
	if n.Tag == TagBinary {
		if b, err := base64.StdEncoding.DecodeString(n.Value); err == nil {
			return strings.ToValidUTF8(string(b), "\ufffd")
		}
	}
	return n.Value
}

// IsJSON reports whether the text is JSON, so that new values must be JSON.
func (n *Node) IsJSON() bool {
	return n.Flow && (len(n.Keys) == 0 || n.Keys[0].Style&yaml.DoubleQuotedStyle != 0)
}

// HasBinary reports whether a value in n is in base64.
func (n *Node) HasBinary() bool {
	return n.Tag == TagBinary || slices.ContainsFunc(n.Values, (*Node).HasBinary)
}

// TypeName returns the text of an apiVersion or kind if readers of YAML 1.1 also treat it as
// a string, or "".
func (n *Node) TypeName() string {
	if n = n.Resolve(); n == nil || n.Kind != Scalar {
		return ""
	}
	switch n.Tag {
	case TagNull, TagBool, TagInt, TagFloat:
		return ""
	}
	if n.Style == 0 {
		switch strings.ToLower(n.Value) {
		case "y", "n", "yes", "no", "on", "off":
			return ""
		}
	}
	return n.DecodedText()
}
