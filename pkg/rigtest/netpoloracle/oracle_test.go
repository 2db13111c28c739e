package netpoloracle

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// policyOf reads a policy of namespace default from its spec. An unknown field is a fault of the test.
func policyOf(t *testing.T, spec string) networkingv1.NetworkPolicy {
	t.Helper()
	text, err := yaml.ToJSON([]byte("# YAML\n" + spec)) // what begins with a brace is taken for JSON
	require.NoError(t, err, spec)
	var p networkingv1.NetworkPolicy
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&p.Spec), spec)
	p.Namespace = "default"
	return p
}

func policiesOf(t *testing.T, specs ...string) []networkingv1.NetworkPolicy {
	t.Helper()
	var all []networkingv1.NetworkPolicy
	for _, s := range specs {
		all = append(all, policyOf(t, s))
	}
	return all
}

func labels(keysAndValues ...string) map[string]string {
	m := map[string]string{}
	for i := 0; i < len(keysAndValues); i += 2 {
		m[keysAndValues[i]] = keysAndValues[i+1]
	}
	return m
}

// stranger has an address only.
func stranger(ip string) Peer { return Peer{IP: netip.MustParseAddr(ip)} }

// podPeer is a pod with an address that the tests' blocks don't have.
func podPeer(namespace string, podLabels ...string) Peer {
	return Peer{IsPod: true, Namespace: namespace, Labels: labels(podLabels...), IP: netip.MustParseAddr("192.0.2.1")}
}

func in(p Peer, namespaceLabels ...string) Peer {
	p.NamespaceLabels = labels(namespaceLabels...)
	return p
}

func tcp(number int32) Port { return Port{Protocol: corev1.ProtocolTCP, Number: number} }

func udp(number int32) Port { return Port{Protocol: corev1.ProtocolUDP, Number: number} }

var (
	db    = Pod{Namespace: "default", Labels: map[string]string{"role": "db"}}
	other = Pod{Namespace: "default", Labels: map[string]string{"role": "other"}}
)

// The example of "The NetworkPolicy resource".
const dbPolicy = `
podSelector: {matchLabels: {role: db}}
policyTypes: [Ingress, Egress]
ingress:
- from:
  - ipBlock: {cidr: 172.17.0.0/16, except: [172.17.1.0/24]}
  - namespaceSelector: {matchLabels: {project: myproject}}
  - podSelector: {matchLabels: {role: frontend}}
  ports: [{protocol: TCP, port: 6379}]
egress:
- to: [{ipBlock: {cidr: 10.0.0.0/24}}]
  ports: [{protocol: TCP, port: 5978}]
`

func TestExampleOfTheResource(t *testing.T) {
	policies := policiesOf(t, dbPolicy)
	// "isolates role=db pods in the default namespace for both ingress and egress traffic"
	require.True(t, Isolated(policies, db))
	require.True(t, EgressIsolated(policies, db))
	for _, p := range []Pod{other, {Namespace: "elsewhere", Labels: db.Labels}, {Namespace: "default"}} {
		require.False(t, Isolated(policies, p), "%v", p)
		require.False(t, EgressIsolated(policies, p), "%v", p)
		require.True(t, Allowed(policies, p, stranger("203.0.113.9"), udp(1)), "%v", p)
		require.True(t, EgressAllowed(policies, p, stranger("203.0.113.9"), udp(1)), "%v", p)
	}
	for name, c := range map[string]struct {
		peer Peer
		port Port
		want bool
	}{
		"any pod in default with role=frontend":    {podPeer("default", "role", "frontend", "a", "b"), tcp(6379), true},
		"such a pod of an unnamed namespace":       {podPeer("", "role", "frontend"), tcp(6379), true},
		"any pod of a namespace of the project":    {in(podPeer("x", "a", "b"), "project", "myproject"), tcp(6379), true},
		"role=frontend of another namespace":       {podPeer("x", "role", "frontend"), tcp(6379), false},
		"a pod of another project":                 {in(podPeer("x"), "project", "other"), tcp(6379), false},
		"a pod that has the project's label":       {podPeer("x", "project", "myproject"), tcp(6379), false},
		"a pod of default with another role":       {podPeer("default", "role", "db"), tcp(6379), false},
		"172.17.0.0, the first":                    {stranger("172.17.0.0"), tcp(6379), true},
		"172.17.0.255":                             {stranger("172.17.0.255"), tcp(6379), true},
		"172.17.1.0, excepted":                     {stranger("172.17.1.0"), tcp(6379), false},
		"172.17.1.255, excepted":                   {stranger("172.17.1.255"), tcp(6379), false},
		"172.17.2.0":                               {stranger("172.17.2.0"), tcp(6379), true},
		"172.17.255.255, the last":                 {stranger("172.17.255.255"), tcp(6379), true},
		"172.18.0.0, outside":                      {stranger("172.18.0.0"), tcp(6379), false},
		"172.16.255.255, outside":                  {stranger("172.16.255.255"), tcp(6379), false},
		"an address of the block, written as IPv6": {stranger("::ffff:172.17.0.1"), tcp(6379), true},
		"the right peer at another port":           {podPeer("default", "role", "frontend"), tcp(6380), false},
		"the right peer with another protocol":     {podPeer("default", "role", "frontend"), udp(6379), false},
		"a stranger who says that he's a frontend": {
			Peer{Labels: labels("role", "frontend"), IP: netip.MustParseAddr("203.0.113.9")}, tcp(6379), false},
	} {
		require.Equal(t, c.want, Allowed(policies, db, c.peer, c.port), name)
	}
	// "allows connections from any pod in the default namespace with the label role=db to CIDR 10.0.0.0/24 on TCP port
	// 5978"
	require.True(t, EgressAllowed(policies, db, stranger("10.0.0.200"), tcp(5978)))
	require.False(t, EgressAllowed(policies, db, stranger("10.0.1.0"), tcp(5978)))
	require.False(t, EgressAllowed(policies, db, stranger("10.0.0.200"), tcp(5979)))
	require.False(t, EgressAllowed(policies, db, stranger("10.0.0.200"), udp(5978)))
	require.False(t, EgressAllowed(policies, db, podPeer("default", "role", "frontend"), tcp(6379)))
}

// The two examples of "Behavior of to and from selectors": one item with both selectors, two items with one each.
func TestExampleOfBothSelectors(t *testing.T) {
	both := policiesOf(t, `
ingress:
- from:
  - namespaceSelector: {matchLabels: {user: alice}}
    podSelector: {matchLabels: {role: client}}
`)
	either := policiesOf(t, `
ingress:
- from:
  - namespaceSelector: {matchLabels: {user: alice}}
  - podSelector: {matchLabels: {role: client}}
`)
	for name, c := range map[string]struct {
		peer         Peer
		both, either bool
	}{
		"a client of alice":           {in(podPeer("a", "role", "client"), "user", "alice"), true, true},
		"another pod of alice":        {in(podPeer("a", "role", "x"), "user", "alice"), false, true},
		"a client of bob":             {in(podPeer("b", "role", "client"), "user", "bob"), false, false},
		"a client of here":            {podPeer("default", "role", "client"), false, true},
		"a client of alice, and here": {in(podPeer("default", "role", "client"), "user", "alice"), true, true},
		"another pod of here":         {podPeer("default", "role", "x"), false, false},
		"a stranger":                  {stranger("203.0.113.9"), false, false},
	} {
		require.Equal(t, c.both, Allowed(both, db, c.peer, tcp(80)), name)
		require.Equal(t, c.either, Allowed(either, db, c.peer, tcp(80)), name)
	}
}

// The five examples of "Default policies".
func TestExamplesOfDefaultPolicies(t *testing.T) {
	const (
		denyIngress  = "{podSelector: {}, policyTypes: [Ingress]}"
		allowIngress = "{podSelector: {}, ingress: [{}], policyTypes: [Ingress]}"
		denyEgress   = "{podSelector: {}, policyTypes: [Egress]}"
		allowEgress  = "{podSelector: {}, egress: [{}], policyTypes: [Egress]}"
		denyAll      = "{podSelector: {}, policyTypes: [Ingress, Egress]}"
	)
	for name, c := range map[string]struct {
		specs                          []string
		isolated, in, isolatedOut, out bool
	}{
		// "By default, if no policies exist in a namespace, then all ingress and egress traffic is allowed"
		"none":          {nil, false, true, false, true},
		"deny ingress":  {[]string{denyIngress}, true, false, false, true},
		"allow ingress": {[]string{allowIngress}, true, true, false, true},
		"deny egress":   {[]string{denyEgress}, false, true, true, false},
		"allow egress":  {[]string{allowEgress}, false, true, true, true},
		"deny all":      {[]string{denyAll}, true, false, true, false},
		// "With this policy in place, no additional policy or policies can cause any incoming connection to those pods
		// to be denied."
		"allow ingress beside deny all": {[]string{denyAll, allowIngress, denyIngress}, true, true, true, false},
		"allow egress beside deny all":  {[]string{denyEgress, allowEgress, denyAll}, true, false, true, true},
	} {
		policies := policiesOf(t, c.specs...)
		for _, pod := range []Pod{db, other, {}} {
			for _, peer := range []Peer{stranger("203.0.113.9"), stranger("2001:db8::1"), podPeer("x"), {}} {
				require.Equal(t, c.isolated, Isolated(policies, pod), name)
				require.Equal(t, c.in, Allowed(policies, pod, peer, udp(53)), name)
				require.Equal(t, c.isolatedOut, EgressIsolated(policies, pod), name)
				require.Equal(t, c.out, EgressAllowed(policies, pod, peer, udp(53)), name)
			}
		}
	}
}

// The example of "Targeting a range of ports".
func TestExampleOfARangeOfPorts(t *testing.T) {
	policies := policiesOf(t, `
podSelector: {matchLabels: {role: db}}
policyTypes: [Egress]
egress:
- to: [{ipBlock: {cidr: 10.0.0.0/24}}]
  ports: [{protocol: TCP, port: 32000, endPort: 32768}]
`)
	for number, want := range map[int32]bool{31999: false, 32000: true, 32400: true, 32768: true, 32769: false} {
		require.Equal(t, want, EgressAllowed(policies, db, stranger("10.0.0.7"), tcp(number)), number)
		require.False(t, EgressAllowed(policies, db, stranger("10.0.1.7"), tcp(number)), number)
		require.False(t, EgressAllowed(policies, db, stranger("10.0.0.7"), udp(number)), number)
	}
	require.False(t, Isolated(policies, db))
}

// The example of "Targeting multiple namespaces by label", and "Targeting a Namespace by its name".
func TestExamplesOfNamespaces(t *testing.T) {
	app := Pod{Namespace: "default", Labels: labels("app", "myapp")}
	policies := policiesOf(t, `
podSelector: {matchLabels: {app: myapp}}
policyTypes: [Egress]
egress:
- to:
  - namespaceSelector:
      matchExpressions: [{key: namespace, operator: In, values: [frontend, backend]}]
`)
	require.True(t, EgressAllowed(policies, app, in(podPeer("f"), "namespace", "frontend"), tcp(1)))
	require.True(t, EgressAllowed(policies, app, in(podPeer("b"), "namespace", "backend"), tcp(1)))
	require.False(t, EgressAllowed(policies, app, podPeer("frontend"), tcp(1)))

	byName := policiesOf(t,
		"ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]}]")
	require.True(t, Allowed(byName, db, podPeer("monitoring"), tcp(1)))
	liar := in(podPeer("evil"), "kubernetes.io/metadata.name", "monitoring")
	require.False(t, Allowed(byName, db, liar, tcp(1)), "the label is immutable")
	byDefault := policiesOf(t,
		"ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: default}}}]}]")
	require.True(t, Allowed(byDefault, db, podPeer(""), tcp(1)))
}
