package manifest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/editable"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// editor turns a patch of one object into splices of the text around it, and
// notes what it takes to undo them.
type editor struct {
	*lines
	style
	json    bool // the text is JSON: what we write into it must be, too
	splices []splice
	marks   []mark
	errs    []error
	flow    bool // something between brackets was edited
	hashes  bool // marks have the hash of what they are about
	moved   func(sidecar.Path) *editable.Field

	touched map[*node]bool // anchored values that change; nil: nobody asks
	out     map[*node]bool // see writeOuts
	done    map[*node]bool // what was written out, or taken out
	taken   map[*node]int  // how many lines went with what is taken out
}

func (e *editor) splice(at, del int, ins string) {
	e.splices = append(e.splices, splice{at, del, ins})
}

func (e *editor) fail(at int, path sidecar.Path, format string, args ...any) {
	e.errs = append(e.errs, fmt.Errorf("line %d: %s: %s", e.line(at), path, fmt.Sprintf(format, args...)))
}

// walk lays p on n. Entries are visited in the order in which they stand, so
// that at one place of the text what lies deeper comes first.
func (e *editor) walk(n *node, p *patch, path sidecar.Path) {
	if len(p.below) == 0 {
		return
	}
	if n.kind == aliasNode || n.odd {
		e.fail(n.start, path, "stands there in a form that can't be edited in place; write it out")
		return
	}
	e.flow = e.flow || n.flow
	if n.users > 0 && e.touched != nil {
		e.touched[n] = true
	}
	type visit struct {
		i int
		p *patch
	}
	var there []visit
	var news []*patch
	for _, c := range p.below {
		if i := find(n, c.step); i >= 0 {
			there = append(there, visit{i, c})
		} else if own, err := e.override(n, c); own != nil || err != nil {
			if err != nil {
				e.fail(n.start, append(path[:len(path):len(path)], c.step), "%v", err)
			} else {
				news = append(news, own)
			}
		} else if o := c.orphan(); o != nil {
			e.fail(n.start, append(path[:len(path):len(path)], c.step), "has no entry whose %s is %s", o.step.Key, o.step.Value)
		} else if _, some := c.whole(); some {
			news = append(news, c)
		}
	}
	slices.SortStableFunc(there, func(a, b visit) int { return a.i - b.i })
	for _, v := range there {
		e.visit(n, v.i, v.p, append(path[:len(path):len(path)], v.p.step))
	}
	e.insert(n, news, path)
}

// override is the field of its own that a mapping gets in the place of one that
// comes to it through a merge key; nil where none does.
func (e *editor) override(n *node, p *patch) (*patch, error) {
	if n.kind != mappingNode || n.index("<<") < 0 {
		return nil, nil
	}
	v, err := valueOfNode(n)
	if err != nil {
		return nil, err
	}
	m := v.(ordered)
	if m.index(p.step.Field) < 0 {
		return nil, nil
	}
	own := &patch{step: p.step, set: true, before: p.before}
	if !p.delete { // else null, which takes the merged one's place
		own.value, err = p.apply(m.get(p.step.Field))
	}
	return own, err
}

// visit lays p on the entry i of n.
func (e *editor) visit(n *node, i int, p *patch, path sidecar.Path) {
	v := n.vals[i]
	goes := p.delete || e.empties(v, p)
	if goes || p.set && v.shared() && !is(v, p.value) {
		e.touch(v)
		e.settle(v)
	}
	switch {
	case goes:
		e.remove(n, i, path, p.taker())
	case e.out[v] || !p.set && (v.kind == aliasNode || v.odd && len(p.below) > 0):
		e.rewrite(n, i, p, path)
	case p.set && is(v, p.value):
	case p.set && (v.kind != scalarNode && len(v.vals) == 0 || v.isNull()) && some(p.value):
		e.fill(n, i, p, path)
	case p.set:
		e.replace(n, i, p, path)
	case v.kind == scalarNode || len(v.vals) == 0 && v.kind != aliasNode:
		e.fill(n, i, p, path)
	default:
		e.walk(v, p, path)
	}
}

// some reports whether a value is a collection that has entries.
func some(v any) bool {
	m, _ := v.(ordered)
	l, _ := v.([]any)
	return len(m)+len(l) > 0
}

// is reports whether a node has a value.
func is(n *node, value any) bool {
	have, err := valueOfNode(n)
	return err == nil && equal(have, value)
}

// empties reports whether p deletes all entries of a list and adds none: then
// the list goes as a whole.
func (e *editor) empties(v *node, p *patch) bool {
	if v.kind != sequenceNode || len(v.vals) == 0 {
		return false
	}
	gone := map[int]bool{}
	for _, c := range p.below {
		i := find(v, c.step)
		if i >= 0 && c.delete {
			gone[i] = true
		} else if !c.delete {
			return false
		}
	}
	return len(gone) == len(v.vals)
}

// replace puts another value in the place of one. A scalar on one line is replaced
// there; anything else gets its lines anew.
func (e *editor) replace(n *node, i int, p *patch, path sidecar.Path) {
	v := n.vals[i]
	_, isMap := p.value.(ordered)
	_, isList := p.value.([]any)
	if n.flow || isMap || isList || v.kind != scalarNode || v.start == v.end || strings.IndexByte(e.text[v.start:v.end], '\n') >= 0 {
		e.anew(n, i, p, path)
		return
	}
	e.noteReplaced(v, path, p)
	if e.json {
		e.splice(v.start, v.end-v.start, flow(p.value, e.json))
	} else {
		e.splice(v.start, v.end-v.start, scalar(p.value))
	}
}

// fill puts entries where there is null, {} or [].
func (e *editor) fill(n *node, i int, p *patch, path sidecar.Path) {
	v := n.vals[i]
	value, some := p.whole()
	if o := p.orphan(); o != nil {
		e.fail(v.start, path, "has no entry whose %s is %s", o.step.Key, o.step.Value)
		return
	}
	if !some {
		return
	}
	if v.kind == scalarNode && !v.isNull() {
		e.fail(v.start, path, "is a plain value, where a list or mapping should be")
		return
	}
	if n.kind == mappingNode && !n.flow && strings.ContainsAny(e.text[n.keys[i].end:v.start], "&!") { // an anchor or tag of nothing
		e.touch(v)
		e.anew(n, i, &patch{value: value, part: p.part}, path)
		return
	}
	was := e.text[v.start:v.end]
	if was == "" && n.flow && !strings.HasSuffix(strings.TrimRight(e.text[:v.start], " \t\r\n"), ":") {
		e.fail(v.start, path, "has no value, nor a colon; write an empty one")
		return
	}
	e.touch(v)
	if p.set {
		e.marks = append(e.marks, mark{At: pathString(path), Empty: &was, Is: e.hash(value)})
	} else {
		e.marks = append(e.marks, mark{At: pathString(path), Empty: &was})
		p.leaves(path, func(at sidecar.Path, leaf *patch) { e.noteAdded(at, leaf) })
	}
	rest := e.text[v.end:e.end(v.end)] // a comment, or blanks, would land behind the last line
	if n.flow || n.kind != mappingNode || rest != "" && was != "" {
		if was == "" && e.text[v.start-1] == ' ' { // strip must know whose blank it is
			was = " "
			e.splice(v.start, 0, flow(value, e.json))
		} else if was == "" {
			e.splice(v.start, 0, " "+flow(value, e.json))
		} else {
			e.splice(v.start, v.end-v.start, flow(value, e.json))
		}
		return
	}
	text := e.keyValue(n.keys[i].value, value, n.col)
	head := strings.IndexAny(text, "\r\n")
	if was == "" { // "key:", perhaps with a comment behind it: what's new stands on the lines below
		e.splice(e.end(v.start), 0, text[head:])
		return
	}
	colon := v.start
	for colon > 0 && e.text[colon-1] != ':' {
		colon--
	}
	was = strings.TrimPrefix(e.text[colon:v.end], " ") // with more blanks, or an anchor
	e.splice(colon, v.end-colon, text[head:])
}
