package manifest

import (
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// An alias, or a value from a merge key, can't be edited in place: other users of the anchor
// would change, too. So the smallest part with the alias is written out, and only if an
// edit needs that: an alias on the path of an edit, or an alias of a value that is edited.

// writeOuts finds the nodes that must be written out for a patch: aliases of values that it
// changes, and mappings that merge such values. A value that is written out loses its
// anchors, so there may be more to find.
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

// markTouched marks a value with everything in it as changed or removed.
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

// findAliases returns the aliases of nodes below n. For an alias in a merge key it returns
// the mapping with that key.
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

// refuseOtherUsers reports values that several objects share.
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

// writeOutBelow writes out nodes that the edits haven't reached.
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

// stepTo returns the step to the entry i of n.
func stepTo(n *positioned.Node, i int) (sidecar.Step, bool) {
	if n.Kind == positioned.Mapping {
		return sidecar.Step{Field: n.Keys[i].Value}, n.Keys[i].Kind == positioned.Scalar
	}
	for _, key := range []string{"name", "groupName", "containerPort", "mountPath", "port", "key", "ip", "."} {
		s := sidecar.Step{Key: key}
		if s.Value, _ = keyOf(n.Values[i], key); s.Value != "" && findEntry(n, s) == i {
			return s, true
		}
	}
	return sidecar.Step{}, false
}

// writeOut writes the entry i of n out, with a patch applied.
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
	e.writeAnew(n, i, &patch{value: value}, path)
}

// writeAnew replaces the entry i of n by the value of p.
func (e *editor) writeAnew(n *positioned.Node, i int, p *patch, path sidecar.Path) {
	v, value := n.Values[i], p.value
	if n.Flow {
		e.replaceInPlace(v, p, path, values.FormatFlow(value, e.json))
		return
	}
	if !n.Odd && e.isOwnLine(n, i) {
		e.replaceInPlace(v, p, path, e.formatOwnLine(v, value))
		return
	}
	from, to, ok := e.entryExtent(n, i)
	if !ok || n.Odd {
		e.addError(v.Start, path, "stands there in a form that can't be edited in place; write it out")
		return
	}
	start, _ := e.entryBounds(n, i)
	if from == start && v.Kind == positioned.Alias { // behind a dash: what stands below may go, with its comments
		e.replaceInPlace(v, p, path, values.FormatFlow(value, e.json))
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
	if from == start { // behind a dash, with more keys below
		text += e.Newline + e.Text[e.Lines.LineStart(to):to] // or a comment, which stays where it is
	} else {
		text = e.Newline + values.Indentation(n.Column) + text
	}
	e.addSplice(from, to-from, text)
}

// isOwnLine reports whether the alias of an entry stands on a line below its key. What stands above it stays.
func (e *editor) isOwnLine(n *positioned.Node, i int) bool {
	v := n.Values[i]
	return v.Kind == positioned.Alias && n.Kind == positioned.Mapping && e.Lines.LineStart(v.Start) > n.Keys[i].End
}

// replaceInPlace replaces the text of a node, and no more, by that of a value.
func (e *editor) replaceInPlace(v *positioned.Node, p *patch, path sidecar.Path, text string) {
	e.noteReplaced(v, path, p)
	e.addSplice(v.Start, v.End-v.Start, text)
}

// formatOwnLine returns the text of a value for where an alias has a line of its own.
func (e *editor) formatOwnLine(v *positioned.Node, value any) string {
	if v.End < e.LineEnd(v.End) { // a comment, or blanks, would move behind the last line
		return values.FormatFlow(value, e.json)
	}
	return e.FormatValue(value, v.Start-e.Lines.LineStart(v.Start))
}

// markDone marks a node with everything in it as done.
func (e *editor) markDone(n *positioned.Node) {
	if e.out == nil {
		return
	}
	e.done[n] = true
	for _, v := range n.Values {
		e.markDone(v)
	}
}
