package merge_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
	"github.com/outrigger-dev/outrigger/pkg/sidecar/sidecartest"
)

func TestOrder(t *testing.T) {
	there := func(name string) merge.Init {
		return merge.Init{Name: name, Phase: sidecar.PhaseUser, There: true}
	}
	for name, c := range map[string]struct {
		in   []merge.Init
		want string
	}{
		"by phase around the manifest's own": {
			[]merge.Init{there("b"), there("a"), {Name: "proxy", Phase: sidecar.PhaseProxy},
				{Name: "tunnel", Phase: sidecar.PhaseTunnel}},
			"tunnel b a proxy"},
		"one phase keeps the config's order": {
			[]merge.Init{{Name: "z", Phase: 30}, {Name: "y", Phase: 30}, {Name: "x", Phase: 30}}, "z y x"},
		"before and after go over phases": {
			[]merge.Init{there("migrate"), there("seed"), {Name: "proxy", Phase: sidecar.PhaseProxy, Before: []string{"seed"},
				After: []string{"migrate"}}},
			"migrate proxy seed"},
		"who says before comes forward, and holds nobody up": {
			[]merge.Init{{Name: "migrate", Phase: 60}, {Name: "cache", Phase: 70, Before: []string{"wait"}},
				{Name: "wait", Phase: 40, Before: []string{"fetch"}}, {Name: "fetch", Phase: 50}},
			"cache wait fetch migrate"},
		"after a new one": {
			[]merge.Init{{Name: "a", Phase: 10, After: []string{"b"}}, {Name: "b", Phase: 90}}, "b a"},
	} {
		t.Run(name, func(t *testing.T) {
			out, fs := merge.OrderInits(c.in)
			require.Empty(t, fs)
			var names []string
			for _, in := range out {
				names = append(names, in.Name)
			}
			require.Equal(t, c.want, strings.Join(names, " "))
		})
	}
}

func TestOrderFindings(t *testing.T) {
	for name, c := range map[string]struct {
		in   []merge.Init
		want []string
	}{
		"a cycle's members and nobody else": {
			[]merge.Init{{Name: "z", After: []string{"a"}}, {Name: "a", After: []string{"b"}},
				{Name: "b", After: []string{"a"}}, {Name: "c"}},
			[]string{"after and before form a cycle among a, b; remove one of them"}},
		"two cycles": {
			[]merge.Init{{Name: "a", After: []string{"b"}}, {Name: "b", After: []string{"a"}},
				{Name: "c", Before: []string{"d"}}, {Name: "d", Before: []string{"c"}}},
			[]string{"after and before form a cycle among a, b; remove one of them",
				"after and before form a cycle among c, d; remove one of them"}},
		"with the manifest's own": {
			[]merge.Init{{Name: "one", There: true}, {Name: "two", There: true}, {Name: "new", After: []string{"two"},
				Before: []string{"one"}}},
			[]string{"after and before form a cycle among one, two, new; remove one of them (the manifest's own init " +
				"containers keep their order)"}},
		"itself": {[]merge.Init{{Name: "a", After: []string{"a"}}},
			[]string{"after and before form a cycle among a; remove one of them"}},
		"names that nobody has, all at once": {
			[]merge.Init{{Name: "a", After: []string{"x"}}, {Name: "migrate", Before: []string{"y"}},
				{Name: "c", After: []string{"migarte", "app"}}},
			[]string{"a: after: no init container or native sidecar is named x; there are: migrate, c",
				"migrate: before: no init container or native sidecar is named y; there are: a, c",
				"c: after: no init container or native sidecar is named migarte; did you mean migrate",
				"c: after: app is an ordinary container, and those start after all init containers and native sidecars; " +
					"remove it"}},
		"said once for a sidecar": {
			[]merge.Init{{Name: "a", Owner: "s", After: []string{"x"}}, {Name: "b", Owner: "s", After: []string{"x"}}},
			[]string{"s: after: no init container or native sidecar is named x; there are: b"}},
	} {
		t.Run(name, func(t *testing.T) {
			out, fs := merge.OrderInits(c.in, "app")
			require.Len(t, out, len(c.in))
			require.Equal(t, c.want, strings.Split(fs.Error(), "\n"))
		})
	}
}

// Whatever is asked for, all are there once, the manifest's own and those of one
// sidecar keep their order, and what can be granted is: after and before, and
// phases between those that nothing else orders.
func TestOrderHolds(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 2))
		n := 2 + r.IntN(9)
		rank := r.Perm(n) // an order that all wishes agree with
		var in []merge.Init
		last := -1
		for i := range n {
			c := merge.Init{Name: fmt.Sprint("c", i), Phase: sidecar.Phase(10 * r.IntN(4))}
			if rank[i] > last && r.IntN(3) == 0 {
				last, c.There, c.Phase = rank[i], true, sidecar.PhaseUser
			}
			for j := range n {
				if c.There || r.IntN(4) > 0 {
					continue
				} else if rank[j] < rank[i] {
					c.After = append(c.After, fmt.Sprint("c", j))
				} else if rank[j] > rank[i] {
					c.Before = append(c.Before, fmt.Sprint("c", j))
				}
			}
			in = append(in, c)
		}
		out, fs := merge.OrderInits(in)
		require.Empty(t, fs, "seed %d", seed)
		at := map[string]int{}
		for i, c := range out {
			at[c.Name] = i
		}
		require.Len(t, at, n)
		there := -1
		for _, c := range in {
			for _, a := range c.After {
				require.Less(t, at[a], at[c.Name], "seed %d", seed)
			}
			for _, b := range c.Before {
				require.Less(t, at[c.Name], at[b], "seed %d", seed)
			}
			if c.There {
				require.Less(t, there, at[c.Name], "seed %d", seed)
				there = at[c.Name]
			}
		}
		again, _ := merge.OrderInits(out)
		require.Equal(t, out, again, "seed %d: what is in order stays", seed)
	}
}

func TestOrderOfSidecars(t *testing.T) {
	w := sidecartest.Workload()
	entry := func(name string, phase sidecar.Phase, inits ...string) sidecar.Answer {
		a := sidecartest.Answer(w, name, &sidecar.Change{Phase: phase, Containers: []corev1.Container{{Name: name}}})
		for _, n := range inits {
			a.Change.InitContainers = append(a.Change.InitContainers, corev1.Container{Name: n})
		}
		return a
	}
	one, two := entry("one", 90, "b", "a"), entry("two", 10)
	two.After, two.Before = []string{"one"}, []string{"setup"}
	edits, fs := merge.Edits(w, []sidecar.Answer{one, two})
	require.Empty(t, fs)
	require.Equal(t, []string{"initContainers[name=b]", "initContainers[name=a]", "initContainers[name=one]",
		"initContainers[name=two]"}, paths(edits), "after a sidecar is after all of it")
	for _, e := range edits[:4] {
		require.Equal(t, "setup", e.Before)
	}

	early := entry("early", 80, "rule")
	early.Change.InitPhase = 10
	edits, fs = merge.Edits(w, []sidecar.Answer{early})
	require.Empty(t, fs)
	require.Equal(t, []string{"initContainers[name=rule]", "initContainers[name=early]"}, paths(edits))
	require.Equal(t, "setup", edits[0].Before, "init containers may start earlier than the rest of their sidecar")
	require.Empty(t, edits[1].Before)

	beside := entry("beside", 0)
	beside.Placement, beside.After = sidecar.Beside, []string{"setup"}
	_, fs = merge.Edits(w, []sidecar.Answer{beside})
	require.Contains(t, fs.Error(), "beside: after and before have no effect")

	twin := entry("other", 0, "b")
	twin.Change.InitContainers[0].Image = "x:1"
	_, fs = merge.Edits(w, []sidecar.Answer{entry("one", 0, "b"), twin})
	require.Equal(t, "Deployment prod/web spec.template.spec.initContainers[name=b]: other: sets image x:1, but one "+
		"sets image ; give one of them another name", fs.Error())
}
