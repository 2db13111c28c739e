package manifest

import (
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// What stands in a text as an alias, or comes to a mapping through a merge key,
// can't be edited where it stands: others would change along with it. So the
// smallest part that holds the alias is written out, and only where an edit is in
// the way: the alias that an edit goes through, or the aliases of a value that an
// edit changes.

// writeOuts finds the nodes that must be written out for a patch: aliases of what
// it changes, and mappings that merge such. A value that is written out takes its
// anchors along, so that there may be more to find.
func (e *editor) writeOuts(root *node, p *patch) map[*node]bool {
	dry := &editor{lines: e.lines, style: e.style, json: e.json, touched: map[*node]bool{}}
	dry.walk(root, p, nil)
	out := map[*node]bool{}
	for n := -1; n < len(dry.touched); {
		n = len(dry.touched)
		for _, v := range aliasing(root, dry.touched) {
			if out[v] = true; v.kind == mappingNode {
				dry.touch(v)
			}
		}
	}
	e.elsewhere(root, dry.touched)
	return out
}

// touch says that a value, with all that is in it, is changed or goes.
func (e *editor) touch(n *node) {
	if e.touched == nil {
		return
	}
	if n.users > 0 {
		e.touched[n] = true
	}
	for _, v := range n.vals {
		e.touch(v)
	}
}

// aliasing are the aliases of nodes below n, and in the place of a merge key the
// mapping that has it.
func aliasing(n *node, of map[*node]bool) (found []*node) {
	for i, v := range n.vals {
		merge := n.kind == mappingNode && n.keys[i].tag == tagMerge
		is := v.kind == aliasNode && of[v.to] || merge && slices.ContainsFunc(v.vals, func(m *node) bool { return m.kind == aliasNode && of[m.to] })
		switch {
		case is && merge:
			found = append(found, n)
		case is:
			found = append(found, v)
		default:
			found = append(found, aliasing(v, of)...)
		}
	}
	return found
}

// elsewhere finds values that objects share with one another.
func (e *editor) elsewhere(root *node, touched map[*node]bool) {
	users := map[*node]int{}
	var count func(n *node)
	count = func(n *node) {
		if n.kind == aliasNode {
			users[n.to]++
		}
		for _, v := range n.vals {
			count(v)
		}
	}
	count(root)
	for n := range touched {
		if users[n] < n.users {
			e.fail(n.start, nil, "has an anchor that another object uses, which would change along with it; write it out there")
		}
	}
}

// spread writes out what the walk has not come by.
func (e *editor) spread(n *node, path sidecar.Path) {
	for i, v := range n.vals {
		if e.done[v] {
			continue
		}
		at, ok := stepTo(n, i)
		if !ok {
			if e.holds(v) {
				e.fail(v.start, path, "has an alias in a list whose entries have no names; write it out")
			}
			continue
		}
		below := append(path[:len(path):len(path)], at)
		if e.out[v] {
			e.rewrite(n, i, &patch{}, below)
		} else {
			e.spread(v, below)
		}
	}
}

// holds reports whether something in n must be written out.
func (e *editor) holds(n *node) bool {
	return e.out[n] || slices.ContainsFunc(n.vals, e.holds)
}

// stepTo is the step that leads to the entry i of n.
func stepTo(n *node, i int) (sidecar.Step, bool) {
	if n.kind == mappingNode {
		return sidecar.Step{Field: n.keys[i].value}, n.keys[i].kind == scalarNode
	}
	for _, key := range []string{"name", "containerPort", "mountPath", "port", "key", "ip", "."} {
		s := sidecar.Step{Key: key}
		if s.Value, _ = keyOf(n.vals[i], key); s.Value != "" && find(n, s) == i {
			return s, true
		}
	}
	return sidecar.Step{}, false
}

// rewrite writes the entry i of n out, with a patch laid on.
func (e *editor) rewrite(n *node, i int, p *patch, path sidecar.Path) {
	v := n.vals[i]
	value, err := valueOfNode(v)
	if err == nil {
		value, err = p.apply(value)
	}
	if err != nil {
		e.fail(v.start, path, "%v", err)
		return
	}
	e.settle(v)
	e.anew(n, i, &patch{value: value, part: p.part}, path)
}

// anew writes another value, that of p, in the place of the entry i of n.
func (e *editor) anew(n *node, i int, p *patch, path sidecar.Path) {
	v, value := n.vals[i], p.value
	if n.flow {
		e.noteReplaced(v, path, p)
		e.splice(v.start, v.end-v.start, flow(value, e.json))
		return
	}
	from, to, ok := e.extent(n, i)
	if !ok || n.odd {
		e.fail(v.start, path, "stands there in a form that can't be edited in place; write it out")
		return
	}
	now := pathString(becomes(path, value))
	e.marks = append(e.marks, e.takenOut(n, i, from, to, path, now), mark{At: now, Is: e.hash(value)})
	text := ""
	if n.kind == mappingNode {
		text = e.keyValue(n.keys[i].value, value, n.col)
	} else {
		text = e.item(value, n.col)
	}
	if start, _ := e.entry(n, i); from == start { // behind a dash, with more keys below
		text += e.newline + e.text[e.lines.start(to):to] // or a comment, which stays where it is
	} else {
		text = e.newline + blanks(n.col) + text
	}
	e.splice(from, to-from, text)
}

// settle says that a node and all in it are dealt with.
func (e *editor) settle(n *node) {
	if e.out == nil {
		return
	}
	e.done[n] = true
	for _, v := range n.vals {
		e.settle(v)
	}
}
