package manifest

import (
	"errors"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Annotations on objects that we emit. Everybody may read the label, [sidecar.ManagedLabel].
// The annotations name the config, if files are written in place: a later run must know
// which objects it may remove.
const (
	OwnerKey   = "outrigger.dev/by"
	contentKey = "outrigger.dev/content" // hash of what we wrote, to detect changes by hand
)

// needsHash makes kustomize add a hash to the name of an object that a function adds. The
// documented annotation works for generators only (kustomize api/resource,
// NeedHashSuffix). kustomize removes this one at the end of the build.
const (
	needsHash   = "internal.config.kubernetes.io/needsHashSuffix"
	needsHashOn = "enabled"
)

// An Emit is an object to write beside its workload.
type Emit struct {
	Object  sidecar.Object
	Ref     sidecar.Ref // of the object
	For     *Object     // the workload
	Sidecar string
	Hash    bool   // kustomize shall add a hash of the content to the name
	By      string // the document that it's for, where that is to be known later; else ""
	Carried bool   // kustomize carries that
}

// A Layer collects edits of texts. It doesn't change the texts: [Layer.Texts] returns new
// ones, or findings if that isn't possible.
type Layer struct {
	texts    []*Text
	splices  map[*Text][]splice
	reread   map[*Text]bool // texts to be read again, see check
	findings sidecar.Findings
	known    map[string]string  // inserted texts
	values   values.Cache       // of edits
	laid     map[*Object][2]int // the range of an object's splices in those of its text
	written  map[*Object]bool   // existing objects that are updated or removed
	next     map[place]int      // the next index in a file of kpt's; nil: not looked for yet
}

// NewLayer is an empty layer.
func NewLayer(texts []*Text) *Layer {
	return &Layer{
		texts:   texts,
		splices: map[*Text][]splice{}, reread: map[*Text]bool{}, known: map[string]string{}, values: values.Cache{},
		laid: map[*Object][2]int{}, written: map[*Object]bool{},
	}
}

// Texts returns the texts with all edits, in their order.
func (l *Layer) Texts() ([]Edited, sidecar.Findings) {
	l.reportOpenEnds()
	out := make([]Edited, len(l.texts))
	for i, t := range l.texts {
		out[i] = newEdited(t, l.splices[t])
		if at := out[i].findCrossing(); at >= 0 {
			l.addFinding(sidecar.Finding{Severity: sidecar.Error, Code: "internal", File: t.Name,
				Line: t.lines.LineNumber(at), Message: "an edit changes what another edit removes"})
			continue
		}
		if l.reread[t] {
			again, err := Parse(t.Name, out[i].String())
			if err == nil && len(again.Objects) == 0 {
				err = errors.New("the objects are gone")
			}
			l.reportBroken(t.Name, sidecar.Ref{}, err)
		}
	}
	if l.findings.Failed() {
		return nil, l.findings
	}
	return out, l.findings
}

// reportOpenEnds reports texts that end in a block scalar without a line break: what is
// inserted behind it begins with one, which is part of the scalar.
func (l *Layer) reportOpenEnds() {
	for t, splices := range l.splices {
		atEnd := func(s splice) bool { return s.at == len(t.lines.Text) && s.ins != "" }
		if slices.ContainsFunc(splices, atEnd) && t.endsOpen() {
			l.findings = append(l.findings, sidecar.Finding{Severity: sidecar.Info, Code: "line-break", File: t.Name,
				Line:    t.lines.LineNumber(len(t.lines.Text)),
				Message: "the text ends in a block scalar without a line break, and gets one"})
		}
	}
}

// reportOn adds a finding about an object. It's an error if it has no severity.
func (l *Layer) reportOn(o *Object, f sidecar.Finding) {
	if f.Severity == "" {
		f.Severity = sidecar.Error
	}
	f.Object, f.File = o.Ref, o.File()
	l.addFinding(f)
}

// addFinding adds a finding.
func (l *Layer) addFinding(f sidecar.Finding) { l.findings = append(l.findings, f) }

// addFailure reports an error on an object.
func (l *Layer) addFailure(o *Object, code string, err error) {
	l.reportOn(o, sidecar.Finding{Code: code, Message: err.Error()})
}

// Edit lays edits on an object, all that there are for it at once: what was laid on
// it before is taken back. With about, the object remembers them.
func (l *Layer) Edit(o *Object, edits []sidecar.Edit, about *Record) {
	if at, twice := l.laid[o]; twice {
		clear(l.splices[o.text][at[0]:at[1]])
	}
	from := len(l.splices[o.text])
	defer func() { l.laid[o] = [2]int{from, len(l.splices[o.text])} }()
	root, err := planEdits(edits, l.values)
	if err != nil {
		l.addFailure(o, "internal", err)
		return
	}
	l.reportDuplicates(o, root)
	var e *editor
	switch {
	case about != nil && about.Carried:
		e = l.editCarried(o, edits, root, *about)
	case about != nil:
		e = l.editWithRecord(o, edits, root, *about)
	default:
		e = l.editObject(o, root, false)
	}
	for _, err := range e.errs {
		l.addFailure(o, "not-editable", err)
	}
	l.checkBrackets(o, e)
	l.keepSplices(o, e)
}

// Laid reports whether an object has edits.
func (l *Layer) Laid(o *Object) bool { _, laid := l.laid[o]; return laid }

// keepSplices collects the splices of an object. One sidecar often inserts the same text
// into thousands of workloads, so equal texts are kept once.
func (l *Layer) keepSplices(o *Object, e *editor) {
	for i, s := range e.splices {
		if text, ok := l.known[s.ins]; ok {
			e.splices[i].ins = text
		} else {
			l.known[s.ins] = s.ins
		}
	}
	l.splices[o.text] = append(l.splices[o.text], e.splices...)
}

// checkBrackets reads an object again if something between brackets was edited: YAML allows
// more forms there than anybody writes. A misread one must become an error, not a broken
// manifest.
func (l *Layer) checkBrackets(o *Object, e *editor) {
	switch {
	case !e.flow || len(e.errs) > 0:
	case o.from == o.to: // read as a part of something larger
		l.reread[o.text] = l.reread[o.text] || !isReadable(o, e.splices)
	default:
		text := cutOut(o.text, o.from, o.to, e.splices)
		_, err := positioned.ReadObject(positioned.NewLines(text), 0, len(text), o.list != nil)
		l.reportBroken(o.File(), o.Ref, err)
	}
}

// isReadable reports whether an object in brackets can be read alone after its splices. Most
// can, and to read a whole list again takes much memory.
func isReadable(o *Object, splices []splice) bool {
	n := o.rootNode()
	outside := func(s splice) bool { return s.at <= n.Start || s.at+s.del >= n.End }
	if !n.Flow || n.Odd || slices.ContainsFunc(splices, outside) {
		return false
	}
	text := cutOut(o.text, n.Start, n.End, splices)
	again, ok := positioned.ReadFast(positioned.NewLines(text), 0, len(text), false)
	return ok && again.Kind == positioned.Mapping && again.End == len(text) &&
		again.Check(positioned.NewLines(text)) == nil
}

// cutOut returns the text between two offsets with splices applied.
func cutOut(t *Text, from, to int, splices []splice) string {
	own := make([]splice, len(splices))
	for i, s := range splices {
		own[i] = splice{s.at - from, s.del, s.ins}
	}
	return joinSplices(t.lines.Text[from:to], own)
}

// reportBroken reports that a text or an object can't be read any more.
func (l *Layer) reportBroken(file string, ref sidecar.Ref, err error) {
	if err != nil {
		l.addFinding(sidecar.Finding{
			Severity: sidecar.Error, Code: "not-editable", Object: ref, File: file,
			Message: "text in brackets can't be edited: " + err.Error(),
			Hint:    "write the pod template in block style",
		})
	}
}

// editObject applies a patch to the object's nodes. With hashes, marks have those of their values, as a record needs.
func (l *Layer) editObject(o *Object, root *patch, hashes bool) *editor {
	e := &editor{Lines: o.text.lines, Style: o.textStyle(), json: o.rootNode().IsJSON(), hashes: hashes, object: o}
	if o.rootNode().IsShared() {
		e.out, e.done = e.writeOuts(o.rootNode(), root), map[*positioned.Node]bool{}
	}
	e.editBelow(o.rootNode(), root, make(sidecar.Path, 0, usualDepth))
	if len(e.out) > 0 && len(e.errs) == 0 {
		e.writeOutBelow(o.rootNode(), nil)
	}
	return e
}

// textStyle returns the indentation of the object's own lists and mappings.
func (o *Object) textStyle() values.Style {
	if o.styled.Newline == "" {
		o.styled = o.detectStyle()
	}
	return o.styled
}

func (o *Object) detectStyle() values.Style {
	st := values.Style{Indent: 2, Newline: o.text.lines.Break, Open: !strings.HasSuffix(o.text.lines.Text, "\n")}
	var indented, listed bool
	var look func(n *positioned.Node)
	look = func(n *positioned.Node) {
		for _, v := range n.Values {
			if n.Kind == positioned.Mapping && !n.Flow && !v.Flow {
				if v.Kind == positioned.Mapping && len(v.Keys) > 0 && !indented {
					st.Indent, indented = v.Column-n.Column, true
				}
				if v.Kind == positioned.Sequence && len(v.Values) > 0 && !listed {
					st.Compact, listed = v.Column == n.Column, true
				}
			}
			if indented && listed {
				return
			}
			look(v)
		}
	}
	look(o.rootNode())
	if !listed && o.list != nil && !o.list.isFlow() {
		st.Compact = o.list.top && o.list.col == 0
	}
	if st.Indent < 1 || st.Indent > 8 {
		st.Indent = 2
	}
	return st
}
