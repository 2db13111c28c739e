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
	dry.editBelow(root, p, nil)
	out := map[*positioned.Node]bool{}
	for n := -1; n < len(dry.touched); {
		n = len(dry.touched)
		for _, v := range findAliases(root, dry.touched) {
			if out[v] = true; v.Kind == positioned.Mapping {
				dry.markTouched(v)
			}
		}
	}
	e.refuseOtherUsers(root, dry.touched)
	return out
}

// markTouched says that a value, with all that is in it, is changed or goes.
func (e *editor) markTouched(n *positioned.Node) {
	if e.touched == nil {
		return
	}
	if n.Users > 0 {
		e.touched[n] = true
	}
	for _, v := range n.Values {
		e.markTouched(v)
	}
}

// findAliases are the aliases of nodes below n, and in the place of a merge key the
// mapping that has it.
func findAliases(n *positioned.Node, of map[*positioned.Node]bool) (found []*positioned.Node) {
	for i, v := range n.Values {
		merge := n.Kind == positioned.Mapping && n.Keys[i].Tag == positioned.TagMerge
		isAlias := func(m *positioned.Node) bool { return m.Kind == positioned.Alias && of[m.Target] }
		is := isAlias(v) || merge && slices.ContainsFunc(v.Values, isAlias)
		switch {
		case is && merge:
			found = append(found, n)
		case is:
			found = append(found, v)
		default:
			found = append(found, findAliases(v, of)...)
		}
	}
	return found
}

// refuseOtherUsers finds values that objects share with one another.
func (e *editor) refuseOtherUsers(root *positioned.Node, touched map[*positioned.Node]bool) {
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
			e.addError(n.Start, nil,
				"has an anchor that another object uses, which would change along with it; write it out there")
		}
	}
}

// writeOutBelow writes out what the walk has not come by.
func (e *editor) writeOutBelow(n *positioned.Node, path sidecar.Path) {
	for i, v := range n.Values {
		if e.done[v] {
			continue
		}
		at, ok := stepTo(n, i)
		if !ok {
			if e.mustWriteOut(v) {
				e.addError(v.Start, path, "has an alias in a list whose entries have no names; write it out")
			}
			continue
		}
		below := append(path[:len(path):len(path)], at)
		if e.out[v] {
			e.writeOut(n, i, &patch{}, below)
		} else {
			e.writeOutBelow(v, below)
		}
	}
}

// mustWriteOut reports whether something in n must be written out.
func (e *editor) mustWriteOut(n *positioned.Node) bool {
	return e.out[n] || slices.ContainsFunc(n.Values, e.mustWriteOut)
}

// stepTo is the step that leads to the entry i of n.
func stepTo(n *positioned.Node, i int) (sidecar.Step, bool) {
	if n.Kind == positioned.Mapping {
		return sidecar.Step{Field: n.Keys[i].Value}, n.Keys[i].Kind == positioned.Scalar
	}
	for _, key := range []string{"name", "containerPort", "mountPath", "port", "key", "ip", "."} {
		s := sidecar.Step{Key: key}
		if s.Value, _ = keyOf(n.Values[i], key); s.Value != "" && findEntry(n, s) == i {
			return s, true
		}
	}
	return sidecar.Step{}, false
}

// writeOut writes the entry i of n out, with a patch laid on.
func (e *editor) writeOut(n *positioned.Node, i int, p *patch, path sidecar.Path) {
	v := n.Values[i]
	value, err := positioned.ValueOf(v)
	if err == nil {
		value, err = p.applyTo(value)
	}
	if err != nil {
		e.addError(v.Start, path, "%v", err)
		return
	}
	e.markDone(v)
	e.writeAnew(n, i, &patch{value: value, part: p.part}, path)
}

// writeAnew writes another value, that of p, in the place of the entry i of n.
func (e *editor) writeAnew(n *positioned.Node, i int, p *patch, path sidecar.Path) {
	v, value := n.Values[i], p.value
	if n.Flow {
		e.noteReplaced(v, path, p)
		e.addSplice(v.Start, v.End-v.Start, values.FormatFlow(value, e.json))
		return
	}
	from, to, ok := e.entryExtent(n, i)
	if !ok || n.Odd {
		e.addError(v.Start, path, "stands there in a form that can't be edited in place; write it out")
		return
	}
	now := pathString(replacedPath(path, value))
	e.marks = append(e.marks, e.markTakenOut(n, i, from, to, path, now), mark{At: now, Is: e.hashOf(value)})
	text := ""
	if n.Kind == positioned.Mapping {
		text = e.FormatEntry(n.Keys[i].Value, value, n.Column)
	} else {
		text = e.FormatItem(value, n.Column)
	}
	if start, _ := e.entryBounds(n, i); from == start { // behind a dash, with more keys below
		text += e.Newline + e.Text[e.Lines.LineStart(to):to] // or a comment, which stays where it is
	} else {
		text = e.Newline + values.Indentation(n.Column) + text
	}
	e.addSplice(from, to-from, text)
}

// markDone says that a node and all in it are dealt with.
func (e *editor) markDone(n *positioned.Node) {
	if e.out == nil {
		return
	}
	e.done[n] = true
	for _, v := range n.Values {
		e.markDone(v)
	}
}
