package main

import (
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/config"
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
	text, err := os.ReadFile(*conf)
	if err != nil {
		return fail(s, "%v", err)
	}
	c, fs := config.Read(text, *conf)
	if tell(s.err, fs); fs.Failed() {
		return 1
	}
	files, code := input(f.Args(), *inPlace, s)
	if code != 0 {
		return code
	}
	out := rig.Run(files, c, rig.Options{InPlace: *inPlace})
	if tell(s.err, out.Findings); out.Findings.Failed() {
		return 1
	}
	if len(out.Texts) == 1 && !*inPlace { // one stream, which may be large, as it comes
		_, err = out.Texts[0].WriteTo(s.out)
	} else {
		err = write(out.Files(), files, *inPlace, s)
	}
	if err != nil {
		return fail(s, "%v", err)
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
		text, err := os.ReadFile(*conf)
		if err != nil {
			return fail(s, "%v", err)
		}
		c, fs := config.Read(text, *conf)
		if tell(s.err, fs); fs.Failed() {
			return 1
		}
		by = c.Metadata.Name
	}
	files, code := input(f.Args(), *inPlace, s)
	if code != 0 {
		return code
	}
	out, fs := rig.Strip(files, by)
	if tell(s.err, fs); fs.Failed() {
		return 1
	}
	if err := write(out, files, *inPlace, s); err != nil {
		return fail(s, "%v", err)
	}
	return 0
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

func input(paths []string, inPlace bool, s streams) ([]rig.File, int) {
	if inPlace && (len(paths) == 0 || paths[0] == "-") {
		return nil, fail(s, "-w needs files or folders to write to")
	}
	files, err := read(paths, s)
	if err != nil {
		return nil, fail(s, "%v", err)
	}
	return files, 0
}

func schema(_ []string, s streams) int {
	if _, err := s.out.Write(config.Schema()); err != nil {
		return fail(s, "%v", err)
	}
	return 0
}
