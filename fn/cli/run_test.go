package cli

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
)

// Without arguments, the program runs as the function.
func TestFunctionWithoutArguments(t *testing.T) {
	list := "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\nfunctionConfig:\n  " +
		strings.ReplaceAll(strings.Replace(sidecars, "spec:\n", "spec:\n  expect: {min: 0}\n", 1), "\n", "\n  ") + "\n"
	for _, args := range [][]string{nil, {"--color", "always"}} {
		code, out, err := call(list, args...)
		require.Equal(t, exitDone, code, err)
		require.Equal(t, list, out)
		require.Empty(t, err)
		code, out, err = call(strings.Replace(list, "tlsProxy", "tlsproxy", 1), args...)
		require.Equal(t, exitFailed, code, "a function doesn't know exit code 2")
		require.Contains(t, out, "code: unknown-field")
		require.Contains(t, err, "hint:")
		code, out, err = call(web, args...)
		require.Equal(t, exitFailed, code)
		require.Empty(t, out)
		require.Contains(t, err, "for plain manifests use: outrigger inject -c FILE\n")
	}
}

// Help goes to standard output, where a pager and kpt fn doc read it, and has the usage, three examples and the exit
// codes.
func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"--help"}, {"-h"}} {
		code, out, err := call("", args...)
		require.Equal(t, exitDone, code)
		require.Empty(t, err)
		require.Contains(t, out, "\n  inject      add the sidecars of a document to manifests\n")
	}
	for _, c := range Command().Commands() {
		code, out, err := call("", c.Name(), "--help")
		require.Equal(t, exitDone, code)
		require.Empty(t, err)
		require.Contains(t, out, "\nUsage:\n  outrigger "+c.Use)
		require.Contains(t, out, "\nExit codes:\n  0  done\n")
		_, examples, _ := strings.Cut(out, "\nExamples:\n")
		examples, _, _ = strings.Cut(examples, "\nFlags:\n")
		require.GreaterOrEqual(t, strings.Count(examples, "outrigger "), 3, examples)
		_, same, _ := call("", "help", c.Name())
		require.Equal(t, out, same)
		for line := range strings.Lines(out) {
			require.LessOrEqual(t, len(line), 121, line)
		}
		c.Flags().VisitAll(func(f *pflag.Flag) { require.NotEmpty(t, f.Usage) })
	}
}

// A wrong command line is an error with a hint, and exit code 2.
func TestMisuse(t *testing.T) {
	for line, want := range map[string]string{
		"injct":                "there is no command \"injct\"\n  hint: did you mean inject",
		"sxhema --color never": "there is no command \"sxhema\"\n  hint: did you mean schema",
		"nothing":              "there is no command \"nothing\"\n  hint: see outrigger --help",
		"help injct":           "there is no command \"injct\"\n  hint: did you mean inject",
		"help nothing at all":  "there is no command \"nothing at all\"\n  hint: see outrigger --help",
		"inject --colr never":  "inject: unknown flag: --colr\n  hint: did you mean --color",
		"inject -c":            "inject: flag needs an argument: 'c' in -c\n  hint: see outrigger inject --help",
		"inject --color red -c x": "inject: invalid argument \"red\" for \"--color\" flag: it's one of auto, always, " +
			"never\n  hint: see outrigger inject --help",
		"--unheard":  "unknown flag: --unheard\n  hint: see outrigger --help",
		"schema foo": "schema: takes no arguments, but there is \"foo\"\n  hint: see outrigger schema --help",
		"version zzz": "version: takes no arguments, but there is \"zzz\"\n" +
			"  hint: see outrigger version --help",
		"completion": "completion: one shell must be named\n  hint: it's one of bash, zsh, fish, powershell",
		"completion tcsh": "completion: there is no completion for \"tcsh\"\n" +
			"  hint: it's one of bash, zsh, fish, powershell",
		"inject -w base -c":          "inject: flag needs an argument: 'c' in -c\n  hint: see outrigger inject --help",
		"strip -w":                   "strip: -w needs files or folders to write to\n  hint: see outrigger strip --help",
		"explain --expand -c x -w y": "explain: unknown shorthand flag: 'w' in -w\n  hint: see outrigger explain --help",
	} {
		code, out, err := call("", strings.Fields(line)...)
		require.Equal(t, exitMisuse, code, line)
		require.Empty(t, out, line)
		require.Equal(t, "error[command-line]: "+want+"\n", err, line)
	}
}

// Flags may come before and after arguments.
func TestFlagsAnywhere(t *testing.T) {
	conf, input := file(t, "sidecars.yaml", sidecars), file(t, "web.yaml", web)
	_, want, _ := call("", "inject", "-c", conf, input)
	require.Contains(t, want, "tls-proxy")
	for _, args := range [][]string{
		{"inject", input, "-c", conf}, {"inject", input, "--config", conf}, {"inject", input, "--config=" + conf},
		{"--color=never", "inject", input, "-c" + conf}, {"inject", "-c", conf, "--", input},
	} {
		code, out, err := call("", args...)
		require.Equal(t, exitDone, code, err)
		require.Equal(t, want, out)
	}
}

func TestSchema(t *testing.T) {
	code, out, _ := call("", "schema")
	require.Equal(t, exitDone, code)
	require.Equal(t, string(config.Schema()), out)
}

// The scripts are for the shells, and call the program for completions.
func TestCompletion(t *testing.T) {
	for _, shell := range shells {
		code, out, err := call("", "completion", shell)
		require.Equal(t, exitDone, code, err)
		require.Contains(t, out, "__complete", shell)
	}
	complete := func(args ...string) []string {
		var out, err bytes.Buffer
		require.Equal(
			t,
			exitDone,
			Run(testBuild, append([]string{"outrigger", cobra.ShellCompRequestCmd}, args...), strings.NewReader(""), &out, &err),
			err.String(),
		)
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		require.Regexp(t, `^:\d+$`, lines[len(lines)-1], "a directive for the shell")
		return lines[:len(lines)-1]
	}
	require.Subset(
		t,
		names(complete("")),
		[]string{"inject", "strip", "explain", "schema", "completion", "version", "help"},
	)
	require.Subset(t, names(complete("explain", "")), config.PatternKeys())
	require.Equal(t, []string{"tlsProxy"}, names(complete("explain", "tls")))
	require.Subset(t, names(complete("explain", "tlsProxy.re")), []string{"tlsProxy.rebind"})
	require.Subset(
		t,
		names(complete("explain", "tlsProxy.rebind.")),
		[]string{"tlsProxy.rebind.port", "tlsProxy.rebind.env"},
	)
	require.Empty(t, complete("explain", "nothing."))
	require.Equal(
		t,
		[]string{"always", "auto", "never"},
		slices.Sorted(slices.Values(names(complete("inject", "--color", "")))),
	)
	require.Equal(t, shells, names(complete("completion", "")))
	require.Contains(t, names(complete("help", "")), "inject")
	require.Equal(t, []string{"yaml", "yml", "json"}, complete("inject", "-c", ""), "what a shell filters files by")
}

// names returns the words without their descriptions.
func names(words []string) []string {
	var out []string
	for _, w := range words {
		name, _, _ := strings.Cut(w, "\t")
		out = append(out, name)
	}
	return out
}

// Messages are colored on a terminal, or with --color.
func TestColor(t *testing.T) {
	const red = "\x1b[1;31merror[command-line]:\x1b[0m schema: "
	code, _, err := call("", "schema", "x", "--color", "always")
	require.Equal(t, exitMisuse, code)
	require.True(t, strings.HasPrefix(err, red), err)
	require.Contains(t, err, "  \x1b[36mhint:\x1b[0m see")
	_, _, err = call("", "schema", "x")
	require.NotContains(t, err, "\x1b")
	t.Setenv("NO_COLOR", "1")
	_, _, err = call("", "schema", "x", "--color", "always")
	require.True(t, strings.HasPrefix(err, red), "a flag is stronger than the environment")
}

// A failed write to standard output is an error, such as a full disk.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	require.NoError(t, err)
	defer full.Close()
	inject := []string{"inject", "-c", file(t, "sidecars.yaml", sidecars)}
	for _, args := range [][]string{{"schema"}, {"explain"}, {"version"}, inject} {
		var stderr bytes.Buffer
		args = append([]string{"outrigger"}, args...)
		require.Equal(t, exitFailed, Run(Build{}, args, strings.NewReader(web), full, &stderr))
		require.Contains(t, stderr.String(), "error[io]: write /dev/full: no space left on device\n")
	}
}
