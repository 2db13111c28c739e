package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/config"
)

// pagesDir is the folder of the pages, below the root of the module.
const pagesDir = "docs/patterns"

// families says what the words are that patterns are sorted by.
var families = map[string]string{
	"ambassador":      "It stands between the app and the network.",
	"adapter":         "It shows what the app does in a form that others read.",
	"sidecar":         "It runs beside the app, as long as the pod.",
	"init":            "It does its work before the app starts, and ends.",
	"sidecar or init": "It runs beside the app, or does its work once before the app starts.",
	"any":             "It's whatever you make of it.",
}

// writePages returns the page of each pattern, and their index, by file name.
func writePages(root string) (map[string][]byte, error) {
	list, err := config.Explain("")
	if err != nil {
		return nil, err
	}
	examples, err := readExamples(root)
	if err != nil {
		return nil, err
	}
	reported, err := readReported(root)
	if err != nil {
		return nil, err
	}
	pages := map[string][]byte{}
	for _, p := range list.Fields {
		page := &page{key: p.Name}
		page.writeHead(p)
		if err := page.writeExample(examples.choose(p.Name)); err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
		if err := page.writeAllFields(); err != nil {
			return nil, err
		}
		page.writeReported(reported[p.Name])
		page.writeMore(examples.others(p.Name))
		pages[p.Name+".md"] = []byte(page.String())
	}
	index, err := writeIndex(list)
	pages["README.md"] = index
	return pages, err
}

// savePages writes the pages, and removes those of patterns that don't exist any more.
func savePages(root string) error {
	pages, err := writePages(root)
	if err != nil {
		return err
	}
	stale, err := filepath.Glob(filepath.Join(root, pagesDir, "*.md"))
	if err != nil {
		return err
	}
	for _, file := range stale {
		if _, ok := pages[filepath.Base(file)]; !ok {
			if err := os.Remove(file); err != nil {
				return err
			}
		}
	}
	if err := os.MkdirAll(filepath.Join(root, pagesDir), 0o755); err != nil {
		return err
	}
	for name, text := range pages {
		if err := os.WriteFile(filepath.Join(root, pagesDir, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

const generatedMark = "<!-- Written by \"go generate ./fn/cli\"; don't edit. -->\n"

// A page documents one pattern.
type page struct {
	strings.Builder
	key      string
	sections map[string]string // the headings of the types that have one, by type
}

// add writes a line.
func (p *page) add(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

func (p *page) writeHead(f config.FieldDoc) {
	p.add("# %s\n\n%s\n**%s**: %s", f.Name, generatedMark, upperFirst(f.Family), families[f.Family])
	doc, err := config.Explain(f.Name)
	if err != nil || doc.About == "" {
		return // the error is that of writeAllFields, too
	}
	for paragraph := range strings.SplitSeq(doc.About, "\n") {
		p.add("\n%s", markUp(paragraph))
	}
}

// writeMore names what else there is to read.
func (p *page) writeMore(others []string) {
	p.add("\n## More\n")
	for i, dir := range others {
		others[i] = fmt.Sprintf("[%s](../../examples/%[1]s)", dir)
	}
	if others != nil {
		p.add("- other examples: %s", strings.Join(others, ", "))
	}
	p.add("- [all patterns](README.md), and [what they have in common](README.md#what-all-patterns-have)")
	p.add("- `outrigger explain %s` prints the fields, and `outrigger explain --expand` prints what an entry adds to a "+
		"workload of yours, as a [custom](custom.md) pattern", p.key)
}

// writeIndex lists the patterns, and what they have in common.
func writeIndex(list *config.Doc) ([]byte, error) {
	p := &page{}
	p.add("# The patterns\n\n%s\nA Sidecars document has a list of `patterns`. Each entry has one of these keys:\n",
		generatedMark)
	p.add("| pattern | family | what it does |\n| --- | --- | --- |")
	for _, f := range list.Fields {
		p.add("| [%s](%s.md) | %s | %s |", f.Name, f.Name, f.Family, escapeCell(f.Text))
	}
	p.add("\n## What all patterns have\n\nThese fields stand beside the pattern's key:\n\n```yaml\npatterns:\n" +
		"  - tlsProxy: {port: 8080, secretName: web-tls, rebind: {preset: node}}\n    name: proxy\n    required: true\n```\n")
	entry, err := config.Explain("spec.patterns")
	if err != nil {
		return nil, err
	}
	var common []config.FieldDoc
	for _, f := range entry.Fields {
		if !isPattern(f.Name) {
			common = append(common, f)
		}
	}
	if err := p.writeTable("spec.patterns", common); err != nil {
		return nil, err
	}
	p.add("\n## The document\n\nThese fields stand in `spec`, around the patterns:\n")
	spec, err := config.Explain("spec")
	if err != nil {
		return nil, err
	}
	if err := p.writeTable("spec", spec.Fields); err != nil {
		return nil, err
	}
	around := slices.DeleteFunc(spec.Fields, func(f config.FieldDoc) bool { return f.Name == "patterns" })
	if err := p.writeSections("spec", around); err != nil {
		return nil, err
	}
	return []byte(p.String()), nil
}
