package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
	"github.com/outrigger-dev/outrigger/pkg/rig"
)

func newExplain(s *streams) *cobra.Command {
	var document string
	var expanded bool
	c := &cobra.Command{
		Use:                   "explain [FIELD]\n  outrigger explain --expand -c FILE [PATH...]",
		DisableFlagsInUseLine: true,
		Short:                 "list the patterns, or document one and its fields",
		Long: `List the patterns, or document a pattern or a field of the Sidecars document by its path.
The word flat documents the form key=value, in which kpt passes one pattern.

With --expand, print the document with every pattern replaced by the equal custom pattern,
which shows all that a pattern does. What a pattern needs depends on the workload, so the
document must select just one workload of the input.`,
		Example: `  # list the patterns
  outrigger explain

  # document a pattern, or a field
  outrigger explain tlsProxy
  outrigger explain tlsProxy.rebind

  # document the form key=value, in which kpt passes one pattern
  outrigger explain flat

  # spell a document out for one workload
  outrigger explain --expand -c sidecars.yaml web.yaml`,
		ValidArgsFunction: completePath,
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case expanded && document == "":
				return misuseOf(c, "no Sidecars document is given", "name it with --expand -c FILE")
			case expanded:
				return expand(c, s, document, args)
			case document != "":
				return misuseOf(c, "-c is for --expand", "")
			case len(args) > 1:
				return misuseOf(c, "one pattern or field at a time", "name one, as in tlsProxy.rebind")
			}
			return explain(c, s, strings.Join(args, ""))
		},
	}
	c.Flags().BoolVar(&expanded, "expand", false, "print the document with every pattern replaced by its custom pattern")
	addDocumentFlag(c, &document, "with --expand: the Sidecars document: `FILE`")
	return c
}

// flatTopic is the word that documents the flat form.
const flatTopic = "flat"

// explain documents a field by its path, or lists the patterns.
func explain(c *cobra.Command, s *streams, path string) error {
	if path == flatTopic {
		_, err := io.WriteString(s.out, config.FlatForm)
		return err
	}
	doc, err := config.Explain(path)
	if err != nil {
		what, hint, _ := strings.Cut(err.Error(), "; ")
		return misuseOf(c, what, hint)
	}
	var b strings.Builder
	if doc.Path == "" {
		for _, p := range doc.Fields {
			fmt.Fprintf(&b, "%-13s %-16s %s\n", p.Name, p.Family, p.Text)
		}
		b.WriteString("\nMore about one, or about a field: outrigger explain tlsProxy, outrigger explain tlsProxy.rebind\n" +
			"What stands around them, such as select and expect: outrigger explain spec\n" +
			"The form key=value, in which kpt passes one pattern: outrigger explain flat\n")
	} else {
		writeDoc(&b, doc)
	}
	_, err = io.WriteString(s.out, b.String())
	return err
}

// writeDoc writes the documentation of a field, and of the fields below it.
func writeDoc(b *strings.Builder, doc *config.Doc) {
	fmt.Fprintf(b, "%s (%s)\n", doc.Path, doc.Type)
	for _, text := range []string{doc.Text, doc.About} {
		wrapText(b, text, "  ")
	}
	for _, f := range doc.Fields {
		required := ""
		if f.Required {
			required = ", required"
		}
		fmt.Fprintf(b, "\n  %s (%s%s)\n", f.Name, f.Type, required)
		wrapText(b, f.Text, "      ")
	}
}

// wrapText writes a text in lines of less than 100 characters.
func wrapText(b *strings.Builder, text, indent string) {
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

// expand prints the document with every pattern spelled out.
func expand(c *cobra.Command, s *streams, document string, paths []string) error {
	conf, err := readDocument(s, document)
	if err != nil {
		return err
	}
	in, err := readInput(c, s, paths, manifestFlags{})
	if err != nil {
		return err
	}
	conf, fs := rig.Expand(in.files, conf)
	if err := s.tellFindings(fs); err != nil {
		return err
	}
	conf.Spec = conf.Spec.Bare()
	text, err := values.YAML(conf)
	if err != nil {
		return err
	}
	_, err = io.WriteString(s.out, text)
	return err
}
