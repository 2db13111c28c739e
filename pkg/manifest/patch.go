package manifest

import (
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A patch is the edits of one object as a tree: what is to be at one step of a
// path and below it.
type patch struct {
	step   sidecar.Step
	set    bool
	value  any
	delete bool
	before string
	by     sidecar.Path // what takes the place of what is deleted
	part   string       // see sidecar.Edit
	below  []*patch
}

// plan makes a tree of edits; their order is kept.
func plan(edits []sidecar.Edit) (*patch, error) {
	root := &patch{}
	for _, e := range edits {
		p := root
		for _, s := range e.Path {
			p = p.child(s)
		}
		v, err := valueOf(e.Value)
		if err != nil {
			return nil, err
		}
		p.set, p.value, p.delete, p.before, p.by, p.part = !e.Delete, v, e.Delete, e.Before, e.By, e.Part
	}
	return root, nil
}

func (p *patch) child(s sidecar.Step) *patch {
	for _, c := range p.below {
		if c.step == s {
			return c
		}
	}
	c := &patch{step: s}
	p.below = append(p.below, c)
	return c
}

// taker is what takes the place of what goes by p: an entry, or all of a list's.
func (p *patch) taker() sidecar.Path {
	for _, c := range p.below {
		if by := c.taker(); by != nil {
			return by
		}
	}
	return p.by
}

// orphan is the first entry of a list that p goes through without setting it:
// where it isn't there, there's nothing to go through.
func (p *patch) orphan() *patch {
	if p.set || p.delete {
		return nil
	}
	if p.step.Field == "" && p.step.Key != "" {
		return p
	}
	for _, c := range p.below {
		if o := c.orphan(); o != nil {
			return o
		}
	}
	return nil
}

// whole is the value of a patch for which nothing is there yet; none where it
// only deletes.
func (p *patch) whole() (v any, some bool) {
	if p.set {
		return p.value, true
	}
	var m ordered
	var list []any
	for _, c := range p.below {
		v, some := c.whole()
		switch {
		case !some:
		case c.step.Field != "":
			m = append(m, entry{c.step.Field, v})
		default:
			list = append(list, v)
		}
	}
	if list != nil {
		return list, true
	}
	return m, m != nil
}

// leaves calls f for each value set in the tree.
func (p *patch) leaves(path sidecar.Path, f func(sidecar.Path, *patch)) {
	if p.set {
		f(path, p)
	}
	for _, c := range p.below {
		c.leaves(append(path[:len(path):len(path)], c.step), f)
	}
}

// find is the place of a step's entry in a collection, or -1.
func find(n *node, s sidecar.Step) int {
	n = n.resolve()
	if n == nil {
		return -1
	}
	if s.Field != "" {
		return n.index(s.Field)
	}
	if n.kind != sequenceNode {
		return -1
	}
	for i, v := range n.vals {
		if have, ok := keyOf(v, s.Key); ok && have == s.Value {
			return i
		}
	}
	return -1
}

// keyOf is the value of the key that an entry of a list is named by. Ports of
// several protocols may have one number: those that aren't TCP have the protocol
// behind it, as in 53/UDP.
func keyOf(v *node, key string) (string, bool) {
	v = v.resolve()
	if key == "." {
		return v.str(), v != nil && v.kind == scalarNode
	}
	k := v.field(key).resolve()
	if k == nil {
		return "", false
	}
	if protocol := v.field("protocol").str(); sidecar.IsPortKey(key) && protocol != "" && protocol != "TCP" {
		return k.str() + "/" + protocol, true
	}
	return k.str(), true
}

// reach follows a path, through merge keys too; nil where it leads to nothing. What
// it finds may stand elsewhere: it's to be read, and not to be edited.
func reach(n *node, path sidecar.Path) *node {
	for _, s := range path {
		switch n = n.resolve(); {
		case n == nil:
			return nil
		case s.Field != "":
			n = n.field(s.Field)
		default:
			i := find(n, s)
			if i < 0 {
				return nil
			}
			n = n.vals[i]
		}
	}
	return n
}

// locate follows a path to what stands there; nil where nothing does.
func locate(n *node, path sidecar.Path) *node {
	for _, s := range path {
		i := find(n, s)
		if i < 0 {
			return nil
		}
		n = n.resolve().vals[i]
	}
	return n
}
