package rigtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/netpol"
	"github.com/outrigger-dev/outrigger/pkg/rigtest/netpoloracle"
)

// Over 100,000 policies, the product and an evaluator that was written without its code say the same.
func TestPoliciesMeanTheSame(t *testing.T) {
	const pairs = 100_000
	let, shut := 0, 0
	for seed := range uint64(pairs) {
		if meaning(t, seed) {
			let++
		} else {
			shut++
		}
	}
	t.Logf("%d let in, %d not", let, shut)
	require.Greater(t, min(let, shut), pairs/5, "else it shows little")
}

// FuzzPolicies does the same for seeds that nobody has tried yet.
func FuzzPolicies(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { meaning(t, seed|1<<63) })
}

func meaning(t *testing.T, seed uint64) (let bool) {
	t.Helper()
	p := policed{rand.New(rand.NewPCG(seed, 13))}
	policies := p.policies(0, 4)
	pod := p.pod()
	peer := p.peer()
	protocol := pick(p, "", tcp, tcp, tcp, udp, corev1.ProtocolSCTP)
	port := netpol.Port{Protocol: protocol, Number: p.port()}
	want := netpoloracle.Allowed(policies, other(pod), otherPeer(peer), netpoloracle.Port(port))
	if have := netpol.Allowed(policies, pod, peer, port); have != want {
		text, _ := json.MarshalIndent(policies, "", " ")
		require.Fail(t, "they don't agree", "seed %d: %v, the other says %v\npod %+v\npeer %+v\nport %+v\n%s",
			seed, have, want, pod, peer, port, text)
	}
	isolates := func(answer netpol.Answer) bool {
		return slices.ContainsFunc(policies, func(n networkingv1.NetworkPolicy) bool {
			return n.Namespace == pod.Namespace && netpol.Isolates(&n.Spec, pod.Labels) == answer
		})
	}
	isolated, maybe := isolates(netpol.Yes), isolates(netpol.Maybe)
	if is := netpoloracle.Isolated(policies, other(pod)); is != isolated {
		require.True(t, maybe, "seed %d: isolated: %v, the other says %v", seed, isolated, is)
	}
	containsWhatIsCovered(t, p, pod, port, seed)
	return want
}

// containsWhatIsCovered checks that ports which contain another one cover everything that it covers: Contains decides
// what a policy opens, Covers who comes in.
func containsWhatIsCovered(t *testing.T, p policed, pod netpol.Pod, port netpol.Port, seed uint64) {
	t.Helper()
	ports, others := p.ports(), p.ports()
	if len(others) == 0 || !netpol.Contains(ports, &others[0]) || !netpol.Covers(others[:1], pod.Ports, port) {
		return
	}
	require.True(t, netpol.Covers(ports, pod.Ports, port),
		"seed %d: %+v contain %+v, but don't cover %+v", seed, ports, others[0], port)
}

func other(p netpol.Pod) netpoloracle.Pod {
	return netpoloracle.Pod{Namespace: p.Namespace, Labels: p.Labels, Ports: p.Ports}
}

func otherPeer(p netpol.Peer) netpoloracle.Peer {
	return netpoloracle.Peer{
		IsPod:           p.Namespace != "",
		Namespace:       p.Namespace,
		NamespaceLabels: p.NamespaceLabels,
		Labels:          p.Labels,
		IP:              p.IP,
	}
}

// policed makes policies, pods and peers of few words, so that they meet.
type policed struct{ *rand.Rand }

const tcp, udp = corev1.ProtocolTCP, corev1.ProtocolUDP

var operators = []metav1.LabelSelectorOperator{
	metav1.LabelSelectorOpIn, metav1.LabelSelectorOpNotIn, metav1.LabelSelectorOpExists,
	metav1.LabelSelectorOpDoesNotExist, "Like",
}

var policyTypes = [][]networkingv1.PolicyType{nil, nil, {"Ingress"}, {"Ingress"}, {"Egress"}, {"Ingress", "Egress"}}

func pick[T any](p policed, of ...T) T { return of[p.IntN(len(of))] }

func (p policed) one(of int) bool { return p.IntN(of) == 0 }

func (p policed) namespace() string { return pick(p, "prod", "prod", "test") }

func (p policed) port() int32 {
	return pick(p, 1, 79, 80, 81, 1000, 8080, 8080, 8080, 8443, 8443, 9090, 16000, 65535, p.Int32N(65535)+1)
}

func (p policed) labels() map[string]string {
	labels := map[string]string{}
	for _, key := range []string{"app", "tier", "pod-template-hash"} {
		if !p.one(3) {
			labels[key] = pick(p, "web", "db", "")
		}
	}
	return labels
}

func (p policed) pod() netpol.Pod {
	pod := netpol.Pod{Namespace: p.namespace(), Labels: p.labels()}
	for i, name := range []string{"http", "https", ""} {
		if p.one(2) {
			pod.Ports = append(pod.Ports, corev1.ContainerPort{
				Name:          name,
				ContainerPort: p.port() + int32(i)%2,
				Protocol:      pick(p, "", "", tcp, udp),
			})
		}
	}
	return pod
}

func (p policed) peer() (peer netpol.Peer) {
	peer.IP = netip.MustParseAddr(pick(p, "10.0.0.1", "10.1.2.3", "192.168.1.7", "::ffff:10.0.0.1", "2001:db8::7"))
	if !p.one(4) {
		peer.Namespace, peer.Labels = p.namespace(), p.labels()
		peer.NamespaceLabels = p.labels()
	}
	return peer
}

func (p policed) selector() metav1.LabelSelector {
	var s metav1.LabelSelector
	if p.one(2) {
		s.MatchLabels = p.labels()
	}
	for p.one(3) {
		r := metav1.LabelSelectorRequirement{
			Key:      pick(p, "app", "tier", "kubernetes.io/metadata.name"),
			Operator: pick(p, operators...),
		}
		for p.one(2) {
			r.Values = append(r.Values, pick(p, "web", "db", "prod", ""))
		}
		s.MatchExpressions = append(s.MatchExpressions, r)
	}
	return s
}

func (p policed) ports() (out []networkingv1.NetworkPolicyPort) {
	for p.one(2) {
		var port networkingv1.NetworkPolicyPort
		if p.one(2) {
			port.Protocol = new(pick(p, tcp, tcp, udp, corev1.ProtocolSCTP))
		}
		if !p.one(5) {
			one, two := intstr.FromInt32(p.port()), intstr.FromInt32(p.port())
			port.Port = new(pick(p, one, two, intstr.FromString(pick(p, "http", "https", "none"))))
		}
		if p.one(3) {
			port.EndPort = new(p.port())
		}
		out = append(out, port)
	}
	return out
}

func (p policed) peers() (out []networkingv1.NetworkPolicyPeer) {
	for p.one(2) {
		var peer networkingv1.NetworkPolicyPeer
		if p.one(3) {
			peer.IPBlock = &networkingv1.IPBlock{
				CIDR: pick(p, "10.0.0.0/8", "10.0.0.1/32", "0.0.0.0/0", "::/0", "2001:db8::/32", "10.1.0.0/16", "none"),
			}
			for p.one(3) {
				peer.IPBlock.Except = append(peer.IPBlock.Except, pick(p, "10.0.0.0/16", "10.1.2.0/24", "2001:db8::/64"))
			}
		}
		if p.one(2) && (peer.IPBlock == nil || p.one(9)) {
			peer.PodSelector = new(p.selector())
		}
		if p.one(2) && (peer.IPBlock == nil || p.one(9)) {
			peer.NamespaceSelector = new(p.selector())
		}
		out = append(out, peer)
	}
	return out
}

func (p policed) policies(least, most int) []networkingv1.NetworkPolicy {
	out := make([]networkingv1.NetworkPolicy, least+p.IntN(most-least+1))
	for i := range out {
		o := &out[i]
		o.APIVersion, o.Kind = "networking.k8s.io/v1", "NetworkPolicy"
		o.Name, o.Namespace = fmt.Sprintf("policy-%d", i), p.namespace()
		if p.one(2) {
			o.Spec.PodSelector = p.selector()
		}
		o.Spec.PolicyTypes = pick(p, policyTypes...)
		for p.one(2) {
			o.Spec.Ingress = append(o.Spec.Ingress, networkingv1.NetworkPolicyIngressRule{Ports: p.ports(), From: p.peers()})
		}
		for p.one(4) {
			o.Spec.Egress = append(o.Spec.Egress, networkingv1.NetworkPolicyEgressRule{Ports: p.ports(), To: p.peers()})
		}
	}
	return out
}

// with returns labels, and more of them.
func with(labels map[string]string, more map[string]string) map[string]string {
	out := maps.Clone(labels)
	maps.Copy(out, more)
	return out
}
