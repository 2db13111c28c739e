// Package neighbour says how the objects and fields around a sidecar follow it:
// probes and hooks that dialled a port which is another's now, Services, the
// app's shutdown. One file each; every one is a function from the workload and
// the answers of its sidecars to edits and findings. What may be concerned with
// several workloads - Ingresses, routes, monitors, callers - follows when all of
// them are known: see [Around].
package neighbour

import (
	"regexp"
	"sync"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// followers is the table of all that follows.
var followers = []func(*sidecar.Workload, sidecar.Answer) ([]sidecar.Edit, sidecar.Findings){
	probes, services, shutdown, defaultContainer,
}

// together is the table of what follows all sidecars of a workload at once.
var together = []func(*sidecar.Workload, []sidecar.Answer) ([]sidecar.Edit, sidecar.Findings){scrapes, evictable, dangling}

// Follow gives the edits by which everything around the sidecars follows them.
func Follow(w *sidecar.Workload, asked []sidecar.Answer) ([]sidecar.Edit, sidecar.Findings) {
	var edits []sidecar.Edit
	var fs sidecar.Findings
	for _, a := range asked {
		for _, follow := range followers {
			e, f := follow(w, a)
			edits, fs = append(edits, e...), append(fs, f...)
		}
	}
	for _, follow := range together {
		e, f := follow(w, asked)
		edits, fs = append(edits, e...), append(fs, f...)
	}
	return edits, fs
}

// expression is a regular expression that is compiled when it's first used: a run needs
// few of all that there are.
func expression(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
