package merge

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// flattenInits orders all init containers and native sidecars, old and new, and makes an
// edit of each new one with the name of the entry that it's inserted before.
func (f *flattener) flattenInits(answers []sidecar.Answer) {
	g := f.collectInits(answers)
	if len(g.mine) == 0 {
		return
	}
	order, fs := orderInits(g.all, g.ordinary...)
	for i := range fs {
		fs[i].Object = f.w.Ref
	}
	f.findings = append(f.findings, fs...)
	g.postEdits(order)
}

// InitOrder returns the order in which the pod's init containers and native sidecars
// start, including those of the answers.
func InitOrder(w *sidecar.Workload, answers []sidecar.Answer) []Init {
	f := newFlattener(w)
	g := f.collectInits(answers)
	order, _ := orderInits(g.all, g.ordinary...)
	return order
}

// collectInits finds all init containers and native sidecars.
func (f *flattener) collectInits(answers []sidecar.Answer) *initList {
	g := &initList{flattener: f, path: f.spec.To("initContainers"), mine: map[string]initOf{}}
	for _, c := range f.w.Pod.Spec.InitContainers {
		g.all = append(g.all, Init{Name: c.Name, Phase: sidecar.PhaseUser, There: true})
	}
	there := len(g.all)
	for i := range answers {
		a := &answers[i]
		had := len(g.mine)
		for j := range a.Change.InitContainers {
			g.addInit(a, &a.Change.InitContainers[j], initPhase(a.Change))
		}
		for j := range a.Change.Containers {
			if a.Placement != sidecar.Native {
				g.ordinary = append(g.ordinary, a.Change.Containers[j].Name)
				continue
			}
			c := a.Change.Containers[j]
			c.RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
			g.addInit(a, &c, nativePhase(a.Change))
		}
		ordered := len(a.Change.InitContainers) > 0 || a.Placement == sidecar.Native && len(a.Change.Containers) > 0
		if had == len(g.mine) && !ordered && len(a.After)+len(a.Before) > 0 {
			f.findings = append(f.findings, sidecar.Finding{Severity: sidecar.Warning, Code: "order-unused", Object: f.w.Ref,
				Sidecar: a.Name,
				Message: "after and before have no effect: they order init containers and native sidecars, and this sidecar " +
					"has none",
				Hint: "use placement native, or remove them"})
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

// initPhase returns the phase of a change's init containers.
func initPhase(c *sidecar.Change) sidecar.Phase {
	return cmp.Or(c.InitPhase, c.Phase, sidecar.PhaseMigrate)
}

// nativePhase returns the phase of a change's native sidecars.
func nativePhase(c *sidecar.Change) sidecar.Phase { return cmp.Or(c.Phase, sidecar.PhaseAgent) }

// initOf is an init container or native sidecar with its owner.
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

// addInit appends an entry, unless the manifest has it from an earlier run: then it keeps
// its place. Two entries of one name must be equal.
func (g *initList) addInit(a *sidecar.Answer, c *corev1.Container, phase sidecar.Phase) {
	if first, twice := g.mine[c.Name]; twice {
		if !sameJSON(*first.value, *c) {
			g.report(sidecar.Error, "conflict", a.Name, g.path.At("name", c.Name),
				describeConflict(a.Name, *c, first.owner, *first.value), "give one of them another name")
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

// postEdits posts the edits of new entries in their final order.
func (g *initList) postEdits(order []Init) {
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
