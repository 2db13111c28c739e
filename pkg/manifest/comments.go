package manifest

import "strings"

// commented reports whether there is a comment within an entry, or behind it on
// its last line. We write none, so it's a person's, and it would go with the entry.
func (e *editor) commented(n *node, i int) bool {
	start, end := e.entry(n, i)
	at := start
	found := n.kind == mappingNode && e.gaps(n.keys[i], &at)
	return e.gaps(n.vals[i], &at) || found || strings.Contains(e.rest(n, at, end), "#")
}

// remarked is commented for a value of which only the inside is ours.
func (e *editor) remarked(v *node) bool {
	at := v.start
	return e.gaps(v, &at) || !v.flow && strings.Contains(e.rest(v, at, v.end), "#")
}

// rest is what stands from an offset to the end, in block form to the end of the line.
func (e *editor) rest(n *node, at, end int) string {
	if !n.flow {
		end = e.end(end)
	}
	return e.text[min(at, end):end]
}

// gaps reports whether a comment stands between scalars, from the offset to the
// last one in n; it moves the offset behind that.
func (e *editor) gaps(n *node, at *int) bool {
	if n.kind == scalarNode || n.kind == aliasNode {
		found := n.start > *at && strings.Contains(e.text[*at:n.start], "#")
		*at = max(*at, n.end)
		return found
	}
	found := false
	for i, v := range n.vals {
		if n.kind == mappingNode {
			found = e.gaps(n.keys[i], at) || found
		}
		found = e.gaps(v, at) || found
	}
	return found
}
