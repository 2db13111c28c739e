package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/outrigger-dev/outrigger/pkg/config"
)

// shells are the shells that have a completion.
var shells = []string{"bash", "zsh", "fish", "powershell"}

func newCompletion(s *streams) *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "print a script that completes commands in a shell",
		Long: `Print a script for a shell that completes commands, flags, and the patterns and fields
that explain knows.`,
		Example: `  # bash, with the package bash-completion
  source <(outrigger completion bash)

  # zsh, for all sessions to come
  outrigger completion zsh > "${fpath[1]}/_outrigger"

  # fish
  outrigger completion fish > ~/.config/fish/completions/outrigger.fish

  # PowerShell
  outrigger completion powershell | Out-String | Invoke-Expression`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return misuseOf(c, "one shell must be named", "it's one of "+strings.Join(shells, ", "))
			}
			return nil
		},
		ValidArgsFunction: cobra.FixedCompletions(shells, cobra.ShellCompDirectiveNoFileComp),
		RunE: func(c *cobra.Command, args []string) error {
			switch root := c.Root(); args[0] {
			case "bash":
				return root.GenBashCompletionV2(s.out, true)
			case "zsh":
				return root.GenZshCompletion(s.out)
			case "fish":
				return root.GenFishCompletion(s.out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(s.out)
			}
			return misuseOf(c, fmt.Sprintf("there is no completion for %q", args[0]), "it's one of "+strings.Join(shells, ", "))
		},
	}
}

// completePath completes the path of a pattern or a field.
func completePath(_ *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveDefault // the files of --expand
	}
	var paths []string
	if word != "" && strings.HasPrefix(flatTopic, word) {
		paths = append(paths, cobra.CompletionWithDesc(flatTopic, "the form key=value, in which kpt passes one pattern"))
	}
	for _, f := range config.CompletePath(word) {
		paths = append(paths, cobra.CompletionWithDesc(f.Name, f.Text))
	}
	return paths, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}
