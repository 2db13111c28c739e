package manifest

// isMerge reports whether a key merges other mappings into its own.
func (n *node) isMerge() bool { return n.kind == scalarNode && n.tag == tagMerge && n.value == "<<" }

// merges are the mappings that a merge key's value stands for, the one that wins first.
func (n *node) merges() []*node {
	if n = n.resolve(); n == nil || n.kind != sequenceNode {
		return []*node{n}
	}
	return n.vals
}

// merged is the value of a field that comes to a mapping by its merge keys, or nil.
func (n *node) merged(name string) (found *node) {
	if n == nil || n.kind != mappingNode || !n.hasMerge() {
		return nil
	}
	n.unfold(map[*node]bool{}, func(k, v *node) bool {
		if k.kind == scalarNode && k.value == name {
			found = v
		}
		return found == nil
	})
	return found
}

func (n *node) hasMerge() bool {
	for _, k := range n.keys {
		if k.isMerge() {
			return true
		}
	}
	return false
}

// fields are the fields of a mapping by name, its own first and then those that
// come to it by merge keys.
func (n *node) fields(yield func(string, *node) bool) {
	if !n.hasMerge() {
		for i, k := range n.keys {
			if !yield(k.value, n.vals[i]) {
				return
			}
		}
		return
	}
	seen := map[string]bool{}
	n.unfold(map[*node]bool{}, func(k, v *node) bool {
		if seen[k.value] {
			return true
		}
		seen[k.value] = true
		return yield(k.value, v)
	})
}

// unfold visits a mapping's own fields, and then those that are merged into it,
// the one that wins first. A mapping that was seen has nothing new.
func (n *node) unfold(seen map[*node]bool, visit func(k, v *node) bool) bool {
	if n == nil || n.kind != mappingNode || seen[n] {
		return true
	}
	seen[n] = true
	for i, k := range n.keys {
		if !k.isMerge() && !visit(k, n.vals[i]) {
			return false
		}
	}
	for i, k := range n.keys {
		if !k.isMerge() {
			continue
		}
		for _, m := range n.vals[i].merges() {
			if !m.resolve().unfold(seen, visit) {
				return false
			}
		}
	}
	return true
}
