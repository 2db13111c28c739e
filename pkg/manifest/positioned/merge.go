package positioned

// isMerge reports whether a key merges other mappings into its own.
func (n *Node) isMerge() bool { return n.Kind == Scalar && n.Tag == TagMerge && n.Value == "<<" }

// mergedMappings returns the mappings of a merge key's value, by precedence.
func (n *Node) mergedMappings() []*Node {
	if n = n.Resolve(); n == nil || n.Kind != Sequence {
		return []*Node{n}
	}
	return n.Values
}

// mergedField returns the value of a field that a mapping gets from its merge keys, or nil.
func (n *Node) mergedField(name string) (found *Node) {
	if n == nil || n.Kind != Mapping || !n.hasMerge() {
		return nil
	}
	n.visitFields(map[*Node]bool{}, func(k, v *Node) bool {
		if k.Kind == Scalar && k.Value == name {
			found = v
		}
		return found == nil
	})
	return found
}

func (n *Node) hasMerge() bool {
	for _, k := range n.Keys {
		if k.isMerge() {
			return true
		}
	}
	return false
}

// EachField visits the fields of a mapping: its own ones, then those of merge keys.
func (n *Node) EachField(yield func(string, *Node) bool) {
	if !n.hasMerge() {
		for i, k := range n.Keys {
			if !yield(k.Value, n.Values[i]) {
				return
			}
		}
		return
	}
	seen := map[string]bool{}
	n.visitFields(map[*Node]bool{}, func(k, v *Node) bool {
		if seen[k.Value] {
			return true
		}
		seen[k.Value] = true
		return yield(k.Value, v)
	})
}

// visitFields visits a mapping's own fields, and then merged ones by precedence. It visits a
// mapping only once.
func (n *Node) visitFields(seen map[*Node]bool, visit func(k, v *Node) bool) bool {
	if n == nil || n.Kind != Mapping || seen[n] {
		return true
	}
	seen[n] = true
	for i, k := range n.Keys {
		if !k.isMerge() && !visit(k, n.Values[i]) {
			return false
		}
	}
	for i, k := range n.Keys {
		if !k.isMerge() {
			continue
		}
		for _, m := range n.Values[i].mergedMappings() {
			if !m.Resolve().visitFields(seen, visit) {
				return false
			}
		}
	}
	return true
}
