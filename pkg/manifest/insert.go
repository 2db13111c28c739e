package manifest

import (
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// insert adds entries that aren't there yet: at the end, or before the entry
// that they name.
func (e *editor) insert(n *node, news []*patch, path sidecar.Path) {
	for i, c := range news {
		value, _ := c.whole()
		c.leaves(append(path[:len(path):len(path)], c.step), func(at sidecar.Path, leaf *patch) { e.noteAdded(at, leaf) })
		before := -1
		if c.before != "" && n.kind == sequenceNode {
			before = find(n, sidecar.Step{Key: c.step.Key, Value: c.before})
		}
		switch {
		case n.kind == mappingNode && c.step.Field == "", n.kind == sequenceNode && c.step.Field != "":
			e.fail(n.start, path, "is a list where a mapping should be, or the other way round")
		case n.flow:
			e.insertFlow(n, c.step, value, before, i == 0)
		case n.kind == mappingNode:
			e.splice(e.tail(n), 0, e.newline+blanks(n.col)+e.keyValue(c.step.Field, value, n.col))
		case before >= 0:
			e.splice(e.above(n, before), 0, e.newline+blanks(n.col)+e.item(value, n.col))
		default:
			e.splice(e.tail(n), 0, e.newline+blanks(n.col)+e.item(value, n.col))
		}
	}
}

// insertFlow adds an entry between brackets; first says that it's the first to be
// added to n.
func (e *editor) insertFlow(n *node, s sidecar.Step, value any, before int, first bool) {
	text := flow(value, e.json)
	if s.Field != "" {
		text = flow(ordered{{s.Field, value}}, e.json)
		text = text[1 : len(text)-1]
	}
	switch {
	case before >= 0:
		start, _ := e.entry(n, before)
		e.splice(start, 0, text+", ")
	case len(n.vals) == 0 && first:
		e.splice(n.end-1, 0, text)
	default:
		end := n.end - 1 // behind what was just put between the brackets
		if len(n.vals) > 0 {
			_, end = e.entry(n, len(n.vals)-1)
		}
		e.splice(end, 0, ", "+text)
	}
}

// tail is the end of the line after which a new last entry stands: comments that
// are deeper than the entries belong to the last one.
func (e *editor) tail(n *node) int {
	at := e.end(n.end)
	for next := e.next(at); next >= 0 && next < len(e.text); next = e.next(at) {
		in := e.margin(next)
		if in <= n.col || next+in >= len(e.text) || e.text[next+in] != '#' {
			break
		}
		at = e.end(next)
	}
	return at
}

// above is the end of the line before an entry and the comments right above it.
func (e *editor) above(n *node, i int) int {
	at := e.lines.start(n.dash[i])
	for {
		end := e.lines.before(at)
		start := e.lines.start(end)
		in := e.margin(start)
		if e.isFirst(start) || start+in >= len(e.text) || e.text[start+in] != '#' || in != n.col {
			return end
		}
		at = start
	}
}
