package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/outrigger-dev/outrigger/pkg/nearest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A misuse is an error of the command line.
type misuse struct{ sidecar.Findings }

// Unwrap returns the finding, which is printed.
func (m misuse) Unwrap() error { return m.Findings }

// misuseOf returns the error of a wrong command line. Without a hint, it names the command's help.
func misuseOf(c *cobra.Command, message, hint string) error {
	if hint == "" {
		hint = "see " + c.CommandPath() + " --help"
	}
	if c.HasParent() {
		message = c.Name() + ": " + message
	}
	return misuse{sidecar.Findings{{Severity: sidecar.Error, Code: "command-line", Message: message, Hint: hint}}}
}

// describeFlagError turns an error of the flag parser into a misuse.
func describeFlagError(c *cobra.Command, err error) error {
	hint := ""
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		if near := nearest.Name(unknown.GetSpecifiedName(), flagNames(c)); near != "" {
			hint = "did you mean --" + near
		}
	}
	return misuseOf(c, err.Error(), hint)
}

func flagNames(c *cobra.Command) (names []string) {
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}

// refuseArguments checks the arguments of a command that takes none.
func refuseArguments(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return misuseOf(c, fmt.Sprintf("takes no arguments, but there is %q", args[0]), "")
	}
	return nil
}

// refuseUnknown checks the arguments of the program itself: they're unknown commands.
func refuseUnknown(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	if near := nearest.Name(args[0], commandNames(root)); near != "" {
		hint = "did you mean " + near
	}
	return misuseOf(root, fmt.Sprintf("there is no command %q", args[0]), hint)
}

func commandNames(root *cobra.Command) (names []string) {
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	return names
}
