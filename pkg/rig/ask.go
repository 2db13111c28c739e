package rig

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// ask asks each pattern of the config what the workload needs, but for those that it
// goes without. Where one of them changes the pod as a whole, all are asked again: the
// others must know. Answers come in the order of the config.
func (r *run) ask(o *manifest.Object, w *sidecar.Workload, out optOut) []outcome {
	answers := r.round(o, w, out, nil)
	if merge.WithPodSettings(w, given(answers, -1)) != nil {
		answers = r.round(o, w, out, answers)
	}
	return answers
}

// round asks all entries; earlier are the answers of the round before. Those that
// take ports over are asked first: the others must know where the app listens then.
// Those that make pods without the sidecars come last.
func (r *run) round(o *manifest.Object, w *sidecar.Workload, out optOut, earlier []outcome) []outcome {
	entries := r.conf.Spec.Patterns
	answers := make([]outcome, len(entries))
	moved := map[string][]sidecar.Takeover{} // by the app's container
	view := func(i int) *sidecar.Workload {
		if settled := merge.WithPodSettings(w, given(earlier, i)); settled != nil {
			return settled
		}
		return w
	}
	for now := range turns {
		for i := range entries {
			e := &entries[i]
			if turn(e) != now {
				continue
			}
			if why := out.why(e.Name); why != "" {
				answers[i] = outcome{skipped: true, findings: sidecar.Findings{r.skipped(o, e, why)}}
				continue
			}
			answers[i] = r.answer(o, view(i), e, out, moved, answers)
			if a := answers[i].Answer; takes(e) && a != nil {
				moved[a.App.Name] = append(moved[a.App.Name], a.Change.Takeovers...)
			}
		}
	}
	for i := range entries { // who closes ports of the pod is asked again: it must know of those that the others open
		if a := answers[i].Answer; a != nil && slices.ContainsFunc(a.Change.Takeovers, func(t sidecar.Takeover) bool { return !t.MovesApp() }) {
			view := *view(i)
			view.Opened, view.Shut = opened(answers, i), shut(answers, i)
			if len(view.Opened) > 0 || len(view.Shut) > 0 {
				answers[i] = r.answer(o, &view, &entries[i], out, moved, answers)
			}
		}
	}
	return answers
}

// given are those of the answers that want something, but one.
func given(answers []outcome, but int) (asked []sidecar.Answer) {
	for i := range answers {
		if answers[i].Answer != nil && i != but {
			asked = append(asked, *answers[i].Answer)
		}
	}
	return asked
}

// An outcome is what one entry wants of a workload, if anything, and what is to be
// said about it.
type outcome struct {
	*sidecar.Answer
	findings sidecar.Findings
	skipped  bool
}

// takes reports whether the entry takes ports of the app over.
func takes(e *config.Entry) bool {
	t, ok := e.Pattern().(sidecar.Taker)
	return ok && len(t.Takes()) > 0
}

// turns are as many as turn knows.
const turns = 3

// turn says when the entry is asked.
func turn(e *config.Entry) int {
	switch {
	case takes(e):
		return 0
	case lone(e):
		return 2
	}
	return 1
}

// lone reports whether the entry makes pods without the sidecars.
func lone(e *config.Entry) bool {
	l, ok := e.Pattern().(sidecar.Loner)
	return ok && l.Lone()
}

// answer asks one pattern; before are the answers of those that were asked earlier.
func (r *run) answer(o *manifest.Object, w *sidecar.Workload, e *config.Entry, without optOut, moved map[string][]sidecar.Takeover, before []outcome) (out outcome) {
	said := run{conf: r.conf} // what is to be said about this entry
	defer func() { out.findings = said.findings }()
	view := *w
	view.Pod = *w.Pod.DeepCopy() // patterns may not write to each other's view
	e.Fill(&view)
	view.Added = said.additions(w)
	if !said.serve(&view, e) || !said.narrow(&view, e) {
		return out
	}
	if !takes(e) {
		view.Takeovers = moved[view.App.Name]
	}
	if lone(e) {
		view.Alone = merge.Without(&view, given(before, -1))
	}
	c, err := sidecar.Build(e.Pattern(), &view)
	if why := unfit(c, err); why != nil && e.Unfit == config.UnfitSkip {
		out.skipped = true
		said.add(said.skipped(o, e, ": "+why.Message))
		return out
	}
	said.problem(o, e, err)
	if c == nil {
		return out
	}
	if err := override(c, e); err != nil {
		said.problem(o, e, err)
		return out
	}
	for j := range c.Notes {
		c.Notes[j] = placed(c.Notes[j], o, e)
	}
	others := func(names []string) []string { // one that isn't in this pod isn't waited for
		return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return without.why(n) != "" && r.named(n) })
	}
	out.Answer = &sidecar.Answer{Name: e.Name, Placement: e.Placement, After: others(e.After), Before: others(e.Before),
		App: view.App, Apps: view.Apps, Change: c}
	return out
}

// unfit is why a workload is none for a pattern, if it isn't.
func unfit(c *sidecar.Change, err error) *sidecar.Finding {
	var fs sidecar.Findings
	if c != nil {
		fs = c.Notes
	} else if !errors.As(err, &fs) {
		return nil
	}
	return fs.Unfit()
}

// override lays the user's partial container over the sidecar's: the one of its name,
// or, where none is named so, all whose names begin with it, as log-tail-access does
// with log-tail.
func override(c *sidecar.Change, e *config.Entry) error {
	if e.Override == nil || c.Overlaid {
		return nil
	}
	var exact, several []*corev1.Container
	for ctr := range c.AllContainers() {
		if ctr.Name == e.Name {
			exact = append(exact, ctr)
		} else if strings.HasPrefix(ctr.Name, e.Name+"-") {
			several = append(several, ctr)
		}
	}
	if exact != nil {
		several = exact[:1]
	}
	for _, ctr := range several {
		over, err := sidecar.Overlay(*ctr, e.Override)
		if err != nil {
			return err
		}
		over.Name = ctr.Name // an override may have the entry's
		*ctr = over
	}
	if several == nil {
		return fmt.Errorf("override: no container of this sidecar is named %s, or begins with %s-; name one so, or edit the container itself", e.Name, e.Name)
	}
	return nil
}

// problem adds what a pattern says is wrong.
func (r *run) problem(o *manifest.Object, e *config.Entry, err error) {
	if err == nil {
		return
	}
	var fs sidecar.Findings
	if !errors.As(err, &fs) {
		fs = sidecar.Findings{{Severity: sidecar.Error, Code: "pattern", Message: err.Error()}}
	}
	for _, f := range fs {
		r.add(placed(f, o, e))
	}
}

// placed says whom a pattern's finding is about. Its field is one of the config,
// so it goes into the message.
func placed(f sidecar.Finding, o *manifest.Object, e *config.Entry) sidecar.Finding {
	if f.Object == (sidecar.Ref{}) {
		f.Object = o.Ref
		if f.Field != "" {
			f.Message = f.Field + ": " + f.Message
			f.Field = ""
		}
	}
	f.Sidecar = e.Name
	return f
}
