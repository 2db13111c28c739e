package sidecar_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

func TestOrder(t *testing.T) {
	there := func(name string) sidecar.Init {
		return sidecar.Init{Name: name, Phase: sidecar.PhaseUser, There: true}
	}
	for name, c := range map[string]struct {
		in   []sidecar.Init
		want string
	}{
		"by phase around the manifest's own": {
			[]sidecar.Init{there("b"), there("a"), {Name: "proxy", Phase: sidecar.PhaseProxy}, {Name: "tunnel", Phase: sidecar.PhaseTunnel}},
			"tunnel b a proxy"},
		"one phase keeps the config's order": {
			[]sidecar.Init{{Name: "z", Phase: 30}, {Name: "y", Phase: 30}, {Name: "x", Phase: 30}}, "z y x"},
		"before and after go over phases": {
			[]sidecar.Init{there("migrate"), there("seed"), {Name: "proxy", Phase: sidecar.PhaseProxy, Before: []string{"seed"}, After: []string{"migrate"}}},
			"migrate proxy seed"},
		"after a new one": {
			[]sidecar.Init{{Name: "a", Phase: 10, After: []string{"b"}}, {Name: "b", Phase: 90}}, "b a"},
	} {
		t.Run(name, func(t *testing.T) {
			out, fs := sidecar.Order(c.in)
			require.Empty(t, fs)
			var names []string
			for _, in := range out {
				names = append(names, in.Name)
			}
			require.Equal(t, c.want, strings.Join(names, " "))
		})
	}
	_, fs := sidecar.Order([]sidecar.Init{{Name: "a", After: []string{"b"}}, {Name: "b", After: []string{"a"}}, {Name: "c"}})
	require.Equal(t, "after and before form a cycle among a, b; take one of them away", fs.Error())
	_, fs = sidecar.Order([]sidecar.Init{{Name: "a", After: []string{"x"}}, {Name: "b", Before: []string{"y"}}})
	require.Len(t, fs, 2, "all at once")
	require.Equal(t, "after: a: no init container or native sidecar is named x; there are: b", fs[0].String())
}
