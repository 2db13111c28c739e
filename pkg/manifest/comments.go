package manifest

import "strings"

// commented reports whether there is a comment within an entry, or behind it on
// its last line. We write none, so it's a person's, and it would go with the entry.
func (e *editor) commented(n *node, i int) bool {
	start, end := e.entry(n, i)
	if !n.flow {
		end = e.end(end)
	}
	at := start
	found := false
	var look func(*node)
	look = func(v *node) {
		if v.kind == scalarNode || v.kind == aliasNode {
			found = found || v.start > at && strings.Contains(e.text[at:v.start], "#")
			at = max(at, v.end)
			return
		}
		for j := range v.vals {
			if v.kind == mappingNode {
				look(v.keys[j])
			}
			look(v.vals[j])
		}
	}
	if n.kind == mappingNode {
		look(n.keys[i])
	}
	look(n.vals[i])
	return found || at < end && strings.Contains(e.text[at:end], "#")
}
