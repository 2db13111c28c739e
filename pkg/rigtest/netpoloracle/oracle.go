// Package netpoloracle says what a set of NetworkPolicies lets through. It is test support: the second opinion that the
// product's own evaluator is compared with.
//
// It is written from the text of the API alone: the comments of k8s.io/api/networking/v1 and
// k8s.io/apimachinery/pkg/apis/meta/v1, and the pages "Network Policies" and "Labels and Selectors" of the Kubernetes
// documentation. Each rule quotes its sentence. It is slow and plain on purpose and shares no code with what it judges.
//
// Four things it doesn't model:
//   - Traffic that no policy can stop: "the only allowed connections into the pod are those from the pod's node and
//     those allowed by the ingress list", and "a pod cannot block access to itself".
//   - Addresses that are rewritten on the way: "it is not defined whether this happens before or after NetworkPolicy
//     processing". Peer.IP is the address that the policy is asked about.
//   - Protocols other than TCP, UDP and SCTP: "the behaviour is undefined".
//   - Both ends at once: "both the egress policy on the source pod and the ingress policy on the destination pod need
//     to allow the connection". Allowed asks one end, EgressAllowed the other.
//
// An invalid thing, which an API server would refuse, allows nothing: an invalid selector selects nothing, an invalid
// item of from, to or ports matches nothing. What stands beside it keeps its meaning. So a policy whose own podSelector
// is invalid neither isolates a pod nor lets anybody in.
package netpoloracle

import (
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// Pod is the pod whose policies are asked.
type Pod struct {
	Namespace   string // empty means "default"
	Labels      map[string]string
	Ports       []corev1.ContainerPort // of all its containers; ingress rules may name them
	HostNetwork bool                   // policies are taken not to hold for it, see Isolated
}

// Peer is the other end of a connection: a pod of the cluster, or a stranger who has an address and nothing else. A pod
// in the host's network is a stranger with the address of the node: "their connections will be treated as node
// connections".
type Peer struct {
	IsPod           bool                   // false: only IP is looked at
	Namespace       string                 // empty means "default"
	NamespaceLabels map[string]string      // kubernetes.io/metadata.name is added
	Labels          map[string]string      // of the pod
	Ports           []corev1.ContainerPort // of all its containers; egress rules may name them
	IP              netip.Addr             // of a pod too; the zero Addr is in no ipBlock
}

// Port is where a connection goes to.
type Port struct {
	Protocol corev1.Protocol // empty means TCP
	Number   int32           // 1 to 65535
}

// Isolated says whether ingress to the pod is restricted at all.
//
// "A pod is isolated for ingress if there is any NetworkPolicy that both selects the pod and has "Ingress" in its
// policyTypes".
func Isolated(policies []networkingv1.NetworkPolicy, pod Pod) bool {
	return slices.ContainsFunc(policies, func(p networkingv1.NetworkPolicy) bool {
		return selects(p, pod) && hasType(p, networkingv1.PolicyTypeIngress)
	})
}

// Allowed says whether the policies let a connection of the peer in, to that port of the pod.
func Allowed(policies []networkingv1.NetworkPolicy, pod Pod, peer Peer, port Port) bool {
	// "By default, a pod is non-isolated for ingress; all inbound connections are allowed."
	if !Isolated(policies, pod) {
		return true
	}
	// "the traffic matches at least one ingress rule across all of the NetworkPolicy objects whose podSelector matches
	// the pod"; "order of evaluation does not affect the policy result".
	for _, p := range policies {
		if !selects(p, pod) || !hasType(p, networkingv1.PolicyTypeIngress) {
			continue
		}
		// "If this field is empty then this NetworkPolicy does not allow any traffic".
		for _, rule := range p.Spec.Ingress {
			// "The traffic must match both ports and from."
			if matchesPeers(rule.From, p.Namespace, peer) && matchesPorts(rule.Ports, pod.Ports, port) {
				return true
			}
		}
	}
	return false
}

// EgressIsolated says whether egress from the pod is restricted at all.
//
// "A pod is isolated for egress if there is any NetworkPolicy that both selects the pod and has "Egress" in its
// policyTypes".
func EgressIsolated(policies []networkingv1.NetworkPolicy, pod Pod) bool {
	return slices.ContainsFunc(policies, func(p networkingv1.NetworkPolicy) bool {
		return selects(p, pod) && hasType(p, networkingv1.PolicyTypeEgress)
	})
}

// EgressAllowed says whether the policies let a connection of the pod out, to that port of the peer.
func EgressAllowed(policies []networkingv1.NetworkPolicy, pod Pod, peer Peer, port Port) bool {
	// "By default, a pod is non-isolated for egress; all outbound connections are allowed."
	if !EgressIsolated(policies, pod) {
		return true
	}
	// "the traffic matches at least one egress rule across all of the NetworkPolicy objects whose podSelector matches
	// the pod".
	for _, p := range policies {
		if !selects(p, pod) || !hasType(p, networkingv1.PolicyTypeEgress) {
			continue
		}
		// "If this field is empty then this NetworkPolicy limits all outgoing traffic".
		for _, rule := range p.Spec.Egress {
			// "The traffic must match both ports and to." A name is that of a "port on a pod": a stranger has none.
			var named []corev1.ContainerPort
			if peer.IsPod {
				named = peer.Ports
			}
			if matchesPeers(rule.To, p.Namespace, peer) && matchesPorts(rule.Ports, named, port) {
				return true
			}
		}
	}
	return false
}

// selects says whether the policy applies to the pod.
func selects(p networkingv1.NetworkPolicy, pod Pod) bool {
	// "NetworkPolicy behaviour for hostNetwork pods is undefined, but it should be limited to 2 possibilities": policies
	// hold for them as for other pods, or the plugin "ignores hostNetwork pods when matching podSelector and
	// namespaceSelector. [...] (This is the most common implementation.)" Nobody can rely on the first.
	if pod.HostNetwork {
		return false
	}
	// "An empty selector matches all pods in the policy's namespace." So a selector never reaches into another one.
	if namespaceOf(p.Namespace) != namespaceOf(pod.Namespace) {
		return false
	}
	// "podSelector selects the pods to which this NetworkPolicy object applies." "If it is not specified, it defaults to
	// an empty selector."
	return matchesSelector(p.Spec.PodSelector, pod.Labels)
}

// hasType says whether the policy is about that direction.
func hasType(p networkingv1.NetworkPolicy, t networkingv1.PolicyType) bool {
	// "policyTypes is a list of rule types that the NetworkPolicy relates to."
	if len(p.Spec.PolicyTypes) > 0 {
		return slices.Contains(p.Spec.PolicyTypes, t)
	}
	// "If no policyTypes are specified on a NetworkPolicy then by default Ingress will always be set and Egress will be
	// set if the NetworkPolicy has any egress rules."
	return t == networkingv1.PolicyTypeIngress || len(p.Spec.Egress) > 0
}

// namespaceOf gives an unnamed namespace its name.
func namespaceOf(name string) string {
	// "An empty namespace is equivalent to the "default" namespace, but "default" is the canonical representation."
	if name == "" {
		return "default"
	}
	return name
}
