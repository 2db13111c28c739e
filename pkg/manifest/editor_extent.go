package manifest

import (
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// removeEntry removes the entry i of n. by is the path of the value that replaces it.
func (e *editor) removeEntry(n *positioned.Node, i int, path, by sidecar.Path) {
	from, to, ok := e.entryExtent(n, i)
	if !ok {
		e.addError(n.Start, path, "can't be taken out of the form that it's written in; write it on lines of its own")
		return
	}
	e.marks = append(e.marks, e.markTakenOut(n, i, from, to, path, pathString(by)))
	e.addSplice(from, to-from, "")
}

// markTakenOut returns the mark of the entry i of n, which is removed with its text. It
// names the entry before it, without those that are removed, too.
func (e *editor) markTakenOut(n *positioned.Node, i, from, to int, path sidecar.Path, by string) mark {
	m := mark{At: pathString(path), By: by, Was: new(e.Text[from:to]), After: new("")}
	j, taken := i-1, 0
	for ; j >= 0; j-- {
		lines, ok := e.taken[n.Values[j]]
		if !ok {
			break
		}
		taken += lines
	}
	if e.taken == nil {
		e.taken = map[*positioned.Node]int{}
	}
	e.taken[n.Values[i]] = e.CountBreaks(from, to)
	if j >= 0 {
		after := path[len(path)-1]
		if n.Kind == positioned.Mapping {
			after = sidecar.Step{Field: n.Keys[j].Value}
		} else if after.Value, _ = keyOf(n.Values[j], after.Key); findEntry(n, after) != j {
			if other, ok := stepTo(n, j); ok { // it has no such key, or another entry has the same
				after = other
			}
		}
		m.After = new(stepString(after))
	}
	switch {
	case n.Flow:
	case j >= 0:
		m.Skip = e.CountBreaks(e.LineEnd(n.Values[j].End), from) - taken
	case taken > 0:
		first := e.PreviousEnd(e.firstStart(n))
		m.Skip = e.CountBreaks(first, from) - taken + e.CountComments(first)
	default:
		m.Skip = e.CountComments(from)
	}
	return m
}

// firstStart returns the start of the first entry of a collection.
func (e *editor) firstStart(n *positioned.Node) int {
	start, _ := e.entryBounds(n, 0)
	return start
}

// entryExtent returns the bounds of an entry's text. In block form it's whole lines with the
// line break before them, since a text may have none at its end.
func (e *editor) entryExtent(n *positioned.Node, i int) (from, to int, ok bool) {
	start, end := e.entryBounds(n, i)
	if n.Flow {
		first := true // of those that stay so far: the comma that goes is the one behind it
		for j := range i {
			_, gone := e.taken[n.Values[j]]
			first = first && gone
		}
		switch {
		case !first:
			_, prev := e.entryBounds(n, i-1)
			return prev, end, true
		case len(n.Values) > i+1:
			next, _ := e.entryBounds(n, i+1)
			return start, next, true
		case i > 0:
			return start, n.End - 1, true
		}
		return n.Start + 1, n.End - 1, true
	}
	if from, to, ok := e.ownLines(start, end); ok {
		return from, to, true
	}
	if n.Kind == positioned.Mapping && i == 0 && len(n.Keys) > 1 { // "- key: value": the next key moves up
		return start, e.upTo(end, n.Keys[1].Start), true
	}
	return 0, 0, false
}

// upTo returns the offset from which the next key, or the first comment above it, moves up.
func (e *editor) upTo(end, key int) int {
	for at := e.NextLine(e.LineEnd(end)); at >= 0 && at < key; at = e.NextLine(e.LineEnd(at)) {
		if c := at + e.CountBlanks(at); c < key && e.Text[c] == '#' {
			return c
		}
	}
	return key
}

// ownLines returns the lines of a text that has no other text on them.
func (e *editor) ownLines(start, end int) (from, to int, ok bool) {
	first := e.Lines.LineStart(start)
	alone := strings.Trim(e.Text[first:start], " ") == "" && !e.IsFirstLine(first)
	return e.Lines.PreviousEnd(start), e.LineEnd(end), alone
}

// entryBounds returns the start and the end of an entry's own text.
func (e *editor) entryBounds(n *positioned.Node, i int) (start, end int) {
	switch {
	case n.Kind == positioned.Mapping:
		return n.Keys[i].Start, max(n.Keys[i].End, n.Values[i].End)
	case n.Flow:
		return n.Values[i].Start, n.Values[i].End
	}
	return n.Dashes[i], max(n.Dashes[i]+1, n.Values[i].End)
}

// hasComment reports whether there is a comment within an entry, or behind it on its last
// line. We write none, so a person wrote it, and it would be removed with the entry.
func (e *editor) hasComment(n *positioned.Node, i int) bool {
	start, end := e.entryBounds(n, i)
	at := start
	found := n.Kind == positioned.Mapping && e.scanForComment(n.Keys[i], &at)
	return e.scanForComment(n.Values[i], &at) || found || strings.Contains(e.restOfLine(n, at, end), "#")
}

// hasInnerComment reports the same for a value of which only the inside is ours.
func (e *editor) hasInnerComment(v *positioned.Node) bool {
	at := v.Start
	return e.scanForComment(v, &at) || !v.Flow && strings.Contains(e.restOfLine(v, at, v.End), "#")
}

// restOfLine returns the text from an offset to an end, in block form to the end of the line.
func (e *editor) restOfLine(n *positioned.Node, at, end int) string {
	if !n.Flow {
		end = e.LineEnd(end)
	}
	return e.Text[min(at, end):end]
}

// scanForComment reports whether there is a comment between scalars, from the offset to the
// last one in n. It moves the offset behind that.
func (e *editor) scanForComment(n *positioned.Node, at *int) bool {
	if n.Kind == positioned.Scalar || n.Kind == positioned.Alias {
		found := n.Start > *at && strings.Contains(e.Text[*at:n.Start], "#")
		*at = max(*at, n.End)
		return found
	}
	found := false
	for i, v := range n.Values {
		if n.Kind == positioned.Mapping {
			found = e.scanForComment(n.Keys[i], at) || found
		}
		found = e.scanForComment(v, at) || found
	}
	return found
}
