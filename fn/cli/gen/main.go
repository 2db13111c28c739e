// Gen writes the reference of the command line, which is what its help prints. Run it
// as "go generate ./fn/cli".
package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/outrigger-dev/outrigger/fn/cli"
)

func main() {
	if err := os.WriteFile("../../docs/cli.md", writeReference(cli.Command()), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// writeReference has one section for each command.
func writeReference(root *cobra.Command) []byte {
	var b bytes.Buffer
	b.WriteString("# The command line\n\n<!-- Written by \"go generate ./fn/cli\"; don't edit. -->\n")
	root.InitDefaultHelpCmd()
	for _, c := range append([]*cobra.Command{root}, root.Commands()...) {
		c.InitDefaultHelpFlag()
		c.InitDefaultVersionFlag()
		fmt.Fprintf(&b, "\n## %s\n\n```\n", c.CommandPath())
		cli.WriteHelp(&b, c)
		b.WriteString("```\n")
	}
	return b.Bytes()
}
