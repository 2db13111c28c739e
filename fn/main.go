// Command outrigger adds the containers that a pod needs beside its app while
// manifests are rendered. With a ResourceList on standard input it is a KRM
// function; its subcommands serve everybody else.
package main

import (
	"fmt"
	"io"
	"os"
)

// version is set at build time.
var version = "dev"

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// command is a subcommand; it returns the exit code.
type command struct {
	name, use, help string
	run             func(args []string, s streams) int
}

type streams struct {
	in       io.Reader
	out, err io.Writer
}

// commands is the table of subcommands, in the order in which help lists them.
func commands() []command {
	return []command{
		{"inject", "inject -c FILE [-w] [PATH...]", "lay the sidecars of FILE on manifests: files, folders, or a stream on standard input", inject},
		{"strip", "strip [-c FILE] [-w] [PATH...]", "take off what was laid on, byte for byte; needs the record that -w and kpt leave", strip},
		{"explain", "explain [FIELD]", "list the patterns, or document one and its fields, as in explain tlsProxy.rebind", explain},
		{"explain", "explain --expand -c FILE [PATH...]", "print FILE with every pattern replaced by the equal custom, for the one workload that it selects", explain},
		{"schema", "schema", "print the JSON Schema of the Sidecars document", schema},
		{"version", "version", "print the version", printVersion},
	}
}

func run(args []string, in io.Reader, out, err io.Writer) int {
	s := streams{in, out, err}
	if len(args) == 0 {
		return function(s)
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		help(out)
		return 0
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(args[1:], s)
		}
	}
	fmt.Fprintf(err, "outrigger: there is no command %q; see outrigger --help\n", args[0])
	return 1
}

func help(out io.Writer) {
	fmt.Fprint(out, `outrigger adds the containers that a pod needs beside its app - TLS proxies, exporters,
agents - while manifests are rendered, and makes everything around the pod follow.

Without arguments it is a KRM function: a ResourceList on standard input, one on standard
output. kustomize and kpt run it so; its functionConfig is a Sidecars document.

`)
	for _, c := range commands() {
		fmt.Fprintf(out, "  outrigger %-36s %s\n", c.use, c.help)
	}
}

func printVersion(_ []string, s streams) int {
	fmt.Fprintln(s.out, version)
	return 0
}
