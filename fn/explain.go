package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/rig"
)

// explain tells what a document can say, or, with --expand, what one does.
func explain(args []string, s streams) int {
	f, conf := flagSet("explain", s)
	expanded := f.Bool("expand", false, "print the document with every pattern replaced by the equal custom")
	if err := f.Parse(args); err != nil {
		return exit(err)
	}
	switch {
	case *expanded && *conf == "":
		return fail(s, "explain: say which sidecars: --expand -c FILE")
	case *expanded:
		return expand(*conf, f.Args(), s)
	case *conf != "":
		return fail(s, "explain: -c is for --expand")
	case f.NArg() > 1:
		return fail(s, "explain: one pattern or field at a time, as in tlsProxy.rebind")
	}
	doc, err := config.Explain(f.Arg(0))
	if err != nil {
		return fail(s, "explain: %v", err)
	}
	var b strings.Builder
	if doc.Path == "" {
		for _, p := range doc.Fields {
			fmt.Fprintf(&b, "%-13s %-16s %s\n", p.Name, p.Family, p.Text)
		}
		b.WriteString("\nMore about one, or about a field: outrigger explain tlsProxy, outrigger explain tlsProxy.rebind\n")
	} else {
		document(&b, doc)
	}
	if _, err := io.WriteString(s.out, b.String()); err != nil {
		return fail(s, "%v", err)
	}
	return 0
}

// document writes what is known of a field, and of those below it.
func document(b *strings.Builder, doc *config.Doc) {
	fmt.Fprintf(b, "%s (%s)\n", doc.Path, doc.Type)
	for _, text := range []string{doc.Text, doc.About} {
		wrap(b, text, "  ")
	}
	for _, f := range doc.Fields {
		required := ""
		if f.Required {
			required = ", required"
		}
		fmt.Fprintf(b, "\n  %s (%s%s)\n", f.Name, f.Type, required)
		wrap(b, f.Text, "      ")
	}
}

// wrap writes a text in lines of less than 100 characters.
func wrap(b *strings.Builder, text, indent string) {
	line := indent
	for word := range strings.FieldsSeq(text) {
		if len(line)+len(word) >= 100 && line != indent {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line = indent
		}
		line += word + " "
	}
	if line != indent {
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

// expand prints the document in which every pattern is spelled out.
func expand(name string, paths []string, s streams) int {
	c, code := readConfig(name, s)
	if code != 0 {
		return code
	}
	in, code := read(paths, false, s)
	if code != 0 {
		return code
	}
	c, fs := rig.Expand(in.files, c)
	if tell(s.err, fs); fs.Failed() {
		return 1
	}
	c.Spec = c.Spec.Bare()
	out, err := manifest.YAML(c)
	if err == nil {
		_, err = io.WriteString(s.out, out)
	}
	if err != nil {
		return fail(s, "%v", err)
	}
	return 0
}
