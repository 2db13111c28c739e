// Package positioned reads YAML into nodes that know where they stand in the text:
// go.yaml.in's nodes know where values begin, and not where they end. Two readers
// make them. The fast one takes what kustomize and most people write, the full one
// everything that kyaml reads. Both give the same nodes for the same text.
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

// A Node is a YAML value and where it stands in the text. The YAML reader knows
// only where values begin, so we find their ends in the text.
type Node struct {
	Kind   Kind
	Flow   bool // a mapping or sequence in brackets
	Odd    bool // can be read but not edited: explicit keys, pairs without brackets
	bang   bool // has the tag "!"
	Start  int  // of the value's own text, after its tag and anchor
	End    int  // after its last byte; for block collections after that of the last entry
	Column int  // of a block mapping's keys or a block sequence's dashes, from the line's start
	Tag    string
	Value  string // of a scalar
	Style  yaml.Style
	Keys   []*Node // of a mapping
	Values []*Node // of a mapping or sequence
	Dashes []int   // where a block sequence's dashes stand
	Target *Node   // of an alias
	Users  int     // aliases of it
}

func (n *Node) IsNull() bool { return n.Kind == Scalar && n.Tag == TagNull }

// Field is the value of a mapping's field, its own or one that comes to it by a
// merge key; nil where there is none.
func (n *Node) Field(name string) *Node {
	if i := n.FieldIndex(name); i >= 0 {
		return n.Values[i]
	}
	return n.mergedField(name)
}

// FieldIndex is the place of a mapping's own field, or -1.
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

// IsShared reports whether n, or something in it, is used elsewhere through an
// anchor.
func (n *Node) IsShared() bool {
	return n.Users > 0 || slices.ContainsFunc(n.Values, (*Node).IsShared)
}

// At follows fields down; nil where one is missing. Aliases are followed.
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

// ScalarText is the value of a scalar, or "".
func (n *Node) ScalarText() string {
	if n = n.Resolve(); n == nil || n.Kind != Scalar || n.IsNull() {
		return ""
	}
	return n.DecodedText()
}

// DecodedText is what a scalar stands for, as text.
func (n *Node) DecodedText() string {
	if n.Tag == TagBinary {
		if b, err := base64.StdEncoding.DecodeString(n.Value); err == nil {
			return strings.ToValidUTF8(string(b), "\ufffd")
		}
	}
	return n.Value
}

// IsJSON reports whether what is written into the text must be JSON.
func (n *Node) IsJSON() bool {
	return n.Flow && (len(n.Keys) == 0 || n.Keys[0].Style&yaml.DoubleQuotedStyle != 0)
}

// HasBinary reports whether a value in n is written in base64.
func (n *Node) HasBinary() bool {
	return n.Tag == TagBinary || slices.ContainsFunc(n.Values, (*Node).HasBinary)
}

// TypeName is what a reader of YAML 1.1 too takes for the text of an apiVersion or
// a kind, or "".
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
