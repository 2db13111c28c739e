package manifest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// editor turns a patch of one object into splices of its text, and collects marks for
// undoing them.
type editor struct {
	*positioned.Lines
	values.Style
	json    bool // the text is JSON, so new values must be JSON
	splices []splice
	marks   []mark
	errs    []error
	flow    bool    // something between brackets was edited
	hashes  bool    // marks have hashes of their values
	object  *Object // of whose containers marks must know the images

	touched map[*positioned.Node]bool // anchored values that change; nil: not needed
	out     map[*positioned.Node]bool // see writeOuts
	done    map[*positioned.Node]bool // nodes that were written out or removed
	taken   map[*positioned.Node]int  // number of lines that were removed with a node
}

func (e *editor) addSplice(at, del int, ins string) {
	e.splices = append(e.splices, splice{at, del, ins})
}

func (e *editor) addError(at int, path sidecar.Path, format string, args ...any) {
	where := ""
	if len(path) > 0 {
		where = path.String() + ": "
	}
	e.errs = append(e.errs, fmt.Errorf("line %d: %s%s", e.LineNumber(at), where, fmt.Sprintf(format, args...)))
}

// editBelow applies p to n. It visits entries in the order of the text, so that at one place
// of the text deeper edits come first. Nobody keeps a path: the next entry is written over its end.
func (e *editor) editBelow(n *positioned.Node, p *patch, path sidecar.Path) {
	if len(p.below) == 0 {
		return
	}
	if n.Kind == positioned.Alias || n.Odd {
		e.addError(n.Start, path, "stands there in a form that can't be edited in place; write it out")
		return
	}
	e.flow = e.flow || n.Flow
	if n.Users > 0 && e.touched != nil {
		e.touched[n] = true
	}
	type visit struct {
		i int
		p *patch
	}
	var there []visit
	var news []*patch
	for _, c := range p.below {
		if i := findEntry(n, c.step); i >= 0 {
			there = append(there, visit{i, c})
		} else if own, err := e.overrideMerged(n, c); own != nil || err != nil {
			if err != nil {
				e.addError(n.Start, append(path, c.step), "%v", err)
			} else {
				news = append(news, own)
			}
		} else if o := c.findOrphan(); o != nil {
			e.addError(n.Start, append(path, c.step),
				"has no entry whose %s is %s", o.step.Key, o.step.Value)
		} else if _, some := c.wholeValue(); some {
			news = append(news, c)
		}
	}
	slices.SortStableFunc(there, func(a, b visit) int { return a.i - b.i })
	for _, v := range there {
		e.editEntry(n, v.i, v.p, append(path, v.p.step))
	}
	e.insertEntries(n, news, path)
}

// overrideMerged returns the patch for a field of a mapping's own that overrides one from a
// merge key; nil if no merge key has it.
func (e *editor) overrideMerged(n *positioned.Node, p *patch) (*patch, error) {
	if n.Kind != positioned.Mapping || n.FieldIndex("<<") < 0 {
		return nil, nil
	}
	v, err := positioned.ValueOf(n)
	if err != nil {
		return nil, err
	}
	m := v.(values.Map)
	if m.IndexOf(p.step.Field) < 0 {
		return nil, nil
	}
	own := &patch{step: p.step, set: true, before: p.before}
	if !p.delete { // a deleted field becomes null, which overrides the merged one
		own.value, err = p.applyTo(m.Get(p.step.Field))
	}
	return own, err
}

// editEntry applies p to the entry i of n.
func (e *editor) editEntry(n *positioned.Node, i int, p *patch, path sidecar.Path) {
	v := n.Values[i]
	goes := p.delete || e.emptiesList(v, p)
	if goes || p.set && v.IsShared() && !hasValue(v, p.value) {
		e.markTouched(v)
		e.markDone(v)
	}
	switch {
	case goes:
		e.removeEntry(n, i, path, p.takenBy())
	case e.out[v] || !p.set && (v.Kind == positioned.Alias || v.Odd && len(p.below) > 0):
		e.writeOut(n, i, p, path)
	case p.set && hasValue(v, p.value):
	case p.set && (v.Kind != positioned.Scalar && len(v.Values) == 0 || v.IsNull()) && hasEntries(p.value):
		e.fillEmpty(n, i, p, path)
	case p.set:
		e.replaceValue(n, i, p, path)
	case v.Kind == positioned.Scalar || len(v.Values) == 0 && v.Kind != positioned.Alias:
		e.fillEmpty(n, i, p, path)
	default:
		e.editBelow(v, p, path)
	}
}

// hasEntries reports whether a value is a collection that has entries.
func hasEntries(v any) bool {
	m, _ := v.(values.Map)
	l, _ := v.([]any)
	return len(m)+len(l) > 0
}

// hasValue reports whether a node has a value.
func hasValue(n *positioned.Node, value any) bool {
	have, err := positioned.ValueOf(n)
	return err == nil && values.Equal(have, value)
}

// emptiesList reports whether p deletes all entries of a list and adds none. Then the whole
// list is removed.
func (e *editor) emptiesList(v *positioned.Node, p *patch) bool {
	if v.Kind != positioned.Sequence || len(v.Values) == 0 {
		return false
	}
	gone := map[int]bool{}
	for _, c := range p.below {
		i := findEntry(v, c.step)
		if i >= 0 && c.delete {
			gone[i] = true
		} else if !c.delete {
			return false
		}
	}
	return len(gone) == len(v.Values)
}

// replaceValue replaces a value. A scalar on one line is replaced there. The lines of
// anything else are written again.
func (e *editor) replaceValue(n *positioned.Node, i int, p *patch, path sidecar.Path) {
	v := n.Values[i]
	_, isMap := p.value.(values.Map)
	_, isList := p.value.([]any)
	if n.Flow || isMap || isList || !e.isOneLine(v) {
		e.writeAnew(n, i, p, path)
		return
	}
	e.noteReplaced(v, path, p)
	if e.json {
		e.addSplice(v.Start, v.End-v.Start, values.FormatFlow(p.value, e.json))
	} else {
		e.addSplice(v.Start, v.End-v.Start, values.FormatScalar(p.value))
	}
}

// isOneLine reports whether a node is a scalar on one line.
func (e *editor) isOneLine(v *positioned.Node) bool {
	return v.Kind == positioned.Scalar && v.Start < v.End && !strings.Contains(e.Text[v.Start:v.End], "\n")
}

// mixedUp says that a collection isn't of the kind that its field has.
const mixedUp = "is a list where a mapping should be, or the other way round"

// fillEmpty replaces null, {} or [] by entries.
func (e *editor) fillEmpty(n *positioned.Node, i int, p *patch, path sidecar.Path) {
	v := n.Values[i]
	value, some := p.wholeValue()
	if o := p.findOrphan(); o != nil {
		e.addError(v.Start, path, "has no entry whose %s is %s", o.step.Key, o.step.Value)
		return
	}
	if !some {
		return
	}
	if v.Kind == positioned.Scalar && !v.IsNull() {
		e.addError(v.Start, path, "is a plain value, where a list or mapping should be")
		return
	}
	if _, isList := value.([]any); !v.IsNull() && isList != (v.Kind == positioned.Sequence) {
		e.addError(v.Start, path, mixedUp)
		return
	}
	block := n.Kind == positioned.Mapping && !n.Flow
	if block && strings.ContainsAny(e.Text[n.Keys[i].End:v.Start], "&!") { // an anchor or tag of nothing
		e.markTouched(v)
		e.writeAnew(n, i, &patch{value: value}, path)
		return
	}
	was := e.Text[v.Start:v.End]
	if was == "" && n.Flow && !strings.HasSuffix(strings.TrimRight(e.Text[:v.Start], " \t\r\n"), ":") {
		e.addError(v.Start, path, "has no value, nor a colon; write an empty one")
		return
	}
	e.markTouched(v)
	if p.set {
		e.marks = append(e.marks, mark{At: pathString(path), Empty: &was, Is: e.hashOf(value)})
	} else {
		e.marks = append(e.marks, mark{At: pathString(path), Empty: &was})
		p.eachLeaf(path, func(at sidecar.Path, leaf *patch) { e.noteAdded(at, leaf) })
	}
	rest := e.Text[v.End:e.LineEnd(v.End)] // a comment, or blanks, would move behind the last line
	if n.Flow || n.Kind != positioned.Mapping || rest != "" && was != "" {
		if was == "" && e.Text[v.Start-1] == ' ' { // strip must know who wrote the blank
			was = " "
			e.addSplice(v.Start, 0, values.FormatFlow(value, e.json))
		} else if was == "" {
			e.addSplice(v.Start, 0, " "+values.FormatFlow(value, e.json))
		} else {
			e.addSplice(v.Start, v.End-v.Start, values.FormatFlow(value, e.json))
		}
		return
	}
	text := e.FormatEntry(n.Keys[i].Value, value, n.Column)
	head := strings.IndexAny(text, "\r\n")
	if was == "" { // "key:", perhaps with a comment: the new entries are on the lines below
		e.addSplice(e.LineEnd(v.Start), 0, text[head:])
		return
	}
	from := v.Start
	if line := e.Lines.LineStart(v.Start); line > n.Keys[i].End { // what stands above it stays
		from = e.PreviousEnd(v.Start)
		was = e.Text[from:v.End]
	} else {
		for from > 0 && e.Text[from-1] != ':' {
			from--
		}
		was = strings.TrimPrefix(e.Text[from:v.End], " ") // with more blanks, or an anchor
	}
	e.addSplice(from, v.End-from, text[head:])
}
