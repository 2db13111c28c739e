package manifest

import (
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// remove takes the entry i out of n, whose place something else takes.
func (e *editor) remove(n *node, i int, path, by sidecar.Path) {
	from, to, ok := e.extent(n, i)
	if !ok {
		e.fail(n.start, path, "can't be taken out of the form that it's written in; write it on lines of its own")
		return
	}
	e.marks = append(e.marks, e.takenOut(n, i, from, to, path, pathString(by)))
	e.splice(from, to-from, "")
}

// takenOut is the mark of the entry i of n, which is taken out with its text. What
// it stood behind is named without those that are taken out, too.
func (e *editor) takenOut(n *node, i, from, to int, path sidecar.Path, by string) mark {
	m := mark{At: pathString(path), By: by, Was: new(e.text[from:to]), After: new("")}
	j, taken := i-1, 0
	for ; j >= 0; j-- {
		lines, ok := e.taken[n.vals[j]]
		if !ok {
			break
		}
		taken += lines
	}
	if e.taken == nil {
		e.taken = map[*node]int{}
	}
	e.taken[n.vals[i]] = e.breaks(from, to)
	if j >= 0 {
		after := path[len(path)-1]
		if n.kind == mappingNode {
			after = sidecar.Step{Field: n.keys[j].value}
		} else {
			after.Value, _ = keyOf(n.vals[j], after.Key)
		}
		m.After = new(stepString(after))
	}
	switch {
	case n.flow:
	case j >= 0:
		m.Skip = e.breaks(e.end(n.vals[j].end), from) - taken
	case taken > 0:
		first := e.before(e.first(n))
		m.Skip = e.breaks(first, from) - taken + e.comments(first)
	default:
		m.Skip = e.comments(from)
	}
	return m
}

// first is where the first entry of a collection begins.
func (e *editor) first(n *node) int {
	start, _ := e.entry(n, 0)
	return start
}

// extent is the text of an entry: in block form whole lines, from the break
// before them, so that none is missing where a text has no last line break.
func (e *editor) extent(n *node, i int) (from, to int, ok bool) {
	start, end := e.entry(n, i)
	if n.flow {
		first := true // of those that stay so far: the comma that goes is the one behind it
		for j := range i {
			_, gone := e.taken[n.vals[j]]
			first = first && gone
		}
		switch {
		case !first:
			_, prev := e.entry(n, i-1)
			return prev, end, true
		case len(n.vals) > i+1:
			next, _ := e.entry(n, i+1)
			return start, next, true
		case i > 0:
			return start, n.end - 1, true
		}
		return n.start + 1, n.end - 1, true
	}
	if from, to, ok := e.rows(start, end); ok {
		return from, to, true
	}
	if n.kind == mappingNode && i == 0 && len(n.keys) > 1 { // "- key: value": the next key moves up
		return start, e.upTo(end, n.keys[1].start), true
	}
	return 0, 0, false
}

// upTo is where the next key, or the first comment above it, moves up from.
func (e *editor) upTo(end, key int) int {
	for at := e.next(e.end(end)); at >= 0 && at < key; at = e.next(e.end(at)) {
		if c := at + e.margin(at); c < key && e.text[c] == '#' {
			return c
		}
	}
	return key
}

// rows are the lines of something that has them for itself.
func (e *editor) rows(start, end int) (from, to int, ok bool) {
	first := e.lines.start(start)
	return e.lines.before(start), e.end(end), strings.Trim(e.text[first:start], " ") == "" && !e.isFirst(first)
}

// entry is where an entry's own text begins and ends.
func (e *editor) entry(n *node, i int) (start, end int) {
	switch {
	case n.kind == mappingNode:
		return n.keys[i].start, max(n.keys[i].end, n.vals[i].end)
	case n.flow:
		return n.vals[i].start, n.vals[i].end
	}
	return n.dash[i], max(n.dash[i]+1, n.vals[i].end)
}
