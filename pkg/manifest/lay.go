package manifest

import (
	"errors"
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Marks of ownership on objects that we emit. The label is for everybody; the
// annotation says which config, where files are written in place and a later run
// must know what it may take away.
const (
	ManagedLabel = "app.kubernetes.io/managed-by"
	ManagedBy    = "outrigger"
	OwnerKey     = "outrigger.dev/by"
)

// needsHash asks kustomize for a hash in the name of an object that a function
// adds. The documented annotation works for generators only (kustomize
// api/resource, NeedHashSuffix); this one is taken away at the end of the build.
const (
	needsHash   = "internal.config.kubernetes.io/needsHashSuffix"
	needsHashOn = "enabled"
)

// An Emit is an object to write, beside the workload that it's made for.
type Emit struct {
	Object  sidecar.Object
	For     *Object // the workload
	Sidecar string
	Hash    bool // kustomize shall add a hash of the content to the name
}

// Options of a run.
type Options struct {
	By     string // the config's name, under which objects remember what was laid on
	Record bool   // whether they shall
}

// Lay lays edits and emitted objects on texts, and gives the new texts in their
// order. Nothing is changed where it fails.
func Lay(texts []*Text, edits []sidecar.Edit, emits []Emit, opt Options) ([]string, sidecar.Findings) {
	l := layer{opt: opt, splices: map[*Text][]splice{}, flow: map[*Text]bool{}}
	l.edit(texts, edits)
	l.emit(texts, emits)
	l.ends()
	if l.findings.Failed() {
		return nil, l.findings
	}
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = join(t.text, l.splices[t])
		l.check(t, out[i])
	}
	if l.findings.Failed() {
		return nil, l.findings
	}
	return out, l.findings
}

// ends finds insertions behind a block scalar that the text ends in without a
// line break: the one that comes to stand there would be the scalar's.
func (l *layer) ends() {
	for t, splices := range l.splices {
		if t.open() && slices.ContainsFunc(splices, func(s splice) bool { return s.at == len(t.text) && s.ins != "" }) {
			l.findings = append(l.findings, sidecar.Finding{Severity: sidecar.Error, Code: "not-editable", File: t.Name, Line: t.line(len(t.text)),
				Message: "the text ends in a block scalar without a line break; what comes behind would change it", Hint: "end the last line with a line break"})
		}
	}
}

// check reads a text again in which something between brackets was edited: YAML
// allows more forms there than anybody writes, and one that we take for another
// must end in an error and not in a broken manifest.
func (l *layer) check(before *Text, after string) {
	if !l.flow[before] {
		return
	}
	t, err := Parse(before.Name, []byte(after))
	if err == nil && len(t.Objects) == 0 {
		err = errors.New("the objects are gone")
	}
	if err != nil {
		l.findings = append(l.findings, sidecar.Finding{Severity: sidecar.Error, Code: "not-editable", File: before.Name,
			Message: "what is written in brackets can't be edited: " + err.Error(), Hint: "write the pod template in block style"})
	}
}

type layer struct {
	flow     map[*Text]bool // whether something between brackets was edited
	opt      Options
	splices  map[*Text][]splice
	findings sidecar.Findings
}

func (l *layer) fail(o *Object, code string, err error) {
	l.findings = append(l.findings, sidecar.Finding{Severity: sidecar.Error, Code: code, Object: o.Ref, File: o.File(), Message: err.Error()})
}

func (l *layer) edit(texts []*Text, edits []sidecar.Edit) {
	per := map[sidecar.Ref][]sidecar.Edit{}
	for _, e := range edits {
		per[e.Object] = append(per[e.Object], e)
	}
	for _, t := range texts {
		for _, o := range t.Objects {
			if es := per[o.Ref]; es != nil && !o.Foreign() {
				l.object(o, es)
				delete(per, o.Ref) // the first of two equal objects; runners refuse the second
			}
		}
	}
}

// object turns the edits of one object into splices.
func (l *layer) object(o *Object, edits []sidecar.Edit) {
	root, err := plan(edits)
	if err != nil {
		l.fail(o, "internal", err)
		return
	}
	e := l.walk(o, root)
	if l.opt.Record && len(e.marks) > 0 && len(e.errs) == 0 {
		at := sidecar.Fields("metadata", "annotations", RecordPrefix+l.opt.By)
		p := root
		for _, s := range at {
			p = p.child(s)
		}
		p.set, p.value = true, ""
		marks := l.walk(o, root).marks // with the record's own
		for i := range marks {
			if marks[i].At == pathString(at) {
				marks[i].Is = "" // it can't hold its own hash
			}
		}
		p.value = encodeRecord(marks, o.style().compact)
		e = l.walk(o, root)
	}
	for _, err := range e.errs {
		l.fail(o, "not-editable", err)
	}
	l.splices[o.text] = append(l.splices[o.text], e.splices...)
	l.flow[o.text] = l.flow[o.text] || e.flow
}

func (l *layer) walk(o *Object, root *patch) *editor {
	e := &editor{lines: o.text.lines, style: o.style(), json: o.text.isJSON(o.node)}
	e.walk(o.node, root, nil)
	return e
}

// style is how the object's own lists and mappings are indented.
func (o *Object) style() style {
	st := style{indent: 2, newline: o.text.br}
	var indented, listed bool
	var look func(n *node)
	look = func(n *node) {
		for _, v := range n.vals {
			if n.kind == mappingNode && !n.flow && !v.flow {
				if v.kind == mappingNode && len(v.keys) > 0 && !indented {
					st.indent, indented = v.col-n.col, true
				}
				if v.kind == sequenceNode && len(v.vals) > 0 && !listed {
					st.compact, listed = v.col == n.col, true
				}
			}
			if indented && listed {
				return
			}
			look(v)
		}
	}
	look(o.node)
	if !listed && o.list != nil && !o.list.flow {
		st.compact = o.text.root != nil && o.list.col == 0
	}
	if st.indent < 1 || st.indent > 8 {
		st.indent = 2
	}
	return st
}
