package main

import (
	"flag"
	"fmt"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/files"
	"github.com/outrigger-dev/outrigger/pkg/rig"
)

// inject lays sidecars on files, folders or a stream. A stream gets no output
// where anything is wrong: someone may pipe it into kubectl apply.
func inject(args []string, s streams) int {
	f, conf, inPlace := flags("inject", s)
	if err := f.Parse(args); err != nil {
		return exit(err)
	}
	if *conf == "" {
		return fail(s, "inject: say which sidecars: -c FILE")
	}
	c, code := readConfig(*conf, s)
	if code != 0 {
		return code
	}
	in, code := read(f.Args(), *inPlace, s)
	if code != 0 {
		return code
	}
	out := rig.Run(in.files, c, rig.Options{InPlace: *inPlace})
	if tell(s.err, out.Findings); out.Findings.Failed() {
		return 1
	}
	if len(out.Texts) == 1 && !*inPlace { // one stream, which may be large, as it comes
		if _, err := out.Texts[0].WriteTo(s.out); err != nil {
			return fail(s, "%v", err)
		}
	} else if code := in.write(out.Files(), *inPlace, s); code != 0 {
		return code
	}
	for _, line := range table(out.Report) {
		fmt.Fprintln(s.err, "outrigger:", line)
	}
	return 0
}

// table aligns what the report says of each workload, where there are many.
func table(report []string) []string {
	if len(report) <= 3 {
		return report
	}
	width := 0
	for _, line := range report {
		who, _, _ := strings.Cut(line, ": ")
		width = max(width, len(who)+1)
	}
	lines := make([]string, len(report))
	for i, line := range report {
		who, what, _ := strings.Cut(line, ": ")
		lines[i] = fmt.Sprintf("%-*s %s", width, who+":", what)
	}
	return lines
}

// strip takes off what was laid on.
func strip(args []string, s streams) int {
	f, conf, inPlace := flags("strip", s)
	if err := f.Parse(args); err != nil {
		return exit(err)
	}
	by := ""
	if *conf != "" {
		c, code := readConfig(*conf, s)
		if code != 0 {
			return code
		}
		by = c.Metadata.Name
	}
	in, code := read(f.Args(), *inPlace, s)
	if code != 0 {
		return code
	}
	out, fs := rig.Strip(in.files, by)
	if tell(s.err, fs); fs.Failed() {
		return 1
	}
	return in.write(out, *inPlace, s)
}

func flags(name string, s streams) (*flag.FlagSet, *string, *bool) {
	f, conf := flagSet(name, s)
	return f, conf, f.Bool("w", false, "write files back in place, instead of to standard output")
}

func flagSet(name string, s streams) (*flag.FlagSet, *string) {
	f := flag.NewFlagSet("outrigger "+name, flag.ContinueOnError)
	f.SetOutput(s.err)
	return f, f.String("c", "", "the Sidecars document")
}

func exit(err error) int {
	if err == flag.ErrHelp {
		return 0
	}
	return 1
}

// readConfig reads the Sidecars document, and tells what is wrong with it.
func readConfig(name string, s streams) (*config.Sidecars, int) {
	text, err := files.ReadDocument(name)
	if err != nil {
		return nil, failAll(s, err)
	}
	c, fs := config.Read(text, name)
	if tell(s.err, fs); fs.Failed() {
		return nil, 1
	}
	return c, 0
}

func schema(_ []string, s streams) int {
	if _, err := s.out.Write(config.Schema()); err != nil {
		return fail(s, "%v", err)
	}
	return 0
}
