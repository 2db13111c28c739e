// Command cmd measures outrigger as a whole process, side by side with the
// function that everybody would write with kyaml, on generated corpora, and
// prints tables in Markdown:
//
//	go -C e2e run ./bench/cmd
//	go -C e2e run ./bench/cmd -runners -n 100,1000
//	go -C e2e run ./bench/cmd -n 1000,10000 -m 1,10,100 -forms stream,kustomize,kpt -rounds 5
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/outrigger-dev/outrigger/e2e/bench/corpus"
)

// options say what is measured.
type options struct {
	sizes    []int
	percents []int
	forms    []corpus.Form
	selects  []string // ways to select, of corpus.Selections
	rounds   int      // 0: as many as each size needs
	baseline int      // the largest size at which others are measured, too
	startup  int      // rounds
	runners  bool     // measure kustomize with outrigger, in all ways, instead
	program  string   // outrigger; "": it's built
}

func main() {
	o, err := parseFlags(os.Args[1:])
	if err == nil {
		err = measureAll(o, os.Stdout, os.Stderr)
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parseFlags(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	sizes := f.String("n", "1,10,100,1000,10000", "numbers of `objects`")
	percents := f.String("m", "10", "`percent` of the workloads that get the sidecar")
	forms := f.String("forms", "kustomize,flow", "stream, kustomize, kpt, flow")
	selects := f.String("select", strings.Join(corpus.Selections, ","), "ways to select")
	f.IntVar(&o.rounds, "rounds", 0, "runs of each program; 0: 20 for the smallest corpora, 2 for the largest")
	f.IntVar(&o.baseline, "baseline", 10_000, "the largest corpus that others get: at 10,000 objects minimal takes 2 GB")
	f.IntVar(&o.startup, "startup", 30, "runs with an empty list")
	f.BoolVar(&o.runners, "runners", false, "measure builds by kustomize with outrigger in all ways, beside plain ones")
	f.StringVar(&o.program, "outrigger", "", "the `program` to measure, instead of bin/outrigger, which is built")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	var errs [3]error
	o.sizes, errs[0] = parseNumbers(*sizes)
	o.percents, errs[1] = parseNumbers(*percents)
	for _, s := range strings.Split(*forms, ",") {
		if !slices.Contains(corpus.Forms, corpus.Form(s)) {
			errs[2] = fmt.Errorf("there is no form %q", s)
		}
		o.forms = append(o.forms, corpus.Form(s))
	}
	for _, s := range strings.Split(*selects, ",") {
		if !slices.Contains(corpus.Selections, s) {
			errs[2] = errors.Join(errs[2], fmt.Errorf("there is no way to select by %q", s))
		}
		o.selects = append(o.selects, s)
	}
	return o, errors.Join(errs[:]...)
}

func parseNumbers(list string) ([]int, error) {
	var out []int
	for _, s := range strings.Split(list, ",") {
		n, err := strconv.Atoi(s)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

// measureAll builds, runs and reports; progress is where it says what it does.
func measureAll(o options, out, progress io.Writer) error {
	dir, err := os.MkdirTemp("", "outrigger-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Fprintln(progress, "building")
	p, err := buildPrograms(dir, o.program)
	if err != nil {
		return err
	}
	if o.runners {
		return p.measureRunners(o, out, progress)
	}
	var rows []row
	for _, form := range o.forms {
		for _, n := range o.sizes {
			for _, m := range o.percents {
				var first *row
				for _, by := range o.selects {
					s := corpus.Spec{N: n, Percent: m, Form: form, Select: by}
					if !s.IsPossible() {
						continue
					}
					fmt.Fprintln(progress, s)
					r, err := p.writeCorpus(s, o, first)
					if err != nil {
						return fmt.Errorf("%s: %w", s, err)
					}
					if rows = append(rows, r); first == nil {
						first = &r
					}
				}
			}
		}
	}
	fmt.Fprintln(progress, "start-up")
	start, err := p.measureStartup(o)
	if err != nil {
		return err
	}
	printReport(out, rows, start)
	return nil
}
