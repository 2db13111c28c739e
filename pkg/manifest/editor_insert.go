package manifest

import (
	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// insertEntries adds new entries: at the end, or before the entry that they name.
func (e *editor) insertEntries(n *positioned.Node, news []*patch, path sidecar.Path) {
	for i, c := range news {
		value := c.sharedValue()
		c.eachLeaf(append(path, c.step), func(at sidecar.Path, leaf *patch) { e.noteAdded(at, leaf) })
		before := -1
		if c.before != "" && n.Kind == positioned.Sequence {
			before = findEntry(n, sidecar.Step{Key: c.step.Key, Value: c.before})
		}
		switch {
		case n.Kind == positioned.Mapping && c.step.Field == "", n.Kind == positioned.Sequence && c.step.Field != "":
			e.addError(n.Start, path, mixedUp)
		case n.Flow:
			e.insertFlow(n, c.step, value.Value, before, i == 0)
		case before >= 0:
			e.addSplice(e.lineEndAbove(n, before), 0, value.FormatLine(e.Style, "", n.Column))
		default:
			e.addSplice(e.lastLineEnd(n), 0, value.FormatLine(e.Style, c.step.Field, n.Column))
		}
	}
}

// insertFlow adds an entry between brackets. first says that it's the first one that is added
// to n.
func (e *editor) insertFlow(n *positioned.Node, s sidecar.Step, value any, before int, first bool) {
	text := values.FormatFlow(value, e.json)
	if s.Field != "" {
		text = values.FormatFlow(values.Map{{Key: s.Field, Value: value}}, e.json)
		text = text[1 : len(text)-1]
	}
	if before = e.firstStaying(n, before); before >= 0 {
		start, _ := e.entryBounds(n, before)
		e.addSplice(start, 0, text+", ")
		return
	}
	end := n.End - 1 // behind what was just put between the brackets
	if e.firstStaying(n, 0) >= 0 {
		_, end = e.entryBounds(n, len(n.Values)-1)
		first = false
	}
	if !first {
		text = ", " + text
	}
	e.addSplice(end, 0, text)
}

// firstStaying returns the first entry from i on that isn't removed; -1 if there is none, or i is negative.
func (e *editor) firstStaying(n *positioned.Node, i int) int {
	for ; i >= 0 && i < len(n.Values); i++ {
		if _, gone := e.taken[n.Values[i]]; !gone {
			return i
		}
	}
	return -1
}

// lastLineEnd returns the end of the line behind which a new last entry is added. Comments
// that are deeper than the entries belong to the last one.
func (e *editor) lastLineEnd(n *positioned.Node) int {
	at := e.LineEnd(n.End)
	for next := e.NextLine(at); next >= 0 && next < len(e.Text); next = e.NextLine(at) {
		in := e.CountBlanks(next)
		if in <= n.Column || next+in >= len(e.Text) || e.Text[next+in] != '#' {
			break
		}
		at = e.LineEnd(next)
	}
	return at
}

// lineEndAbove returns the end of the line before an entry and the comments right above it.
func (e *editor) lineEndAbove(n *positioned.Node, i int) int {
	at := e.Lines.LineStart(n.Dashes[i])
	for {
		end := e.Lines.PreviousEnd(at)
		start := e.Lines.LineStart(end)
		in := e.CountBlanks(start)
		if e.IsFirstLine(start) || start+in >= len(e.Text) || e.Text[start+in] != '#' || in != n.Column {
			return end
		}
		at = start
	}
}
