package main

import (
	"fmt"
	"io"

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
	src, err := io.ReadAll(s.in)
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
		return fail(s, "standard input is no ResourceList; for plain manifests use: outrigger inject -c FILE")
	}
	out, fs := process(text)
	code := 0
	if fs.Failed() {
		out, code = text.String(), 1
	}
	tell(s.err, fs)
	out, err = manifest.WithResults(out, fs)
	if err != nil {
		return fail(s, "results can't be added: %v", err)
	}
	if _, err := io.WriteString(s.out, out); err != nil {
		return fail(s, "standard output can't be written: %v", err)
	}
	return code
}

func process(text *manifest.Text) (string, sidecar.Findings) {
	if text.FunctionConfig == nil {
		return "", sidecar.Findings{{Severity: sidecar.Error, Code: "config-missing", Field: "functionConfig", Message: "the ResourceList has none",
			Hint: "give the runner a Sidecars document"}}
	}
	conf, fs := config.ReadNode(text.FunctionConfig, "")
	if fs.Failed() {
		return "", fs
	}
	out := rig.RunTexts([]*manifest.Text{text}, conf, rig.Options{})
	fs = append(fs, out.Findings...)
	if fs.Failed() {
		return "", fs
	}
	return out.Files[0].Text, fs
}

// tell writes findings for people, one a line.
func tell(w io.Writer, fs sidecar.Findings) {
	for _, f := range fs {
		if f.Severity != sidecar.Info {
			fmt.Fprintf(w, "outrigger: %s: %s\n", f.Severity, f)
		}
	}
}

func fail(s streams, format string, args ...any) int {
	fmt.Fprintf(s.err, "outrigger: error: "+format+"\n", args...)
	return 1
}

func blank(b []byte) bool {
	for _, c := range b {
		if c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return false
		}
	}
	return true
}
