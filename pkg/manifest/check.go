package manifest

import "fmt"

// A checker looks for what readers of YAML take differently, or what only some of
// them can read: what kubectl and kustomize would see can't be told from it. It says
// where, and never a field's name: in a Secret that may be what is secret.
type checker struct {
	*lines
	left int // fields that merge keys may still bring
}

// check reports the first such place below n.
func (n *node) check(l *lines) error {
	c := checker{lines: l, left: maxValues}
	return c.node(n)
}

func (c *checker) errorf(n *node, format string, args ...any) error {
	return fmt.Errorf("line %d: %s", c.line(n.start), fmt.Sprintf(format, args...))
}

func (c *checker) node(n *node) error {
	switch {
	case n.bang:
		return c.errorf(n, `the tag "!" means one thing to kubectl and another to others; leave it out`)
	case n.kind == aliasNode && n.to == nil:
		return c.errorf(n, "has an alias to nothing")
	case n.kind == aliasNode && n.odd:
		return c.errorf(n, "holds itself by an alias")
	case n.kind == mappingNode:
		if err := c.mapping(n); err != nil {
			return err
		}
	}
	for _, v := range n.vals {
		if err := c.node(v); err != nil {
			return err
		}
	}
	return nil
}

// mapping checks a mapping's keys.
func (c *checker) mapping(n *node) error {
	seen := make(map[string]bool, len(n.keys))
	for i, k := range n.keys {
		switch {
		case k.kind == aliasNode:
			return c.errorf(k, "a field's name is an alias; write it out")
		case k.kind != scalarNode:
			return c.errorf(k, "a field's name is no text; write one")
		case k.tag == tagBinary:
			return c.errorf(k, "a field's name is tagged !!binary; write it as text")
		case k.bang:
			return c.node(k)
		case seen[k.value]:
			return c.errorf(k, "a field stands here that its mapping has already in line %d; keep one", c.line(n.keys[n.index(k.value)].start))
		case k.isMerge():
			if err := c.merge(n, n.vals[i], seen); err != nil {
				return err
			}
		}
		seen[k.value] = true
	}
	return nil
}

// merge checks the value of a merge key of a mapping; before are the fields in front of
// it. Readers agree only on what stands behind it.
func (c *checker) merge(n, v *node, before map[string]bool) (err error) {
	if to := v.resolve(); to == nil || v.kind == aliasNode && to.kind != mappingNode {
		return c.errorf(v, "merges something that is no mapping")
	}
	for _, m := range v.merges() {
		to := m.resolve()
		if to == nil || to.kind != mappingNode {
			return c.errorf(v, "merges something that is no mapping")
		}
		to.unfold(map[*node]bool{}, func(k, _ *node) bool {
			switch c.left--; {
			case c.left < 0:
				err = c.errorf(v, "merge keys bring more than a million fields")
			case before[k.value]:
				err = c.errorf(v, "the merge key brings a field that stands in front of it, in line %d: which of them counts depends on the reader; write that one behind",
					c.line(n.keys[n.index(k.value)].start))
			}
			return err == nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
