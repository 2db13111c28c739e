package main

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/outrigger-dev/outrigger/e2e/bench/corpus"
)

// cost is what one run of a program took.
type cost struct {
	cpu, wall   time.Duration
	peak, floor int64 // KiB; a peak below floor isn't seen
}

// row is what was measured on one corpus, round by round.
type row struct {
	corpus.Spec
	bytes               int64
	ours, null, minimal []cost
}

// runAll measures one run. The baseline gets one processor: idle workers of Go's
// collector would add to its CPU time on others, and flatter us.
func (p programs) runAll(input string, baseline bool, argv []string) (cost, error) {
	cmd := exec.Command(p.launch, append([]string{input}, argv...)...)
	cmd.Stderr = os.Stderr
	if baseline {
		cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	}
	out, err := cmd.Output()
	if err != nil {
		return cost{}, err
	}
	var c cost
	_, err = fmt.Sscan(string(out), &c.cpu, &c.wall, &c.peak, &c.floor)
	return c, err
}

// subject is a program that takes part in rounds.
type subject struct {
	argv     []string
	baseline bool
	costs    *[]cost
}

// runRounds runs all subjects by turns, every second time the other way round, so
// that whatever else the machine does hits all of them.
func (p programs) runRounds(n int, input string, subjects []subject) error {
	for i := range n {
		for _, s := range subjects {
			c, err := p.runAll(input, s.baseline, s.argv)
			if err != nil {
				return err
			}
			*s.costs = append(*s.costs, c)
		}
		if i < n-1 {
			slices.Reverse(subjects)
		}
	}
	return nil
}

// writeCorpus measures everybody on one corpus. The others select by the label, whatever outrigger selects by: they are
// measured once for a size and a form, with the first of the ways.
func (p programs) writeCorpus(s corpus.Spec, o options, first *row) (row, error) {
	r := row{Spec: s}
	input, err := p.writeInput(s)
	if err != nil {
		return r, err
	}
	defer os.Remove(input)
	info, err := os.Stat(input)
	if err != nil {
		return r, err
	}
	r.bytes = info.Size()
	if err := checkOutput(s, input, p.ourCommand(s)); err != nil {
		return r, err
	}
	subjects := []subject{{p.ourCommand(s), false, &r.ours}}
	if first != nil {
		r.null, r.minimal = first.null, first.minimal
	} else if s.N <= o.baseline {
		subjects = append(subjects,
			subject{[]string{p.minimal, "-null"}, true, &r.null},
			subject{[]string{p.minimal}, true, &r.minimal})
		if s.N <= 1000 { // larger ones take long
			if err := checkOutput(s, input, []string{p.minimal}); err != nil {
				return r, err
			}
		}
	}
	n := o.rounds
	if n == 0 {
		n = usualSpecs(s.N)
	}
	return r, p.runRounds(n, input, subjects)
}

// usualSpecs is a number of rounds that takes some seconds, and half a minute at 10,000
// objects.
func usualSpecs(n int) int {
	switch {
	case n <= 10:
		return 20
	case n <= 100:
		return 10
	case n <= 1000:
		return 5
	}
	return 2
}

// measureStartup measures an empty list, a Go program that does nothing, and the function of kyaml's that does nothing.
func (p programs) measureStartup(o options) (r [3][]cost, err error) {
	empty := corpus.Spec{Form: corpus.Kustomize}
	input, err := p.writeInput(empty)
	if err != nil {
		return r, err
	}
	subjects := []subject{{p.ourCommand(empty), false, &r[0]}, {[]string{p.hello}, false, &r[1]},
		{[]string{p.minimal, "-null"}, false, &r[2]}}
	return r, p.runRounds(o.startup, input, subjects)
}
