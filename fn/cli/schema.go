package cli

import (
	"github.com/spf13/cobra"

	"github.com/outrigger-dev/outrigger/pkg/config"
)

func newSchema(s *streams) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "print the JSON Schema of the Sidecars document",
		Long:  "Print the JSON Schema of the Sidecars document, for editors and validators.",
		Example: `  # for an editor: "# yaml-language-server: $schema=sidecars.schema.json" in the document
  outrigger schema > sidecars.schema.json

  # list the patterns
  outrigger schema | jq -r '."$defs"."config.Entry".oneOf[].required[]'

  # validate a document in CI
  outrigger schema > schema.json && check-jsonschema --schemafile schema.json sidecars.yaml`,
		Args:              refuseArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			_, err := s.out.Write(config.Schema())
			return err
		},
	}
}
