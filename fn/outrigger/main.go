// Command outrigger adds the containers that a pod needs beside its app while
// manifests are rendered. With a ResourceList on standard input it is a KRM
// function; its subcommands serve everybody else.
package main

import (
	"os"

	"github.com/outrigger-dev/outrigger/fn/cli"
)

// version is set at build time. Without it, the module's version is shown.
var version string

func main() {
	os.Exit(cli.Run(version, os.Args, os.Stdin, os.Stdout, os.Stderr))
}
