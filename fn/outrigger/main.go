// Command outrigger adds the containers that a pod needs beside its app while manifests are rendered. Without
// arguments, it's a KRM function, which reads a ResourceList. Its subcommands are for everything else.
package main

import (
	"os"

	"github.com/outrigger-dev/outrigger/fn/cli"
)

// version and commit are set where the Makefile or the Dockerfile builds the program. Without them, it prints what Go
// has recorded.
var version, commit string

func main() {
	build := cli.Build{Version: version, Commit: commit}
	os.Exit(cli.Run(build, os.Args, os.Stdin, os.Stdout, os.Stderr))
}
