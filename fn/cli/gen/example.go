package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pmezard/go-difflib/difflib"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/rig"
)

// An example is a folder of examples/, with a document that serves one workload.
type example struct {
	dir   string
	title string
	text  string // of the document
	conf  *config.Sidecars
	files []rig.File // its manifests
}

type examples []example

// readExamples reads those folders of examples/ that have a document of their own.
func readExamples(root string) (all examples, err error) {
	documents, err := filepath.Glob(filepath.Join(root, "examples", "*", "sidecars", "sidecars.yaml"))
	if err != nil {
		return nil, err
	}
	for _, document := range documents {
		dir := filepath.Dir(filepath.Dir(document))
		e := example{dir: filepath.Base(dir)}
		text, err := os.ReadFile(document)
		if err != nil {
			return nil, err
		}
		conf, fs := config.Read(text, document)
		if fs.Failed() {
			return nil, fs
		}
		e.text, e.conf = string(text), conf
		readme, err := os.ReadFile(filepath.Join(dir, "README.md"))
		if err != nil {
			return nil, err
		}
		title, _, _ := strings.Cut(string(readme), "\n")
		e.title = strings.TrimPrefix(title, "# ")
		bases, err := filepath.Glob(filepath.Join(dir, "base", "*.yaml"))
		if err != nil {
			return nil, err
		}
		for _, base := range bases {
			if filepath.Base(base) == "kustomization.yaml" {
				continue
			}
			text, err := os.ReadFile(base)
			if err != nil {
				return nil, err
			}
			e.files = append(e.files, rig.File{Name: filepath.Base(base), Text: string(text)})
		}
		all = append(all, e)
	}
	return all, nil
}

// first names the example that shows a pattern best, where it isn't the shortest.
var first = map[string]string{"tlsProxy": "elasticsearch-tls", "exporter": "elasticsearch-metrics"}

// choose returns the example of a pattern: one with few other patterns, and with a short document. It returns nil if
// there is none.
func (all examples) choose(key string) *example {
	var found *example
	for i, e := range all {
		if !e.shows(key) {
			continue
		}
		if _, fs := rig.Expand(e.files, e.alone(key)); fs.Failed() {
			continue // it serves several workloads, or the entry needs the others
		}
		if found == nil || first[key] == e.dir || first[key] != found.dir && e.compare(found) < 0 {
			found = &all[i]
		}
	}
	return found
}

// compare orders examples by how much stands in them.
func (e *example) compare(other *example) int {
	return cmp.Or(len(e.conf.Spec.Patterns)-len(other.conf.Spec.Patterns), len(e.text)-len(other.text))
}

// others returns the folders of all other examples of a pattern.
func (all examples) others(key string) (dirs []string) {
	chosen := all.choose(key)
	for _, e := range all {
		if e.shows(key) && (chosen == nil || e.dir != chosen.dir) {
			dirs = append(dirs, e.dir)
		}
	}
	return dirs
}

func (e *example) shows(key string) bool {
	return slices.ContainsFunc(e.conf.Spec.Patterns, func(p config.Entry) bool { return p.Key() == key })
}

// alone returns the document with the entries of one pattern only.
func (e *example) alone(key string) *config.Sidecars {
	conf := *e.conf
	conf.Spec.Patterns = slices.DeleteFunc(slices.Clone(conf.Spec.Patterns), func(p config.Entry) bool {
		return p.Key() != key
	})
	return &conf
}

// writeExample shows a document, and what its entry does to the manifests.
func (p *page) writeExample(e *example) error {
	p.add("\n## Example\n")
	if e == nil {
		return fmt.Errorf("no example serves one workload with it; write examples/CASE")
	}
	link := "../../examples/" + e.dir
	p.add("[%s](%s):\n\n```yaml\n# sidecars.yaml\n%s```", e.title, link, e.text)
	only := ""
	if len(e.conf.Spec.Patterns) > len(e.alone(p.key).Spec.Patterns) {
		only = ", without the document's other patterns"
	}
	out := rig.Run(e.files, e.alone(p.key), rig.Options{})
	if out.Findings.Failed() {
		return out.Findings
	}
	var after strings.Builder
	for _, f := range out.Files() {
		after.WriteString(f.Text)
	}
	diff, err := diffTexts(rig.JoinFiles(e.files), after.String())
	if err != nil {
		return err
	}
	p.add("\nIt does this to the manifest%s (shortened; [expected.diff](%s) is what the whole example gives):\n", only,
		link+"/expected.diff")
	p.add("```diff\n%s```", shorten(diff))
	return p.writeAdded(e)
}

// diffTexts returns the lines of a unified diff, without its head.
func diffTexts(before, after string) ([]string, error) {
	text, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
		A: splitLines(before), B: splitLines(after), FromFile: "before", ToFile: "after", Context: 2,
	})
	if err != nil {
		return nil, err
	}
	lines := splitLines(text)
	return lines[min(2, len(lines)):], nil
}

// splitLines returns the lines of a text, each with its end.
func splitLines(text string) []string { return slices.Collect(strings.Lines(text)) }

// shorten leaves out what stands deep in long blocks of added lines. Three dots stand for what isn't shown.
func shorten(lines []string) string {
	var b strings.Builder
	for len(lines) > 0 {
		n := 0
		for n < len(lines) && strings.HasPrefix(lines[n], "+") {
			n++
		}
		switch {
		case n > 0:
			writeBlock(&b, lines[:n], 0)
		case strings.HasPrefix(lines[0], "@@"):
			if n = 1; b.Len() > 0 {
				b.WriteString("...\n")
			}
		default:
			n = 1
			b.WriteString(lines[0])
		}
		lines = lines[n:]
	}
	return b.String()
}

const (
	smallBlock = 4 // lines of a value that is shown whole
	foldBelow  = 2 // levels below which others aren't
)

// writeBlock writes added lines: values of one level, each with the deeper lines that follow it.
func writeBlock(b *strings.Builder, lines []string, level int) {
	for len(lines) > 0 {
		n := 1
		for n < len(lines) && (depthOf(lines[n]) > depthOf(lines[0]) || strings.TrimSpace(lines[n][1:]) == "") {
			n++
		}
		value := lines[:n]
		text := strings.HasSuffix(strings.TrimSpace(value[0]), "|")
		switch {
		case n <= smallBlock && !text:
			b.WriteString(strings.Join(value, ""))
		case level >= foldBelow || text:
			fmt.Fprintf(b, "%s+%*s...\n", value[0], depthOf(value[1]), "")
		default:
			b.WriteString(value[0])
			writeBlock(b, value[1:], level+1)
		}
		lines = lines[n:]
	}
}

// depthOf returns how far an added line is indented.
func depthOf(line string) int { return len(line) - 1 - len(strings.TrimLeft(line[1:], " ")) }
