package netpol_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/yaml"

	"github.com/outrigger-dev/outrigger/pkg/netpol"
)

// readSpec reads a policy's spec.
func readSpec(t *testing.T, text string) (spec networkingv1.NetworkPolicySpec) {
	t.Helper()
	require.NoError(t, yaml.UnmarshalStrict([]byte(text), &spec))
	return spec
}

func TestMayReach(t *testing.T) {
	tcp := func(n int32) []netpol.Port { return []netpol.Port{{Number: n}} }
	named := []corev1.ContainerPort{{Name: "sql", ContainerPort: 5432}}
	db := netpol.Target{Place: netpol.Inside, Namespace: "prod", Ports: tcp(5432),
		Pods: []netpol.Pod{{Namespace: "prod", Labels: map[string]string{"app": "db"}, Ports: named}}}
	vault := netpol.Target{Place: netpol.Inside, Namespace: "vault", Ports: tcp(8200)}
	somewhere := netpol.Target{Place: netpol.Inside, Ports: tcp(8200)}
	host := netpol.Target{Place: netpol.Outside, Ports: tcp(443)}
	address := netpol.Target{Place: netpol.Outside, IP: netip.MustParseAddr("192.0.2.7"), Ports: tcp(443)}
	private := netpol.Target{Place: netpol.Outside, IP: netip.MustParseAddr("10.0.0.7"), Ports: tcp(443)}
	unknown := netpol.Target{Ports: tcp(443)}
	anyPort := netpol.Target{Ports: tcp(0)}
	const byName = "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: vault}}}"
	for name, c := range map[string]struct {
		rule   string
		target netpol.Target
		want   bool
	}{
		"everything":                    {"{}", host, true},
		"another port":                  {"{ports: [{port: 80}]}", host, false},
		"the port of everybody":         {"{ports: [{port: 443}]}", host, true},
		"a range":                       {"{ports: [{port: 400, endPort: 500}]}", host, true},
		"another protocol":              {"{ports: [{protocol: UDP, port: 443}]}", host, false},
		"a host, by pods":               {"{to: [{namespaceSelector: {}}]}", host, false},
		"a host, by addresses":          {"{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}", host, true}, // perhaps
		"an address in a block":         {"{to: [{ipBlock: {cidr: 192.0.2.0/24}}]}", address, true},
		"an address in another":         {"{to: [{ipBlock: {cidr: 192.0.3.0/24}}]}", address, false},
		"an address, by pods":           {"{to: [{podSelector: {}}]}", address, false},
		"a private address, by pods":    {"{to: [{podSelector: {}}]}", private, true}, // perhaps
		"pods":                          {"{to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: 5432}]}", db, true},
		"pods, by the port's name":      {"{to: [{podSelector: {}}], ports: [{port: sql}]}", db, true},
		"pods, another port":            {"{to: [{podSelector: {}}], ports: [{port: 5433}]}", db, false},
		"other pods":                    {"{to: [{podSelector: {matchLabels: {app: web}}}]}", db, false},
		"pods of another namespace":     {"{to: [{podSelector: {}}]}", vault, false},
		"pods of unknown namespace":     {"{to: [{podSelector: {}}]}", somewhere, true}, // perhaps
		"namespace by name":             {"{to: [" + byName + "]}", vault, true},
		"namespace by another name":     {"{to: [" + strings.Replace(byName, "vault", "x", 1) + "]}", vault, false},
		"namespace by a label":          {"{to: [{namespaceSelector: {matchLabels: {team: x}}}]}", vault, true}, // perhaps
		"namespace by name, other port": {"{to: [" + byName + "], ports: [{port: 443}]}", vault, true},
		"namespace, other port":         {"{to: [{namespaceSelector: {}}], ports: [{port: 443}]}", vault, false},
		"pods, by addresses":            {"{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}", db, true}, // in most clusters
		"unknown":                       {"{to: [{podSelector: {}}]}", unknown, true},
		"unknown, another port":         {"{to: [{podSelector: {}}], ports: [{port: 80}]}", unknown, false},
		"any port, DNS":                 {"{ports: [{port: 53}]}", anyPort, false},
		"any port, more":                {"{ports: [{port: 53}, {port: 5432}]}", anyPort, true},
	} {
		t.Run(name, func(t *testing.T) {
			spec := readSpec(t, "{podSelector: {}, egress: ["+c.rule+"]}")
			require.Equal(t, c.want, netpol.MayReach(spec.Egress, "prod", &c.target))
		})
	}
	require.False(t, netpol.MayReach(nil, "prod", &host))
}

func TestIsolatesEgress(t *testing.T) {
	labels := map[string]string{"app": "web"}
	for text, want := range map[string]netpol.Answer{
		"{podSelector: {}}":                                                  netpol.No,
		"{podSelector: {}, policyTypes: [Ingress]}":                          netpol.No,
		"{podSelector: {}, policyTypes: [Egress]}":                           netpol.Yes,
		"{podSelector: {}, egress: [{}]}":                                    netpol.Yes,
		"{podSelector: {matchLabels: {app: db}}, egress: [{}]}":              netpol.No,
		"{podSelector: {matchLabels: {pod-template-hash: x}}, egress: [{}]}": netpol.Maybe,
	} {
		spec := readSpec(t, text)
		require.Equal(t, want, netpol.IsolatesEgress(&spec, labels), text)
	}
}
