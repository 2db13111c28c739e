package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// addFindingFlags adds the flags that say what is done with findings.
func addFindingFlags(c *cobra.Command, s *streams) {
	c.Flags().Var(&warningsFlag{&s.strict}, "warnings",
		"what warnings are: `KIND` is warning, or error, which fails the run")
	_ = c.RegisterFlagCompletionFunc("warnings",
		cobra.FixedCompletions(warningKinds, cobra.ShellCompDirectiveNoFileComp))
}

// warningKinds are the values of --warnings.
var warningKinds = []string{string(sidecar.Warning), string(sidecar.Error)}

// warningsFlag is a flag with one of warningKinds.
type warningsFlag struct{ strict *bool }

func (f *warningsFlag) Type() string { return "warnings" }

func (f *warningsFlag) String() string {
	if f.strict != nil && *f.strict {
		return string(sidecar.Error)
	}
	return string(sidecar.Warning)
}

func (f *warningsFlag) Set(value string) error {
	if !slices.Contains(warningKinds, value) {
		return fmt.Errorf("it's one of %s", strings.Join(warningKinds, ", "))
	}
	*f.strict = value == string(sidecar.Error)
	return nil
}
