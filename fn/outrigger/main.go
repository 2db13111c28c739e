// Command outrigger adds the containers that a pod needs beside its app while manifests are rendered. Without
// arguments, it's a KRM function, which reads a ResourceList. Its subcommands are for everything else.
package main

import (
	"os"

	"github.com/outrigger-dev/outrigger/fn/cli"
)

// version is set at build time. Without it, the program prints the module's version.
var version string

func main() {
	os.Exit(cli.Run(version, os.Args, os.Stdin, os.Stdout, os.Stderr))
}
