package positioned

import (
	"fmt"
)

// A checker finds YAML that programs read differently, or that only some can read: kubectl
// and kustomize may see other values in it. Its errors name the line and never a field,
// since the name of a field in a Secret may be secret.
type checker struct {
	*Lines
	left int // number of fields that merge keys may still add
}

// Check returns an error for the first such place below n.
func (n *Node) Check(l *Lines) error {
	c := checker{Lines: l, left: maxValues}
	return c.checkNode(n)
}

func (c *checker) errorAt(n *Node, format string, args ...any) error {
	return fmt.Errorf("line %d: %s", c.LineNumber(n.Start), fmt.Sprintf(format, args...))
}

func (c *checker) checkNode(n *Node) error {
	switch {
	case n.bang:
		return c.errorAt(n, `the tag "!" means one thing to kubectl and another to others; leave it out`)
	case n.Kind == Alias && n.Target == nil:
		return c.errorAt(n, "has an alias to nothing")
	case n.Kind == Alias && n.Odd:
		return c.errorAt(n, "holds itself by an alias")
	case n.Kind == Mapping:
		if err := c.checkMapping(n); err != nil {
			return err
		}
	}
	for _, v := range n.Values {
		if err := c.checkNode(v); err != nil {
			return err
		}
	}
	return nil
}

// fewKeys are so few that comparing each with all others takes less than a map.
const fewKeys = 12

// hasPlainKeys reports whether a mapping has nothing but different keys of text.
func (n *Node) hasPlainKeys() bool {
	for i, k := range n.Keys {
		if k.Kind != Scalar || k.Tag != TagString || k.bang || k.Value == "<<" {
			return false
		}
		for _, before := range n.Keys[:i] {
			if before.Value == k.Value {
				return false
			}
		}
	}
	return true
}

// checkMapping checks a mapping's keys.
func (c *checker) checkMapping(n *Node) error {
	if len(n.Keys) <= fewKeys && n.hasPlainKeys() {
		return nil
	}
	seen := make(map[string]bool, len(n.Keys))
	for i, k := range n.Keys {
		switch {
		case k.Kind == Alias:
			return c.errorAt(k, "a field's name is an alias; write it out")
		case k.Kind != Scalar:
			return c.errorAt(k, "a field's name is no text; write one")
		case k.Tag == TagBinary:
			return c.errorAt(k, "a field's name is tagged !!binary; write it as text")
		case k.bang:
			return c.checkNode(k)
		case seen[k.Value]:
			return c.errorAt(k, "a field stands here that its mapping has already in line %d; keep one",
				c.LineNumber(n.Keys[n.FieldIndex(k.Value)].Start))
		case k.isMerge():
			if err := c.checkMerge(n, n.Values[i], seen); err != nil {
				return err
			}
		}
		seen[k.Value] = true
	}
	return nil
}

// checkMerge checks the value of a merge key of a mapping; before has the fields in front of
// it. Programs agree only on fields behind it.
func (c *checker) checkMerge(n, v *Node, before map[string]bool) (err error) {
	if to := v.Resolve(); to == nil || v.Kind == Alias && to.Kind != Mapping {
		return c.errorAt(v, "merges something that is no mapping")
	}
	for _, m := range v.mergedMappings() {
		to := m.Resolve()
		if to == nil || to.Kind != Mapping {
			return c.errorAt(v, "merges something that is no mapping")
		}
		to.visitFields(map[*Node]bool{}, func(k, _ *Node) bool {
			switch c.left--; {
			case c.left < 0:
				err = c.errorAt(v, "merge keys bring more than a million fields")
			case before[k.Value]:
				err = c.errorAt(v, "the merge key brings a field that stands in front of it, in line %d: "+
					"which of them counts depends on the reader; write that one behind",
					c.LineNumber(n.Keys[n.FieldIndex(k.Value)].Start))
			}
			return err == nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
