package merge

import (
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/nearest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// An Init is one entry of a pod's initContainers that is put in order.
type Init struct {
	Name   string
	Owner  string // the sidecar; its entries keep their order
	Phase  sidecar.Phase
	After  []string // names of containers or sidecars that come earlier
	Before []string // names of containers or sidecars that come later
	There  bool     // it's in the manifest, and keeps its place among such entries
}

// orderInits sorts a pod's init containers. Those of the manifest keep their order, and
// new ones are sorted by phase. After and before override phases: an entry with before
// gets the phase of the entry that it names, if that is lower. The sort is stable.
// Cycles and unknown names are findings; ordinary has the names of the pod's ordinary
// containers, for hints.
func orderInits(inits []Init, ordinary ...string) ([]Init, sidecar.Findings) {
	o := orderer{inits: inits, ordinary: ordinary, graph: newGraph(len(inits))}
	last := -1
	for i, in := range inits {
		if in.There {
			if last >= 0 {
				o.addEdge(last, i)
			}
			last = i
		} else if i > 0 && in.Owner != "" && inits[i-1].Owner == in.Owner {
			o.addEdge(i-1, i)
		}
		reported := i > 0 && in.Owner != "" && inits[i-1].Owner == in.Owner // one report for each sidecar
		for _, name := range in.After {
			for _, j := range o.findEntries(i, name, "after", reported) {
				o.addEdge(j, i)
			}
		}
		for _, name := range in.Before {
			for _, j := range o.findEntries(i, name, "before", reported) {
				o.addEdge(i, j)
				o.early = append(o.early, [2]int{i, j})
			}
		}
	}
	phases := o.effectivePhases()
	order, cycles := o.sortStable(func(a, b int) bool { return phases[a] < phases[b] })
	for _, c := range cycles {
		o.reportCycle(c)
	}
	out := make([]Init, len(order))
	for i, n := range order {
		out[i] = inits[n]
	}
	return out, o.findings
}

type orderer struct {
	inits    []Init
	ordinary []string
	early    [][2]int // an entry with before, and the one that it names
	findings sidecar.Findings
	*graph
}

// effectivePhases returns the phases by which entries are sorted.
func (o *orderer) effectivePhases() []sidecar.Phase {
	phases := make([]sidecar.Phase, len(o.inits))
	for i, in := range o.inits {
		phases[i] = in.Phase
	}
	for range o.early { // before may form chains
		for _, e := range o.early {
			phases[e[0]] = min(phases[e[0]], phases[e[1]])
		}
	}
	return phases
}

// findEntries returns the entries that after or before of an entry refers to: a
// container, or all of a sidecar's.
func (o *orderer) findEntries(of int, name, field string, reported bool) []int {
	var all []int
	for i, in := range o.inits {
		if in.Name == name {
			return []int{i}
		}
		if in.Owner == name && i != of {
			all = append(all, i)
		}
	}
	if all == nil && !reported {
		o.reportUnknown(o.inits[of], name, field)
	}
	return all
}

func (o *orderer) reportUnknown(in Init, name, field string) {
	who := in.Owner
	if who == "" {
		who = in.Name
	}
	f := sidecar.Finding{Severity: sidecar.Error, Code: "order-unknown", Sidecar: who,
		Message: field + ": no init container or native sidecar is named " + name}
	var names []string
	for _, other := range o.inits {
		if other.Name != in.Name {
			names = append(names, other.Name)
		}
	}
	for _, c := range o.ordinary {
		if c == name {
			f.Message = field + ": " + name +
				" is an ordinary container, and those start after all init containers and native sidecars"
			f.Hint = "remove it"
		}
	}
	if near := nearest.Name(name, names); f.Hint == "" && near != "" {
		f.Hint = "did you mean " + near
	} else if f.Hint == "" && len(names) > 0 {
		f.Hint = "there are: " + strings.Join(names, ", ")
	} else if f.Hint == "" {
		f.Hint = "remove it, since there is no other one"
	}
	o.findings = append(o.findings, f)
}

func (o *orderer) reportCycle(cycle []int) {
	var names []string
	hint := "remove one of them"
	for i, n := range cycle {
		names = append(names, o.inits[n].Name)
		if o.inits[n].There && o.inits[cycle[(i+1)%len(cycle)]].There {
			hint += " (the manifest's own init containers keep their order)"
		}
	}
	o.findings = append(o.findings, sidecar.Finding{Severity: sidecar.Error, Code: "order-cycle",
		Message: "after and before form a cycle among " + strings.Join(names, ", "), Hint: hint})
}
