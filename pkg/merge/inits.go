package merge

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// inits puts all init containers and native sidecars in order, those that the
// manifest has and the new ones, and says of each new one what it stands before.
func (f *flattener) inits(asked []sidecar.Answer) {
	g := f.collectInits(asked)
	if len(g.mine) == 0 {
		return
	}
	order, fs := Order(g.all, g.ordinary...)
	for i := range fs {
		fs[i].Object = f.w.Ref
	}
	f.findings = append(f.findings, fs...)
	g.edit(order)
}

// InitOrder is the order in which the pod's init containers and native sidecars start,
// with those that are asked for.
func InitOrder(w *sidecar.Workload, asked []sidecar.Answer) []Init {
	f := newFlattener(w)
	g := f.collectInits(asked)
	order, _ := Order(g.all, g.ordinary...)
	return order
}

// collectInits finds all init containers and native sidecars.
func (f *flattener) collectInits(asked []sidecar.Answer) *initList {
	g := &initList{flattener: f, path: f.spec.To("initContainers"), mine: map[string]initOf{}}
	for _, c := range f.w.Pod.Spec.InitContainers {
		g.all = append(g.all, Init{Name: c.Name, Phase: sidecar.PhaseUser, There: true})
	}
	there := len(g.all)
	for i := range asked {
		a := &asked[i]
		had := len(g.mine)
		for j := range a.Change.InitContainers {
			g.add(a, &a.Change.InitContainers[j], sidecar.PhaseMigrate)
		}
		for j := range a.Change.Containers {
			if a.Placement != sidecar.Native {
				g.ordinary = append(g.ordinary, a.Change.Containers[j].Name)
				continue
			}
			c := a.Change.Containers[j]
			c.RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
			g.add(a, &c, sidecar.PhaseAgent)
		}
		ordered := len(a.Change.InitContainers) > 0 || a.Placement == sidecar.Native && len(a.Change.Containers) > 0
		if had == len(g.mine) && !ordered && len(a.After)+len(a.Before) > 0 {
			f.findings = append(f.findings, sidecar.Finding{Severity: sidecar.Warning, Code: "order-unused", Object: f.w.Ref,
				Sidecar: a.Name,
				Message: "after and before say nothing here: they order init containers and native sidecars, and this has none",
				Hint:    "use placement native, or take them out"})
		}
	}
	for _, c := range f.w.Pod.Spec.Containers {
		g.ordinary = append(g.ordinary, c.Name)
	}
	for i := range g.all[:there] {
		g.all[i].Owner = g.mine[g.all[i].Name].owner
	}
	return g
}

// initOf is an init container or native sidecar, and whose it is.
type initOf struct {
	owner string
	value *corev1.Container
}

type initList struct {
	*flattener
	path     sidecar.Path
	all      []Init
	mine     map[string]initOf
	ordinary []string
}

// add appends an entry, unless an earlier run has laid it on: then it keeps its
// place. Two that want one name must want the same.
func (g *initList) add(a *sidecar.Answer, c *corev1.Container, phase sidecar.Phase) {
	if a.Change.Phase != 0 {
		phase = a.Change.Phase
	}
	if first, twice := g.mine[c.Name]; twice {
		if !same(*first.value, *c) {
			g.flattener.add(sidecar.Error, "conflict", a.Name, g.path.At("name", c.Name), against(a.Name, *c, first.owner,
				*first.value), "give one of them another name")
		}
		return
	}
	g.mine[c.Name] = initOf{a.Name, c}
	if slices.ContainsFunc(g.w.Pod.Spec.InitContainers, func(there corev1.Container) bool {
		return there.Name == c.Name
	}) {
		return
	}
	g.all = append(g.all, Init{Name: c.Name, Owner: a.Name, Phase: phase, After: a.After, Before: a.Before})
}

// edit gives the edits of new entries, in the order in which they're to stand.
func (g *initList) edit(order []Init) {
	before := make([]string, len(order))
	next := ""
	for i, in := range slices.Backward(order) {
		before[i] = next
		if in.There {
			next = in.Name
		}
	}
	for i, in := range order {
		if mine, ok := g.mine[in.Name]; ok {
			g.post(mine.owner, sidecar.Edit{Path: g.path.At("name", in.Name), Value: *mine.value, Before: before[i],
				Hint: containerHint})
		}
	}
}
