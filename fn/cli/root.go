package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/outrigger-dev/outrigger/fn"
	"github.com/outrigger-dev/outrigger/pkg/report"
)

// Command returns the whole command line, for the reference and for programs that have outrigger as a subcommand.
func Command() *cobra.Command { return newRoot(Build{}, &streams{}) }

func newRoot(build Build, s *streams) *cobra.Command {
	info := build.ofProgram()
	root := &cobra.Command{
		Use:   "outrigger",
		Short: "add sidecars and init containers while manifests are rendered",
		Long: `outrigger adds the containers that a pod needs beside its app - TLS proxies, exporters,
agents - while manifests are rendered, and updates everything that refers to the pod.

Without arguments it is a KRM function, as kustomize and kpt run it: it reads a
ResourceList from standard input and writes one to standard output. Its functionConfig
is a Sidecars document.`,
		Example: `  # add the sidecars of a document to a stream
  kubectl kustomize . | outrigger inject -c sidecars.yaml | kubectl apply -f -

  # let kustomize run outrigger as a function
  kustomize build --enable-alpha-plugins --enable-exec overlay

  # read about a pattern
  outrigger explain tlsProxy`,
		Version: info.Version,
		Args:    refuseUnknown,
		RunE: func(c *cobra.Command, _ []string) error {
			if report.IsTerminal(s.in) {
				return c.Help()
			}
			return fn.Transform(s.in, s.out, s.printer())
		},
		SilenceErrors: true, // Run prints them
		SilenceUsage:  true,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.SetFlagErrorFunc(describeFlagError)
	root.SetHelpFunc(printHelp)
	root.SetHelpCommand(newHelp())
	root.PersistentFlags().Var(
		&choiceFlag[report.Color]{&s.color, "color", report.Colors},
		"color",
		"color messages: `WHEN` is auto, always or never, and auto respects NO_COLOR",
	)
	_ = root.RegisterFlagCompletionFunc("color", cobra.FixedCompletions(report.Colors, cobra.ShellCompDirectiveNoFileComp))
	root.AddCommand(newInject(s), newRun(s), newStrip(s), newExplain(s), newImages(s), newSchema(s), newInstall(s),
		newEject(s), newInit(s), newPolicy(s), newCompletion(s), newVersion(s, info))
	return root
}

// choiceFlag is a flag with one of some values.
type choiceFlag[T ~string] struct {
	value   *T
	kind    string
	choices []string
}

func (f *choiceFlag[T]) Type() string { return f.kind }

func (f *choiceFlag[T]) String() string {
	if f.value == nil {
		return ""
	}
	return string(*f.value)
}

func (f *choiceFlag[T]) Set(value string) error {
	if !slices.Contains(f.choices, value) {
		return fmt.Errorf("it's one of %s", strings.Join(f.choices, ", "))
	}
	*f.value = T(value)
	return nil
}
