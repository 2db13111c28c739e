package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/rig"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// function is the KRM function. On an error the list goes out with its items as
// they came and all findings as results, and the exit code is 1: runners throw
// away what a function leaves out, and kustomize never shows results, so the
// findings go to standard error too.
func function(s streams) int {
	src, err := readAll(s.in)
	if err != nil {
		return fail(s, "standard input can't be read: %v", err)
	}
	if blank(src) {
		return fail(s, "standard input is empty; a ResourceList is expected there (see outrigger --help)")
	}
	text, err := manifest.Parse("", src)
	if err != nil {
		return fail(s, "standard input: %v", err)
	}
	if !text.IsResourceList() {
		return fail(s, "standard input: %s; for plain manifests use: outrigger inject -c FILE", text.NoResourceList())
	}
	out, fs := process(text)
	code := 0
	if fs.Failed() {
		out, code = manifest.Unchanged(text), 1
	}
	tell(s.err, fs)
	out, err = out.WithResults(fs)
	if err != nil {
		return fail(s, "results can't be added: %v", err)
	}
	if _, err := out.WriteTo(s.out); err != nil {
		return fail(s, "standard output can't be written: %v", err)
	}
	return code
}

func process(text *manifest.Text) (out manifest.Edited, fs sidecar.Findings) {
	if text.FunctionConfig == nil {
		return out, sidecar.Findings{{Severity: sidecar.Error, Code: "config-missing", Field: "functionConfig", Message: "the ResourceList has none",
			Hint: "give the runner a Sidecars document"}}
	}
	conf, fs := config.ReadNode(text.FunctionConfig, "")
	if fs.Failed() {
		return out, fs
	}
	laid := rig.RunTexts([]*manifest.Text{text}, conf, rig.Options{})
	fs = append(fs, laid.Findings...)
	if fs.Failed() {
		return out, fs
	}
	return laid.Texts[0], fs
}

// told are codes of findings that nobody may miss, be they only worth knowing: who goes
// without a sidecar, and what goes.
var told = []string{sidecar.Skipped, "object-removed"}

// tell writes findings for people, one a line.
func tell(w io.Writer, fs sidecar.Findings) {
	for _, f := range fs {
		if f.Severity != sidecar.Info || slices.Contains(told, f.Code) {
			fmt.Fprintf(w, "outrigger: %s: %s\n", f.Severity, f)
		}
	}
}

func fail(s streams, format string, args ...any) int {
	fmt.Fprintf(s.err, "outrigger: error: "+format+"\n", args...)
	return 1
}

// failAll tells an error that may be many, one a line.
func failAll(s streams, err error) int {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fail(s, "%s", line)
	}
	return 1
}

func note(s streams, notes []string) {
	for _, n := range notes {
		fmt.Fprintf(s.err, "outrigger: note: %s\n", n)
	}
}

func blank(text string) bool {
	for _, c := range []byte(text) {
		if c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return false
		}
	}
	return true
}
