package netpoloracle

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func TestAPolicySelectsPodsOfItsOwnNamespace(t *testing.T) {
	for _, c := range []struct {
		policy, pod string
		want        bool
	}{
		{"a", "a", true}, {"a", "b", false}, {"", "a", false},
		{"", "default", true}, {"default", "", true}, {"", "", true},
	} {
		p := policyOf(t, "{}")
		p.Namespace = c.policy
		require.Equal(t, c.want, Isolated([]networkingv1.NetworkPolicy{p}, Pod{Namespace: c.pod}), "%v", c)
	}
	here := policyOf(t, "ingress: [{from: [{podSelector: {}}]}]")
	here.Namespace = "a"
	policies := []networkingv1.NetworkPolicy{here}
	require.True(t, Allowed(policies, Pod{Namespace: "a"}, podPeer("a"), tcp(1)), "its peers too")
	require.False(t, Allowed(policies, Pod{Namespace: "a"}, podPeer("default"), tcp(1)))
}

func TestPodsInTheHostsNetworkCannotRelyOnPolicies(t *testing.T) {
	policies := policiesOf(t, "policyTypes: [Ingress, Egress]")
	pod := Pod{Namespace: "default", HostNetwork: true}
	require.False(t, Isolated(policies, pod))
	require.False(t, EgressIsolated(policies, pod))
	require.True(t, Allowed(policies, pod, stranger("203.0.113.9"), tcp(1)))
	require.True(t, EgressAllowed(policies, pod, stranger("203.0.113.9"), tcp(1)))
}

func TestPolicyTypesHaveDefaults(t *testing.T) {
	for spec, c := range map[string]struct{ ingress, egress bool }{
		"{}":                                        {true, false},
		"{policyTypes: []}":                         {true, false},
		"{ingress: []}":                             {true, false},
		"{egress: []}":                              {true, false},
		"{egress: [{}]}":                            {true, true},
		"{ingress: [{}], egress: [{}]}":             {true, true},
		"{policyTypes: [Egress]}":                   {false, true},
		"{policyTypes: [Egress], ingress: [{}]}":    {false, true},
		"{policyTypes: [Ingress], egress: [{}]}":    {true, false},
		"{policyTypes: [Ingress, Egress]}":          {true, true},
		"{policyTypes: [ingress]}":                  {false, false},
		"{policyTypes: [Egress], egress: [{}]}":     {false, true},
		"{podSelector: {matchLabels: {role: web}}}": {false, false},
	} {
		require.Equal(t, c.ingress, Isolated(policiesOf(t, spec), db), spec)
		require.Equal(t, c.egress, EgressIsolated(policiesOf(t, spec), db), spec)
	}
}

func TestRulesOfAPolicyThatIsNotOfThatTypeAllowNothing(t *testing.T) {
	policies := policiesOf(t, "{policyTypes: [Egress], ingress: [{}]}", "{policyTypes: [Ingress], egress: [{}]}")
	require.False(t, Allowed(policies, db, stranger("203.0.113.9"), tcp(1)))
	require.False(t, EgressAllowed(policies, db, stranger("203.0.113.9"), tcp(1)))
	elsewhere := policiesOf(t, "{}", "{podSelector: {matchLabels: {role: web}}, ingress: [{}]}")
	require.False(t, Allowed(elsewhere, db, stranger("203.0.113.9"), tcp(1)), "nor those of a policy for other pods")
}

// nil and empty lists are the same to the API, which leaves both out when it writes them.
func TestMissingAndEmptyListsAreTheSame(t *testing.T) {
	check := func(in []networkingv1.NetworkPolicyIngressRule, out []networkingv1.NetworkPolicyEgressRule) {
		types := []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}
		policies := []networkingv1.NetworkPolicy{{ObjectMeta: metav1.ObjectMeta{Namespace: "default"},
			Spec: networkingv1.NetworkPolicySpec{Ingress: in, Egress: out, PolicyTypes: types}}}
		require.Equal(t, len(in) > 0, Allowed(policies, db, stranger("203.0.113.9"), udp(1)))
		require.Equal(t, len(out) > 0, EgressAllowed(policies, db, stranger("203.0.113.9"), udp(1)))
	}
	check(nil, nil)
	check([]networkingv1.NetworkPolicyIngressRule{}, []networkingv1.NetworkPolicyEgressRule{})
	check([]networkingv1.NetworkPolicyIngressRule{{}}, []networkingv1.NetworkPolicyEgressRule{{}})
	check([]networkingv1.NetworkPolicyIngressRule{{From: []networkingv1.NetworkPolicyPeer{},
		Ports: []networkingv1.NetworkPolicyPort{}}}, []networkingv1.NetworkPolicyEgressRule{{
		To: []networkingv1.NetworkPolicyPeer{}, Ports: []networkingv1.NetworkPolicyPort{}}})
}

func TestPoliciesAndRulesAddUp(t *testing.T) {
	web := "ingress: [{from: [{podSelector: {matchLabels: {a: web}}}], ports: [{port: 80}]}]"
	mon := "ingress: [{from: [{podSelector: {matchLabels: {a: mon}}}], ports: [{port: 90}]}]"
	one := "ingress: [{from: [{podSelector: {matchLabels: {a: web}}}], ports: [{port: 80}]}, " +
		"{from: [{podSelector: {matchLabels: {a: mon}}}], ports: [{port: 90}]}]"
	for _, policies := range [][]networkingv1.NetworkPolicy{
		policiesOf(t, web, mon), policiesOf(t, mon, "{}", web), policiesOf(t, one),
	} {
		require.True(t, Allowed(policies, db, podPeer("default", "a", "web"), tcp(80)))
		require.True(t, Allowed(policies, db, podPeer("default", "a", "mon"), tcp(90)))
		require.False(t, Allowed(policies, db, podPeer("default", "a", "web"), tcp(90)), "from and ports of one rule")
		require.False(t, Allowed(policies, db, podPeer("default", "a", "mon"), tcp(80)), "from and ports of one rule")
	}
}

func TestPorts(t *testing.T) {
	ports := []corev1.ContainerPort{
		{ContainerPort: 7000}, // no name
		{Name: "web", ContainerPort: 8080},
		{Name: "dns", ContainerPort: 53, Protocol: corev1.ProtocolUDP},
		{Name: "dns", ContainerPort: 5353, Protocol: corev1.ProtocolTCP},
		{Name: "web", ContainerPort: 8081}, // of a second container
		{Name: "sig", ContainerPort: 9000, Protocol: corev1.ProtocolSCTP},
	}
	sctp := func(n int32) Port { return Port{Protocol: corev1.ProtocolSCTP, Number: n} }
	for items, c := range map[string]struct{ yes, no []Port }{
		"[]":                                 {[]Port{tcp(1), udp(1), sctp(65535)}, nil},
		"[{}]":                               {[]Port{tcp(1), tcp(65535), {Number: 80}}, []Port{udp(1), sctp(1)}},
		"[{protocol: UDP}]":                  {[]Port{udp(1)}, []Port{tcp(1), sctp(1), {Number: 1}}},
		"[{port: 80}]":                       {[]Port{tcp(80), {Number: 80}}, []Port{tcp(81), udp(80)}},
		"[{port: 80, protocol: SCTP}]":       {[]Port{sctp(80)}, []Port{tcp(80), udp(80)}},
		"[{port: web}]":                      {[]Port{tcp(8080), tcp(8081)}, []Port{tcp(80), udp(8080), tcp(7000)}},
		"[{port: dns}]":                      {[]Port{tcp(5353)}, []Port{tcp(53), udp(53), udp(5353)}},
		"[{port: dns, protocol: UDP}]":       {[]Port{udp(53)}, []Port{tcp(53), tcp(5353), udp(5353)}},
		"[{port: sig}]":                      {nil, []Port{tcp(9000), sctp(9000)}},
		"[{port: nobody}]":                   {nil, []Port{tcp(80), tcp(7000), tcp(8080)}},
		"[{port: WEB}]":                      {nil, []Port{tcp(8080)}},
		"[{port: '8080'}]":                   {nil, []Port{tcp(8080)}}, // a name that no port has
		"[{port: ''}]":                       {nil, []Port{tcp(7000), tcp(8080)}},
		"[{port: 80, endPort: 82}]":          {[]Port{tcp(80), tcp(81), tcp(82)}, []Port{tcp(79), tcp(83), udp(81)}},
		"[{port: 80, endPort: 80}]":          {[]Port{tcp(80)}, []Port{tcp(79), tcp(81)}},
		"[{port: 1, endPort: 65535}]":        {[]Port{tcp(1), tcp(65535)}, []Port{udp(1)}},
		"[{port: 80, endPort: 79}]":          {nil, []Port{tcp(79), tcp(80)}},
		"[{port: web, endPort: 8081}]":       {nil, []Port{tcp(8080), tcp(8081)}},
		"[{endPort: 80}]":                    {nil, []Port{tcp(1), tcp(80)}},
		"[{port: 0}]":                        {nil, []Port{tcp(0), tcp(80)}},
		"[{port: 0, endPort: 80}]":           {nil, []Port{tcp(1), tcp(80)}},
		"[{port: 80, endPort: 65536}]":       {nil, []Port{tcp(80), tcp(65535)}},
		"[{port: 70000}]":                    {nil, []Port{tcp(70000), tcp(4464)}},
		"[{protocol: tcp}]":                  {nil, []Port{tcp(80), {Number: 80}}},
		"[{protocol: ''}]":                   {nil, []Port{tcp(80), {Number: 80}}},
		"[{protocol: ICMP}]":                 {nil, []Port{{Protocol: "ICMP", Number: 80}}},
		"[{port: 80}, {port: 81}]":           {[]Port{tcp(80), tcp(81)}, []Port{tcp(82)}},
		"[{port: 9, endPort: 1}, {port: 5}]": {[]Port{tcp(5)}, []Port{tcp(1), tcp(9)}},
	} {
		pod := Pod{Namespace: "default", Ports: ports}
		policies := policiesOf(t, "{ingress: [{ports: "+items+"}], egress: [{ports: "+items+"}]}")
		peer := podPeer("default")
		peer.Ports = ports
		for want, all := range map[bool][]Port{true: c.yes, false: c.no} {
			for _, p := range all {
				require.Equal(t, want, Allowed(policies, pod, stranger("203.0.113.9"), p), "%s %v", items, p)
				require.Equal(t, want, EgressAllowed(policies, Pod{}, peer, p), "%s %v", items, p)
			}
		}
	}
	policies := policiesOf(t, "{ingress: [{ports: [{port: web}]}], egress: [{ports: [{port: web}]}]}")
	require.False(t, Allowed(policies, db, Peer{IsPod: true, Ports: ports}, tcp(8080)), "a name of the source's port")
	require.False(t, EgressAllowed(policies, Pod{Ports: ports}, podPeer("default"), tcp(8080)), "likewise")
	require.False(t, EgressAllowed(policies, Pod{}, Peer{Ports: ports}, tcp(8080)), "a stranger's ports have no names")
	strange := networkingv1.NetworkPolicyPort{Port: &intstr.IntOrString{Type: 7, IntVal: 80, StrVal: "web"}}
	require.False(t, matchesPort(strange, ports, tcp(80)))
}

func TestPeers(t *testing.T) {
	here, there := podPeer("default", "a", "b"), in(podPeer("there", "a", "b"), "team", "m")
	v6 := stranger("2001:db8::1")
	nowhere := Peer{IsPod: true, Namespace: "default"} // not scheduled yet: no address
	inBlock := Peer{IsPod: true, Namespace: "x", IP: netip.MustParseAddr("10.1.0.1")}
	out, home := stranger("203.0.113.9"), stranger("10.1.2.3")
	for _, c := range []struct {
		items   string
		yes, no []Peer
	}{
		{"[]",
			[]Peer{here, there, v6, out, home, inBlock, nowhere, {}}, nil},
		{"[{podSelector: {}}]",
			[]Peer{here, nowhere}, []Peer{there, inBlock, out, v6}},
		{"[{podSelector: {matchLabels: {a: b}}}]",
			[]Peer{here}, []Peer{there, nowhere, out}},
		{"[{namespaceSelector: {}}]",
			[]Peer{here, there, nowhere, inBlock}, []Peer{out, v6}},
		{"[{namespaceSelector: {matchLabels: {team: m}}}]",
			[]Peer{there}, []Peer{here, inBlock, out}},
		{"[{namespaceSelector: {}, podSelector: {}}]",
			[]Peer{here, there, nowhere, inBlock}, []Peer{out, v6}},
		{"[{namespaceSelector: {}, podSelector: {matchLabels: {a: b}}}]",
			[]Peer{here, there}, []Peer{nowhere, out}},
		{"[{namespaceSelector: {matchLabels: {team: m}}, podSelector: {matchLabels: {a: c}}}]",
			nil, []Peer{here, there}},
		{"[{ipBlock: {cidr: 10.0.0.0/8}}]",
			[]Peer{home, inBlock}, []Peer{out, here, nowhere, v6, {}}},
		{"[{ipBlock: {cidr: 10.1.2.3/32}}]",
			[]Peer{home}, []Peer{inBlock, out}},
		{"[{ipBlock: {cidr: 10.9.9.9/8}}]", // its network is meant
			[]Peer{home, inBlock}, []Peer{out}},
		{"[{ipBlock: {cidr: 0.0.0.0/0}}]",
			[]Peer{home, out, here, inBlock}, []Peer{v6, nowhere, {}}},
		{"[{ipBlock: {cidr: '::/0'}}]",
			[]Peer{v6}, []Peer{home, out, here, nowhere}},
		{"[{ipBlock: {cidr: '2001:db8::/64', except: ['2001:db8::/127']}}]",
			nil, []Peer{v6, home}},
		{"[{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.2.0/24]}}]",
			[]Peer{inBlock}, []Peer{home, out}},
		{"[{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/24, 10.1.2.0/24]}}]",
			nil, []Peer{inBlock, home}},
		{"[{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16, 10.1.2.0/24]}}]", // excepted twice
			[]Peer{stranger("10.2.0.1")}, []Peer{inBlock, home}},
		{"[{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}]",
			nil, []Peer{home, inBlock}},
		{"[{ipBlock: {cidr: 10.0.0.0/8, except: []}}]",
			[]Peer{home}, []Peer{out}},
		// one item's except takes nothing from another item
		{"[{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.2.0/24]}}, {ipBlock: {cidr: 10.1.2.0/30}}]",
			[]Peer{home}, []Peer{out}},
		// what is invalid matches nothing, and takes nothing from what stands beside it
		{"[{}]",
			nil, []Peer{here, there, out, nowhere, {}}},
		{"[{}, {podSelector: {}}]",
			[]Peer{here}, []Peer{there, out}},
		{"[{ipBlock: {cidr: 10.0.0.0}}]",
			nil, []Peer{home, inBlock}},
		{"[{ipBlock: {cidr: 10.0.0.0/33}}]",
			nil, []Peer{home}},
		{"[{ipBlock: {cidr: ''}}]",
			nil, []Peer{home, {}}},
		{"[{ipBlock: {cidr: all}}]",
			nil, []Peer{home}},
		{"[{ipBlock: {cidr: 10.0.0.0/8, except: [x]}}]",
			nil, []Peer{home, inBlock}},
		{"[{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}}]",
			nil, []Peer{home, inBlock}},
		{"[{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/7]}}]",
			nil, []Peer{home, inBlock}},
		{"[{ipBlock: {cidr: 10.0.0.0/8, except: ['2001:db8::/64']}}]",
			nil, []Peer{home, v6}},
		{"[{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}]",
			nil, []Peer{home, here, inBlock}},
		{"[{ipBlock: {cidr: 10.0.0.0/8}, namespaceSelector: {}}]",
			nil, []Peer{home, here, inBlock}},
		{"[{podSelector: {matchExpressions: [{key: a, operator: Is, values: [b]}]}}]",
			nil, []Peer{here}},
		{"[{namespaceSelector: {matchExpressions: [{key: team, operator: NotIn}]}}]",
			nil, []Peer{here, there}},
		{"[{namespaceSelector: {}, podSelector: {matchExpressions: [{operator: Exists}]}}]",
			nil, []Peer{here, there}},
	} {
		policies := policiesOf(t, "{ingress: [{from: "+c.items+"}], egress: [{to: "+c.items+"}]}")
		for want, all := range map[bool][]Peer{true: c.yes, false: c.no} {
			for _, p := range all {
				require.Equal(t, want, Allowed(policies, db, p, tcp(80)), "%s %v", c.items, p)
				require.Equal(t, want, EgressAllowed(policies, db, p, tcp(80)), "%s %v", c.items, p)
			}
		}
	}
}
