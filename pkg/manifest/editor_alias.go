package manifest

import (
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
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
func (e *editor) writeOuts(root *positioned.Node, p *patch) map[*positioned.Node]bool {
	dry := &editor{Lines: e.Lines, Style: e.Style, json: e.json, touched: map[*positioned.Node]bool{}}
	dry.walk(root, p, nil)
	out := map[*positioned.Node]bool{}
	for n := -1; n < len(dry.touched); {
		n = len(dry.touched)
		for _, v := range aliasing(root, dry.touched) {
			if out[v] = true; v.Kind == positioned.Mapping {
				dry.touch(v)
			}
		}
	}
	e.elsewhere(root, dry.touched)
	return out
}

// touch says that a value, with all that is in it, is changed or goes.
func (e *editor) touch(n *positioned.Node) {
	if e.touched == nil {
		return
	}
	if n.Users > 0 {
		e.touched[n] = true
	}
	for _, v := range n.Values {
		e.touch(v)
	}
}

// aliasing are the aliases of nodes below n, and in the place of a merge key the
// mapping that has it.
func aliasing(n *positioned.Node, of map[*positioned.Node]bool) (found []*positioned.Node) {
	for i, v := range n.Values {
		merge := n.Kind == positioned.Mapping && n.Keys[i].Tag == positioned.TagMerge
		is := v.Kind == positioned.Alias && of[v.Target] || merge && slices.ContainsFunc(v.Values, func(m *positioned.Node) bool { return m.Kind == positioned.Alias && of[m.Target] })
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
func (e *editor) elsewhere(root *positioned.Node, touched map[*positioned.Node]bool) {
	users := map[*positioned.Node]int{}
	var count func(n *positioned.Node)
	count = func(n *positioned.Node) {
		if n.Kind == positioned.Alias {
			users[n.Target]++
		}
		for _, v := range n.Values {
			count(v)
		}
	}
	count(root)
	for n := range touched {
		if users[n] < n.Users {
			e.fail(n.Start, nil, "has an anchor that another object uses, which would change along with it; write it out there")
		}
	}
}

// spread writes out what the walk has not come by.
func (e *editor) spread(n *positioned.Node, path sidecar.Path) {
	for i, v := range n.Values {
		if e.done[v] {
			continue
		}
		at, ok := stepTo(n, i)
		if !ok {
			if e.holds(v) {
				e.fail(v.Start, path, "has an alias in a list whose entries have no names; write it out")
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
func (e *editor) holds(n *positioned.Node) bool {
	return e.out[n] || slices.ContainsFunc(n.Values, e.holds)
}

// stepTo is the step that leads to the entry i of n.
func stepTo(n *positioned.Node, i int) (sidecar.Step, bool) {
	if n.Kind == positioned.Mapping {
		return sidecar.Step{Field: n.Keys[i].Value}, n.Keys[i].Kind == positioned.Scalar
	}
	for _, key := range []string{"name", "containerPort", "mountPath", "port", "key", "ip", "."} {
		s := sidecar.Step{Key: key}
		if s.Value, _ = keyOf(n.Values[i], key); s.Value != "" && find(n, s) == i {
			return s, true
		}
	}
	return sidecar.Step{}, false
}

// rewrite writes the entry i of n out, with a patch laid on.
func (e *editor) rewrite(n *positioned.Node, i int, p *patch, path sidecar.Path) {
	v := n.Values[i]
	value, err := positioned.ValueOf(v)
	if err == nil {
		value, err = p.apply(value)
	}
	if err != nil {
		e.fail(v.Start, path, "%v", err)
		return
	}
	e.settle(v)
	e.anew(n, i, &patch{value: value, part: p.part}, path)
}

// anew writes another value, that of p, in the place of the entry i of n.
func (e *editor) anew(n *positioned.Node, i int, p *patch, path sidecar.Path) {
	v, value := n.Values[i], p.value
	if n.Flow {
		e.noteReplaced(v, path, p)
		e.splice(v.Start, v.End-v.Start, values.FormatFlow(value, e.json))
		return
	}
	from, to, ok := e.extent(n, i)
	if !ok || n.Odd {
		e.fail(v.Start, path, "stands there in a form that can't be edited in place; write it out")
		return
	}
	now := pathString(becomes(path, value))
	e.marks = append(e.marks, e.takenOut(n, i, from, to, path, now), mark{At: now, Is: e.hash(value)})
	text := ""
	if n.Kind == positioned.Mapping {
		text = e.FormatEntry(n.Keys[i].Value, value, n.Column)
	} else {
		text = e.FormatItem(value, n.Column)
	}
	if start, _ := e.entry(n, i); from == start { // behind a dash, with more keys below
		text += e.Newline + e.Text[e.Lines.LineStart(to):to] // or a comment, which stays where it is
	} else {
		text = e.Newline + values.Blanks(n.Column) + text
	}
	e.splice(from, to-from, text)
}

// settle says that a node and all in it are dealt with.
func (e *editor) settle(n *positioned.Node) {
	if e.out == nil {
		return
	}
	e.done[n] = true
	for _, v := range n.Values {
		e.settle(v)
	}
}
