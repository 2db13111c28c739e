package cli

import (
	"github.com/spf13/cobra"

	"github.com/outrigger-dev/outrigger/pkg/rig"
)

func newStrip(s *streams) *cobra.Command {
	var documents []string
	var flags manifestFlags
	c := &cobra.Command{
		Use:                   "strip [-c FILE]... [-w] [PATH...]",
		DisableFlagsInUseLine: true,
		Short:                 "remove what outrigger added, byte for byte",
		Long: `Remove what outrigger added to manifests, byte for byte. That needs the record that -w
and kpt leave in an annotation; without one, nothing is written. With -c, only the work
of these documents is removed, and what others ask for stays.`,
		Example: `  # restore files
  outrigger strip -w manifests/

  # remove what one document added, and keep the rest
  outrigger strip -c sidecars.yaml -w manifests/

  # see a manifest as it was before
  outrigger strip < web.yaml`,
		RunE: func(c *cobra.Command, paths []string) error { return strip(c, s, documents, paths, flags) },
	}
	addDocumentsFlag(c, &documents, "remove only the work of this Sidecars document: `FILE`, folder or -; may be repeated")
	addManifestFlags(c, &flags)
	addFindingFlags(c, s)
	return c
}

func strip(c *cobra.Command, s *streams, documents, paths []string, flags manifestFlags) error {
	by := []string{""}
	if len(documents) > 0 {
		docs, err := readDocuments(c, s, documents, paths)
		if err != nil {
			return err
		}
		by = nil
		for _, d := range docs {
			by = append(by, d.Metadata.Name)
		}
	}
	in, err := readInput(c, s, paths, flags)
	if err != nil {
		return err
	}
	bare := in.files
	for _, name := range by {
		out, fs := rig.Strip(bare, name)
		if err := s.tellFindings(in.explainBroken(fs)); err != nil {
			return err
		}
		bare = out
	}
	return in.write(bare, flags, s)
}
