// Command kpt is kpt's own commands below `kpt fn`, set up as its main function
// does. The whole program can't be built: it requires a module, of its alpha
// commands, that the module proxy doesn't have.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/kptdev/kpt/commands/fn"
	kpterrors "github.com/kptdev/kpt/pkg/lib/errors"
	"github.com/kptdev/kpt/pkg/lib/errors/resolver"
	"github.com/kptdev/kpt/pkg/printer"
	"github.com/spf13/cobra"
)

func main() {
	os.Exit(run())
}

func run() int {
	root := &cobra.Command{Use: "kpt", SilenceUsage: true, SilenceErrors: true}
	root.PersistentFlags().BoolVar(&printer.TruncateOutput, "truncate-output", true, "Enable the truncation for output")
	ctx := printer.WithContext(context.Background(), printer.New(root.OutOrStdout(), root.ErrOrStderr()))
	root.AddCommand(fn.GetCommand(ctx, "kpt"), &cobra.Command{
		Use:   "version",
		Short: "Print the version number of kpt",
		Run:   func(*cobra.Command, []string) { fmt.Println(version()) },
	})
	if err := root.Execute(); err != nil {
		return report(err)
	}
	return 0
}

// version returns the version of kpt's module that this is built from.
func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, m := range info.Deps {
		if m.Path == "github.com/kptdev/kpt" {
			return m.Version
		}
	}
	return "unknown"
}

// report prints an error as kpt does, and returns the exit code.
func report(err error) int {
	if known, ok := resolver.ResolveError(err); ok {
		if known.Message != "" {
			fmt.Fprintf(os.Stderr, "%s \n", known.Message)
		}
		return known.ExitCode
	}
	if own, ok := errors.AsType[*kpterrors.Error](err); ok {
		if inner, found := kpterrors.UnwrapErrors(own); found {
			err = inner
		}
	}
	fmt.Fprintf(os.Stderr, "Error: %s \n", err)
	return 1
}
