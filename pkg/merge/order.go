package merge

import (
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/nearest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// An Init is one entry of a pod's initContainers to be put in order.
type Init struct {
	Name   string
	Owner  string // the sidecar; those of one follow each other in their order
	Phase  sidecar.Phase
	After  []string // names of containers or of sidecars that must stand earlier
	Before []string // names of containers or of sidecars that must stand later
	There  bool     // in the manifest already: it keeps its place among its like
}

// Order sorts a pod's init containers: those already there keep their order,
// new ones stand by phase, and after and before hold over phases: who says after waits,
// and who says before counts as no later than what it names. It is stable.
// Cycles and names that nobody has are findings; ordinary are the names of the
// pod's ordinary containers, for their hints.
func Order(inits []Init, ordinary ...string) ([]Init, sidecar.Findings) {
	o := orderer{inits: inits, ordinary: ordinary, graph: newGraph(len(inits))}
	last := -1
	for i, in := range inits {
		if in.There {
			if last >= 0 {
				o.edge(last, i)
			}
			last = i
		} else if i > 0 && in.Owner != "" && inits[i-1].Owner == in.Owner {
			o.edge(i-1, i)
		}
		told := i > 0 && in.Owner != "" && inits[i-1].Owner == in.Owner // what is wrong is said once a sidecar
		for _, name := range in.After {
			for _, j := range o.named(i, name, "after", told) {
				o.edge(j, i)
			}
		}
		for _, name := range in.Before {
			for _, j := range o.named(i, name, "before", told) {
				o.edge(i, j)
				o.early = append(o.early, [2]int{i, j})
			}
		}
	}
	phases := o.phases()
	order, cycles := o.sort(func(a, b int) bool { return phases[a] < phases[b] })
	for _, c := range cycles {
		o.cyclic(c)
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
	early    [][2]int // who says before, and of whom
	findings sidecar.Findings
	*graph
}

// phases are those that entries count as.
func (o *orderer) phases() []sidecar.Phase {
	phases := make([]sidecar.Phase, len(o.inits))
	for i, in := range o.inits {
		phases[i] = in.Phase
	}
	for range o.early { // one may be before one that is before another
		for _, e := range o.early {
			phases[e[0]] = min(phases[e[0]], phases[e[1]])
		}
	}
	return phases
}

// named are the entries that a name in a field of an entry means: a container, or
// all of a sidecar's.
func (o *orderer) named(of int, name, field string, told bool) []int {
	var all []int
	for i, in := range o.inits {
		if in.Name == name {
			return []int{i}
		}
		if in.Owner == name && i != of {
			all = append(all, i)
		}
	}
	if all == nil && !told {
		o.unknown(o.inits[of], name, field)
	}
	return all
}

func (o *orderer) unknown(in Init, name, field string) {
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
			f.Hint = "take it out"
		}
	}
	if near := nearest.Name(name, names); f.Hint == "" && near != "" {
		f.Hint = "did you mean " + near
	} else if f.Hint == "" && len(names) > 0 {
		f.Hint = "there are: " + strings.Join(names, ", ")
	} else if f.Hint == "" {
		f.Hint = "there is no other one; take it out"
	}
	o.findings = append(o.findings, f)
}

func (o *orderer) cyclic(cycle []int) {
	var names []string
	hint := "take one of them away"
	for i, n := range cycle {
		names = append(names, o.inits[n].Name)
		if o.inits[n].There && o.inits[cycle[(i+1)%len(cycle)]].There {
			hint += "; the manifest's own init containers keep their order"
		}
	}
	o.findings = append(o.findings, sidecar.Finding{Severity: sidecar.Error, Code: "order-cycle",
		Message: "after and before form a cycle among " + strings.Join(names, ", "), Hint: hint})
}
