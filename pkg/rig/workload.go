package rig

import (
	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/neighbour"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
	"github.com/outrigger-dev/outrigger/pkg/verify"
)

// serveWorkload asks the patterns what each pod template of a workload needs and lays it on. What they want
// of objects around it is put aside. It returns the entries that the workload goes
// without; ok is false where it can't be served at all.
func (r *run) serveWorkload(o *manifest.Object, parts []part) (without []*config.Entry, ok bool) {
	whole := parts[0].whole
	if r.checkRecordUnused(o) || !r.checkNames(o, whole) {
		return nil, false
	}
	if r.served == nil {
		r.served = map[sidecar.Ref]*request{}
	}
	r.served[o.Ref] = whole
	var served []servedPart
	for i := range parts {
		p := &parts[i]
		if p.q == nil {
			p.without = p.lacking(nil)
			continue
		}
		s, ok := r.servePart(o, p)
		if !ok {
			return nil, false
		}
		served = append(served, s)
	}
	r.checkMarks(o, parts)
	if own, about := r.joinParts(parts, served); len(own) > 0 && r.layOn(o, own, about) {
		r.keepEdits(o, own, about)
	}
	return withoutOf(parts), true
}

// servePart asks the patterns what one pod template needs.
func (r *run) servePart(o *manifest.Object, p *part) (s servedPart, ok bool) {
	q, from := p.q, len(r.findings)
	w, ok := r.view(q, o, p.at)
	if !ok {
		return s, false
	}
	defer r.nameParts(from, w)
	a := r.agree(q, o, w)
	p.without = p.lacking(a.answers)
	r.noteServed(o, w, a.answers)
	r.noteAdded(q, o, w, a.answers)
	s = servedPart{w: w, answers: a.answers}
	if len(a.answers) == 0 {
		return s, true
	}
	r.checkDefaultContainer(q, o, w, a.answers)
	r.addFindings(verify.Check(w, a.answers)...)
	edits := r.editsOf(q, o, w, &a)
	if r.checkUnnamed(o, w, edits) {
		return s, false
	}
	s.own = r.keepShared(o, edits)
	r.checkRemembered(s.own)
	r.observe(w, a.answers)
	return s, true
}

// editsOf returns all edits of an agreement: those of the answers, of the neighbours and of the emitted objects.
func (r *run) editsOf(q *request, o *manifest.Object, w *sidecar.Workload, a *agreement) []sidecar.Edit {
	follow := neighbour.Follow(w, a.answers)
	r.addFindings(follow.Findings...)
	edits := append(a.edits, follow.Edits...)
	for _, answer := range a.answers {
		edits = append(edits, r.emitObjects(q, o, w, answer)...)
	}
	return edits
}

// keepShared keeps edits of other objects until those of all workloads are known, and returns the workload's own.
func (r *run) keepShared(o *manifest.Object, edits []sidecar.Edit) (own []sidecar.Edit) {
	own = edits[:0]
	for _, e := range edits {
		if e.Object == o.Ref {
			own = append(own, e)
		} else {
			e.For = []sidecar.Ref{o.Ref}
			r.shared = append(r.shared, e)
		}
	}
	return own
}

// An agreement is everything that the sidecars change in a workload.
type agreement struct {
	raw     []sidecar.Answer // of the patterns
	answers []sidecar.Answer // the same, with containers that run the app's program filled in
	edits   []sidecar.Edit
}

// agree asks all sidecars what they want of a workload. Where a container of another's
// stands in the place of one that may be left out, all are asked again without that one.
func (r *run) agree(q *request, o *manifest.Object, w *sidecar.Workload) (a agreement) {
	out := readOptOut(o, w.Template)
	var outcomes []outcome
	var fs sidecar.Findings
	for again := true; again; again = findForeign(q.Sidecars, o, w, a.edits, out) {
		outcomes = r.askApart(q, o, w, out)
		a.raw, a.edits = answersOf(outcomes, -1), nil
		merge.SortAnswers(a.raw)
		if a.answers, fs = merge.ResolveLikeApp(w, a.raw); len(a.answers) > 0 {
			var more sidecar.Findings
			a.edits, more = merge.Edits(w, a.answers)
			fs = append(fs, more...)
		}
	}
	for i := range outcomes {
		r.addFindings(outcomes[i].findings...)
	}
	r.addFindings(fs...)
	return a
}
