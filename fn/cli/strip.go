package cli

import (
	"github.com/spf13/cobra"

	"github.com/outrigger-dev/outrigger/pkg/rig"
)

func newStrip(s *streams) *cobra.Command {
	var document string
	var inPlace bool
	c := &cobra.Command{
		Use:                   "strip [-c FILE] [-w] [PATH...]",
		DisableFlagsInUseLine: true,
		Short:                 "remove what outrigger added, byte for byte",
		Long: `Remove what outrigger added to manifests, byte for byte. That needs the record that -w
and kpt write into an annotation. Without one, nothing is written. With -c, only what
that document added is removed.`,
		Example: `  # restore files
  outrigger strip -w manifests/

  # remove what one document added, and keep the rest
  outrigger strip -c sidecars.yaml -w manifests/

  # see a manifest as it was before
  outrigger strip < web.yaml`,
		RunE: func(c *cobra.Command, paths []string) error { return strip(c, s, document, paths, inPlace) },
	}
	addDocumentFlag(c, &document, "remove only what this Sidecars document added: `FILE`")
	addWriteFlag(c, &inPlace)
	return c
}

// strip removes what a document added, or what any did without one.
func strip(c *cobra.Command, s *streams, document string, paths []string, inPlace bool) error {
	p := s.printer()
	by := ""
	if document != "" {
		conf, err := readDocument(p, document)
		if err != nil {
			return err
		}
		by = conf.Metadata.Name
	}
	in, err := readInput(c, s, paths, inPlace)
	if err != nil {
		return err
	}
	out, fs := rig.Strip(in.files, by)
	if fs.Failed() {
		return fs
	}
	p.PrintFindings(fs)
	return in.write(out, inPlace, s)
}
