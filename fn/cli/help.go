package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// newHelp returns the command help. There, an unknown command is an error, too.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "print the help of a command",
		Long:  "Print the help of a command, as its flag --help does.",
		Example: `  outrigger help
  outrigger help inject
  outrigger inject --help`,
		RunE: func(c *cobra.Command, args []string) error {
			found, rest, err := c.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return refuseUnknown(c.Root(), []string{strings.Join(args, " ")})
			}
			found.InitDefaultHelpFlag()
			found.InitDefaultVersionFlag()
			return found.Help()
		},
		ValidArgsFunction: func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, sub := range c.Root().Commands() {
				if len(args) == 0 && sub.IsAvailableCommand() {
					names = append(names, cobra.CompletionWithDesc(sub.Name(), sub.Short))
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// exitCodes are the same for all commands.
const exitCodes = `Exit codes:
  0  done
  1  a finding is an error, or something can't be read or written: nothing was written
  2  the command line is wrong
  3  with --check, something would change
`

// printHelp prints the help of a command to standard output.
func printHelp(c *cobra.Command, _ []string) { WriteHelp(c.OutOrStdout(), c) }

// WriteHelp writes the help that the flag --help prints.
func WriteHelp(w io.Writer, c *cobra.Command) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nUsage:\n", c.Long)
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "  %s < LIST\n  %[1]s COMMAND\n\nCommands:\n", c.CommandPath())
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() || sub.Name() == "help" {
				fmt.Fprintf(&b, "  %-*s %s\n", sub.NamePadding(), sub.Name(), sub.Short)
			}
		}
	} else {
		fmt.Fprintf(&b, "  %s\n", c.UseLine())
	}
	fmt.Fprintf(&b, "\nExamples:\n%s\n", c.Example)
	fmt.Fprintf(&b, "\nFlags:\n%s%s\n%s", c.LocalFlags().FlagUsages(), c.InheritedFlags().FlagUsages(), exitCodes)
	_, _ = io.WriteString(w, b.String())
}
