package sidecar

import (
	"slices"
	"strings"
)

// A Phase is the place of a container in the start of a pod; lower starts
// earlier. Init containers that were in the manifest already keep their order
// and count as PhaseUser.
type Phase int32

const (
	PhaseKernel   Phase = 10 // kernel settings, permissions
	PhaseSecrets  Phase = 20 // secrets fetched
	PhaseTunnel   Phase = 30 // ways out, before what needs them
	PhaseWait     Phase = 40 // waiting for others
	PhaseFetch    Phase = 50 // files fetched
	PhaseMigrate  Phase = 60 // migrations
	PhaseUser     Phase = 65 // the manifest's own init containers
	PhaseAgent    Phase = 70 // caches, agents
	PhaseProxy    Phase = 80 // proxies in front of the app
	PhaseExporter Phase = 90 // exporters, log tails, reloaders
)

// An Init is one entry of a pod's initContainers to be put in order.
type Init struct {
	Name   string
	Phase  Phase
	After  []string // names that must stand earlier
	Before []string // names that must stand later
	There  bool     // in the manifest already: it keeps its place among its like
}

// Order sorts a pod's init containers: those already there keep their order,
// new ones stand by phase, and after and before hold over phases. It is stable.
// A cycle, or a name that nobody has, is a finding.
func Order(inits []Init) ([]Init, Findings) {
	var fs Findings
	index := map[string]int{}
	for i, in := range inits {
		index[in.Name] = i
	}
	follows := make([][]int, len(inits)) // follows[i]: those that must come after i
	waits := make([]int, len(inits))     // how many must come before i
	edge := func(a, b int) { follows[a] = append(follows[a], b); waits[b]++ }
	last := -1
	for i, in := range inits {
		if in.There {
			if last >= 0 {
				edge(last, i)
			}
			last = i
		}
		for _, list := range []struct {
			field string
			names []string
		}{{"after", in.After}, {"before", in.Before}} {
			for _, name := range list.names {
				j, ok := index[name]
				if !ok {
					fs = append(fs, Finding{Severity: Error, Code: "order-unknown", Sidecar: in.Name, Field: list.field,
						Message: "no init container or native sidecar is named " + name, Hint: "there are: " + strings.Join(names(inits), ", ")})
				} else if list.field == "after" {
					edge(j, i)
				} else {
					edge(i, j)
				}
			}
		}
	}
	var out []Init
	done := make([]bool, len(inits))
	for len(out) < len(inits) {
		next := -1
		for i, in := range inits {
			if !done[i] && waits[i] == 0 && (next < 0 || in.Phase < inits[next].Phase) {
				next = i
			}
		}
		if next < 0 {
			var stuck []string
			for i, in := range inits {
				if !done[i] {
					stuck = append(stuck, in.Name)
				}
			}
			slices.Sort(stuck)
			return nil, append(fs, Finding{Severity: Error, Code: "order-cycle",
				Message: "after and before form a cycle among " + strings.Join(stuck, ", "), Hint: "take one of them away"})
		}
		done[next] = true
		out = append(out, inits[next])
		for _, j := range follows[next] {
			waits[j]--
		}
	}
	return out, fs
}

func names(inits []Init) []string {
	out := make([]string, len(inits))
	for i, in := range inits {
		out[i] = in.Name
	}
	return out
}
