package generate

// nothing is one of the ways to write that there are no entries.
func (r random) nothing(k kind) *Node {
	if k == mapKind {
		return raw(pick(r, "{}", "{}", "{ }", "", "null", "~"))
	}
	return raw(pick(r, "[]", "[]", "[ ]", "", "null", "Null"))
}

// some is v most of the time; else nothing in one of its forms, or no entry at all.
func (r random) some(v *Node) any {
	switch r.IntN(8) {
	case 0:
		return r.nothing(v.kind)
	case 1:
		return nil
	}
	return v
}
