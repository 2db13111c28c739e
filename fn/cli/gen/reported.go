package main

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/rig"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// readReported returns what the cases of the tests report of each pattern, by its key. These are findings that the
// program really gives, though not all of them.
func readReported(root string) (map[string]sidecar.Findings, error) {
	configs, err := filepath.Glob(filepath.Join(root, "pkg", "rigtest", "testdata", "*", "config.yaml"))
	if err != nil {
		return nil, err
	}
	reported := map[string]sidecar.Findings{}
	for _, file := range configs {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		input, err := os.ReadFile(filepath.Join(filepath.Dir(file), "input.yaml"))
		if err != nil {
			return nil, err
		}
		conf, fs := config.Read(text, "")
		if !fs.Failed() {
			fs = rig.Run([]rig.File{{Name: "input.yaml", Text: string(input)}}, conf, rig.Options{}).Findings
		}
		for _, f := range fs {
			key := findKey(f, conf)
			if key == "" || f.Severity == sidecar.Info || slices.Contains(formal, f.Code) {
				continue
			}
			if !slices.ContainsFunc(reported[key], func(o sidecar.Finding) bool { return o.Code == f.Code }) {
				if _, field, found := strings.Cut(f.Field, "]."+key+"."); found { // of the document, not of an object
					f.Message = field + ": " + f.Message
				}
				reported[key] = append(reported[key], f)
			}
		}
	}
	for _, fs := range reported {
		slices.SortFunc(fs, func(a, b sidecar.Finding) int {
			return cmp.Or(cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Code, b.Code))
		})
	}
	return reported, nil
}

// formal are the codes of what every document can have, and an editor shows.
var formal = []string{"unknown-field", "wrong-type"}

var entryField = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^spec\.patterns\[\d+\]\.(\w+)`) })

// findKey returns the key of the pattern that a finding is about, or "".
func findKey(f sidecar.Finding, conf *config.Sidecars) string {
	if m := entryField().FindStringSubmatch(f.Field); m != nil && isPattern(m[1]) {
		return m[1]
	}
	if conf == nil || f.Sidecar == "" {
		return ""
	}
	for i := range conf.Spec.Patterns {
		if e := &conf.Spec.Patterns[i]; e.Name == f.Sidecar {
			return e.Key()
		}
	}
	return ""
}

// writeReported lists one finding of each code.
func (p *page) writeReported(fs sidecar.Findings) {
	if len(fs) == 0 {
		return
	}
	p.add("\n## What it reports\n\nOne message of each kind, as tests make them. Codes are stable.\n")
	p.add("| severity | code | such as | what to do |\n| --- | --- | --- | --- |")
	for _, f := range fs {
		p.add("| %s | `%s` | %s | %s |", f.Severity, f.Code, showMessage(f.Message), showMessage(f.Hint))
	}
}

// longMessage is how many characters of a message fit into a table.
const longMessage = 220

// showMessage writes a message in Markdown. Of a long one, as with a whole manifest, it writes the beginning.
func showMessage(text string) string {
	text = sidecar.OneLine(text)
	if len(text) > longMessage {
		text = text[:strings.LastIndex(text[:longMessage], " ")] + " ..."
		if start := strings.Index(text, " {"); start > 0 {
			text = text[:start] + " a manifest that is printed"
		}
	}
	return escapeCell(marks.Replace(text))
}
