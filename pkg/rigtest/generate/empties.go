package generate

// drawEmpty is one of the ways to write that there are no entries.
func (r random) drawEmpty(k kind) *Node {
	if k == mapKind {
		return raw(pick(r, "{}", "{}", "{ }", "", "null", "~"))
	}
	return raw(pick(r, "[]", "[]", "[ ]", "", "null", "Null"))
}

// drawSome is v most of the time; else nothing in one of its forms, or no entry at all.
func (r random) drawSome(v *Node) any {
	switch r.IntN(8) {
	case 0:
		return r.drawEmpty(v.kind)
	case 1:
		return nil
	}
	return v
}
