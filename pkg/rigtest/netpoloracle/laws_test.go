package netpoloracle

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
)

// randomPolicy is one of a few thousand that meet each other's pods, peers and ports often.
func randomPolicy(t *testing.T, r *rand.Rand) networkingv1.NetworkPolicy {
	pick := func(all ...string) string { return all[r.IntN(len(all))] }
	selector := func() string {
		return pick("{}", "{matchLabels: {a: b}}", "{matchExpressions: [{key: a, operator: NotIn, values: [b]}]}",
			"{matchExpressions: [{key: a, operator: Exists}]}", "{matchExpressions: [{key: a, operator: Is}]}")
	}
	peers := func() string {
		return pick("[]", "[{}]", "[{podSelector: "+selector()+"}]", "[{namespaceSelector: "+selector()+"}]",
			"[{podSelector: "+selector()+", namespaceSelector: "+selector()+"}]",
			"[{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]")
	}
	ports := func() string { return pick("[]", "[{}]", "[{port: 80}]", "[{port: 80, endPort: 90}]", "[{port: web}]") }
	rules := func(who string) string {
		one := func() string { return "{" + who + ": " + peers() + ", ports: " + ports() + "}" }
		return pick("[]", "["+one()+"]", "["+one()+", "+one()+"]")
	}
	p := policyOf(t, fmt.Sprintf("{podSelector: %s, policyTypes: %s, ingress: %s, egress: %s}", selector(),
		pick("[]", "[Ingress]", "[Egress]", "[Ingress, Egress]"), rules("from"), rules("to")))
	p.Namespace = pick("default", "", "x")
	return p
}

// "The effects of those ingress lists combine additively"; "order of evaluation does not affect the policy result".
func TestPoliciesAreAdditiveInAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	peers := []Peer{podPeer("x"), podPeer("default", "a", "b"), podPeer("x", "a", "c"), stranger("10.2.0.1"),
		stranger("10.1.0.1"), stranger("203.0.113.9")}
	ports := []Port{tcp(80), tcp(85), tcp(8080), udp(80)}
	seen := map[string]int{}
	for range 1000 {
		policies := []networkingv1.NetworkPolicy{randomPolicy(t, r), randomPolicy(t, r)}
		more := append(slices.Clone(policies), randomPolicy(t, r))
		backwards := slices.Clone(more)
		slices.Reverse(backwards)
		pod := Pod{Namespace: []string{"default", "x"}[r.IntN(2)],
			Labels: []map[string]string{nil, labels("a", "b"), labels("a", "c")}[r.IntN(3)]}
		peer, port := peers[r.IntN(len(peers))], ports[r.IntN(len(ports))]
		for way, f := range map[string]struct {
			isolated func([]networkingv1.NetworkPolicy, Pod) bool
			allowed  func([]networkingv1.NetworkPolicy, Pod, Peer, Port) bool
		}{"in": {Isolated, Allowed}, "out": {EgressIsolated, EgressAllowed}} {
			before, after := f.allowed(policies, pod, peer, port), f.allowed(more, pod, peer, port)
			isolated := f.isolated(policies, pod)
			if !isolated {
				require.True(t, before, "%s: nothing restricts it", way)
			} else {
				require.True(t, f.isolated(more, pod), "%s: a policy ends no isolation", way)
				require.True(t, !before || after, "%s: a policy takes nothing away", way)
			}
			require.Equal(t, after, f.allowed(backwards, pod, peer, port), "%s: any order", way)
			require.Equal(t, isolated && before, slices.ContainsFunc(policies, func(p networkingv1.NetworkPolicy) bool {
				one := []networkingv1.NetworkPolicy{p}
				return f.isolated(one, pod) && f.allowed(one, pod, peer, port)
			}), "%s: the union of what each allows", way)
			seen[fmt.Sprintf("%s isolated=%v allowed=%v", way, isolated, before)]++
		}
	}
	require.Len(t, seen, 6, "%v", seen) // nobody is kept from a pod that isn't isolated
	for what, n := range seen {
		require.Greater(t, n, 30, what)
	}
}
