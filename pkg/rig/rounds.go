package rig

import (
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// askAll asks each pattern of the config what the workload needs, except those that it opts out of. If one of them
// changes settings of the whole pod, all are asked again with these settings. Answers are in the order of the config.
func askAll(q *request, o *manifest.Object, w *sidecar.Workload, out optOut) []outcome {
	answers := askRound(q, o, w, out, nil)
	if merge.WithPodSettings(w, answersOf(answers, -1)) != nil {
		answers = askRound(q, o, w, out, answers)
	}
	return answers
}

// askRound asks all entries; earlier are the answers of the round before. Entries that take ports over come first,
// since the others need to know where the app listens then. Entries that make pods without the sidecars come last.
func askRound(all *request, o *manifest.Object, w *sidecar.Workload, out optOut, earlier []outcome) []outcome {
	entries := all.Spec.Patterns
	answers := make([]outcome, len(entries))
	view := func(i int) *sidecar.Workload {
		if settled := merge.WithPodSettings(w, answersOf(earlier, i)); settled != nil {
			return settled
		}
		return w
	}
	ask := func(i int, view *sidecar.Workload) {
		q := question{conf: all.Sidecars, object: o, entry: &entries[i], optOut: out, earlier: answers}
		q.takeovers = takeoversBefore(entries, answers, i)
		q.declared = answersOf(answers, i)
		answers[i] = q.ask(view)
	}
	for now := range turns {
		for i := range entries {
			e := &entries[i]
			if turnOf(e) != now {
				continue
			}
			if why := out.reasonFor(e.Name); why != "" {
				answers[i] = outcome{skipped: true, findings: sidecar.Findings{describeSkip(all.Sidecars, o, e, why)}}
				continue
			}
			ask(i, view(i))
		}
	}
	for i := range entries { // an entry that closes ports of the pod is asked again, with the ports of the others
		if answers[i].Answer == nil || !standsInFront(answers[i].Answer) {
			continue
		}
		view := *view(i)
		view.Opened, view.Shut = portsOf(answers, i), closedPorts(answers, i)
		if len(view.Opened) > 0 || len(view.Shut) > 0 {
			ask(i, &view)
		}
	}
	return answers
}

// takeoversBefore returns the ports that entries take over, by the app's container: those that were asked before an
// entry, which learns of them.
func takeoversBefore(entries []config.Entry, answers []outcome, of int) map[string][]sidecar.Takeover {
	if turnOf(&entries[of]) <= takingTurn {
		return nil
	}
	all := map[string][]sidecar.Takeover{}
	for i := range answers {
		if a := answers[i].Answer; a != nil && i != of && turnOf(&entries[i]) <= findingTurn {
			all[a.App.Name] = append(all[a.App.Name], a.Change.Takeovers...)
		}
	}
	return all
}

// standsInFront reports whether a sidecar is in front of an app that keeps its port.
func standsInFront(a *sidecar.Answer) bool {
	return slices.ContainsFunc(a.Change.Takeovers, func(t sidecar.Takeover) bool { return t.Front })
}

// answersOf returns the answers among the outcomes, except one; -1 excepts none.
func answersOf(outcomes []outcome, except int) (answers []sidecar.Answer) {
	for i := range outcomes {
		if outcomes[i].Answer != nil && i != except {
			answers = append(answers, *outcomes[i].Answer)
		}
	}
	return answers
}

// The turns of a round, in which entries are asked.
const (
	writtenTurn = iota // those that are as they're written, and may declare ports of the app
	takingTurn         // those that name the ports that they take over
	findingTurn        // those that find ports, of those that nobody has
	usualTurn
	aloneTurn // those that make pods without the sidecars
	turns
)

func turnOf(e *config.Entry) int {
	t, takesPorts := e.Pattern().(sidecar.PortTaker)
	switch {
	case e.Custom != nil:
		return writtenTurn
	case takesPorts && len(t.TakenPorts()) > 0:
		return takingTurn
	case takesPorts:
		return findingTurn
	case runsAlone(e):
		return aloneTurn
	}
	return usualTurn
}

// runsAlone reports whether the entry makes pods without the sidecars.
func runsAlone(e *config.Entry) bool {
	l, ok := e.Pattern().(sidecar.Standalone)
	return ok && l.RunsAlone()
}
