// Command outrigger adds the containers that a pod needs beside its app while manifests are rendered. Without
// arguments, it's a KRM function, which reads a ResourceList. Its subcommands are for everything else.
package main

import (
	"os"
	"runtime/debug"

	"github.com/outrigger-dev/outrigger/fn/cli"
)

// version and commit are set where the Makefile or the Dockerfile builds the program. Without them, it prints what Go
// has recorded.
var version, commit string

// heapGrowth is by how many percent the heap grows before the garbage collector runs. Nearly all that a run allocates
// is garbage soon, and with Go's own 100 a fifth of the time of a run over thousands of workloads is the collector's.
const heapGrowth = 140

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
	build := cli.Build{Version: version, Commit: commit}
	os.Exit(cli.Run(build, os.Args, os.Stdin, os.Stdout, os.Stderr))
}
