package generate

import (
	"slices"
	"strconv"
	"strings"
)

// A Node is a YAML value together with how it's going to be written.
type Node struct {
	kind    kind
	value   string   // of a string, before it's quoted
	text    string   // of a scalar, as it's written; the header of a block scalar
	body    []string // of a block scalar
	entries []*Entry // of a mapping or list
	flow    bool     // in brackets
	broken  bool     // in brackets that stand on several lines
	prefix  string   // an anchor or tag in front
	fixed   bool     // the styles leave it, and what is below, alone
}

type kind uint8

const (
	plainKind  kind = iota // a scalar whose text is given
	stringKind             // a scalar that the styles may quote
	mapKind
	listKind
)

// An Entry is one of a mapping or list, with the comments around it.
type Entry struct {
	key    string
	quote  string // around the key
	value  *Node
	above  []comment
	behind string // a comment on the same line, with the blanks before it
	below  []comment
	own    bool      // of a list: the dash stands on a line of its own
	low    bool      // of a mapping: a plain value stands on the line below its key
	over   []comment // between the key and such a value
}

// A comment is a whole line; an empty text is a blank line.
type comment struct {
	text string
	left bool // at the start of the line, whatever is around
}

// str is a string; the styles find a way to write it.
func str(s string) *Node { return &Node{kind: stringKind, value: s} }

// raw is a scalar written just so.
func raw(text string) *Node { return &Node{text: text} }

func num[T ~int | ~int32](n T) *Node { return raw(strconv.Itoa(int(n))) }

// block is a block scalar.
func block(header string, body ...string) *Node { return &Node{text: header, body: body} }

// dict is a mapping of keys and values in turn. Values are Nodes or strings; nil
// leaves the entry out.
func dict(pairs ...any) *Node {
	n := &Node{kind: mapKind}
	for i := 0; i < len(pairs); i += 2 {
		n.set(pairs[i].(string), pairs[i+1])
	}
	return n
}

// object is a manifest: the fields that each has, and more of them.
func object(apiVersion, kind string, metadata *Node, more ...any) *Node {
	return dict(append([]any{"apiVersion", apiVersion, "kind", kind, "metadata", metadata}, more...)...)
}

// list is a list of Nodes or strings.
func list(items ...any) *Node {
	n := &Node{kind: listKind}
	for _, v := range items {
		n.add(v)
	}
	return n
}

// drop takes an entry out.
func (n *Node) drop(key string) {
	n.entries = slices.DeleteFunc(n.entries, func(e *Entry) bool { return e.key == key })
}

// set puts an entry at the end, or in the place of the one of that key.
func (n *Node) set(key string, v any) {
	value := nodeOf(v)
	if value == nil {
		return
	}
	for _, e := range n.entries {
		if e.key == key {
			e.value = value
			return
		}
	}
	n.entries = append(n.entries, &Entry{key: key, value: value})
}

func (n *Node) add(v any) {
	if value := nodeOf(v); value != nil {
		n.entries = append(n.entries, &Entry{value: value})
	}
}

func nodeOf(v any) *Node {
	switch v := v.(type) {
	case string:
		return str(v)
	case *Node:
		return v
	}
	return nil
}

// at is the value below keys, or nil.
func (n *Node) at(keys ...string) *Node {
next:
	for _, k := range keys {
		for _, e := range n.entries {
			if e.key == k {
				n = e.value
				continue next
			}
		}
		return nil
	}
	return n
}

// clone is a copy that shares nothing.
func (n *Node) clone() *Node {
	out := *n
	out.entries = slices.Clone(n.entries)
	for i, e := range n.entries {
		out.entries[i] = new(*e)
		out.entries[i].value = e.value.clone()
	}
	return &out
}

// walk visits n and all below it.
func (n *Node) walk(f func(*Node)) {
	f(n)
	for _, e := range n.entries {
		e.value.walk(f)
	}
}

// isEmpty reports whether n is a way to write that there are no entries.
func (n *Node) isEmpty() bool {
	switch strings.ToLower(n.text) {
	case "[]", "{}", "[ ]", "{ }", "null", "~":
		return true
	}
	return n.isCollection() && len(n.entries) == 0
}

func (n *Node) isCollection() bool { return n.kind == mapKind || n.kind == listKind }
