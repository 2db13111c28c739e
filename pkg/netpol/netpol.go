// Package netpol decides what NetworkPolicies allow: who can reach a pod on a port, given several policies. It follows
// the text of the API (k8s.io/api networking/v1, types.go) and doesn't depend on manifests or sidecars.
//
// Rules that the API refuses allow nobody, and nothing is sure about what such selectors select.
//
// Two cases aren't covered: a pod's own node can always reach it, and network plugins differ for pods on the node's own
// network.
package netpol

import (
	"maps"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// A Pod is the pod that a peer connects to.
type Pod struct {
	Namespace string
	Labels    map[string]string
	Ports     []corev1.ContainerPort // of its containers; rules may use their names
}

// A Peer is a client: a pod, or an address outside of the cluster.
type Peer struct {
	Namespace       string            // of a pod; "" for an address
	NamespaceLabels map[string]string // of that namespace, besides its name
	Labels          map[string]string // of a pod
	IP              netip.Addr        // as the pod sees it; may be missing
}

// A Port is the port that a peer connects to.
type Port struct {
	Protocol corev1.Protocol // "" is TCP
	Number   int32
}

// Allowed reports whether policies let a peer in on a port of a pod. If no ingress policy selects the pod, everybody is
// let in. Otherwise, one of them must let the peer in.
func Allowed(policies []networkingv1.NetworkPolicy, pod Pod, peer Peer, port Port) bool {
	isolated := false
	for i := range policies {
		p := &policies[i]
		if p.Namespace != pod.Namespace || !IsIngress(&p.Spec) || Selects(&p.Spec.PodSelector, pod.Labels, nil) != Yes {
			continue
		}
		isolated = true
		for _, rule := range p.Spec.Ingress {
			if Covers(rule.Ports, pod.Ports, port) && meetsPeer(rule.From, p.Namespace, &peer) {
				return true
			}
		}
	}
	return !isolated
}

// IsIngress reports whether a policy is about ingress, unless its policyTypes has egress only. An ingress policy closes
// its pods to everybody that no rule lets in.
func IsIngress(spec *networkingv1.NetworkPolicySpec) bool {
	return len(spec.PolicyTypes) == 0 || slices.Contains(spec.PolicyTypes, networkingv1.PolicyTypeIngress)
}

// IsEgress reports whether a policy is about egress: its policyTypes has egress, or it has egress rules and no
// policyTypes.
func IsEgress(spec *networkingv1.NetworkPolicySpec) bool {
	if len(spec.PolicyTypes) == 0 {
		return len(spec.Egress) > 0
	}
	return slices.Contains(spec.PolicyTypes, networkingv1.PolicyTypeEgress)
}

// Covers reports whether a rule's ports cover a port of a pod with declared ports. A rule without ports covers all.
func Covers(ports []networkingv1.NetworkPolicyPort, declared []corev1.ContainerPort, port Port) bool {
	return len(ports) == 0 || slices.ContainsFunc(ports, func(p networkingv1.NetworkPolicyPort) bool {
		return coversPort(&p, declared, port)
	})
}

func coversPort(p *networkingv1.NetworkPolicyPort, declared []corev1.ContainerPort, port Port) bool {
	switch {
	case protocolOf(p) != orTCP(port.Protocol), lacksStart(p):
		return false
	case p.Port == nil:
		return true
	case p.Port.Type == intstr.String:
		return slices.ContainsFunc(declared, func(d corev1.ContainerPort) bool {
			return d.Name == p.Port.StrVal && d.Name != "" && d.ContainerPort == port.Number &&
				orTCP(d.Protocol) == protocolOf(p)
		})
	}
	return p.Port.IntVal <= port.Number && port.Number <= lastNumber(p)
}

// Contains reports whether a rule's ports cover everything that another port of a rule covers, whatever ports pods
// declare. A rule without ports covers all.
func Contains(ports []networkingv1.NetworkPolicyPort, other *networkingv1.NetworkPolicyPort) bool {
	return len(ports) == 0 || slices.ContainsFunc(ports, func(p networkingv1.NetworkPolicyPort) bool {
		switch {
		case protocolOf(&p) != protocolOf(other), lacksStart(&p), lacksStart(other):
			return false
		case p.Port == nil || other.Port == nil:
			return p.Port == nil
		case p.Port.Type != other.Port.Type:
			return false
		case p.Port.Type == intstr.String:
			return p.Port.StrVal == other.Port.StrVal
		}
		return p.Port.IntVal <= other.Port.IntVal && lastNumber(other) <= lastNumber(&p)
	})
}

// lacksStart reports whether a port is a range without a first number. The API refuses that, so it allows nobody.
func lacksStart(p *networkingv1.NetworkPolicyPort) bool {
	return p.EndPort != nil && (p.Port == nil || p.Port.Type == intstr.String)
}

func protocolOf(p *networkingv1.NetworkPolicyPort) corev1.Protocol {
	if p.Protocol == nil {
		return corev1.ProtocolTCP
	}
	return orTCP(*p.Protocol)
}

// lastNumber returns the last number of a range, or the only one.
func lastNumber(p *networkingv1.NetworkPolicyPort) int32 {
	if p.EndPort != nil {
		return *p.EndPort
	}
	return p.Port.IntVal
}

func orTCP(p corev1.Protocol) corev1.Protocol {
	if p == "" {
		return corev1.ProtocolTCP
	}
	return p
}

// meetsPeer reports whether a rule's peers include this one. A rule without peers includes all.
func meetsPeer(peers []networkingv1.NetworkPolicyPeer, namespace string, peer *Peer) bool {
	return len(peers) == 0 || slices.ContainsFunc(peers, func(p networkingv1.NetworkPolicyPeer) bool {
		if p.IPBlock != nil {
			return p.PodSelector == nil && p.NamespaceSelector == nil && isWithin(p.IPBlock, peer.IP)
		}
		if peer.Namespace == "" || p.PodSelector == nil && p.NamespaceSelector == nil {
			return false
		}
		if p.NamespaceSelector == nil && peer.Namespace != namespace {
			return false
		}
		return (p.NamespaceSelector == nil || Selects(p.NamespaceSelector, labelsOf(peer), nil) == Yes) &&
			(p.PodSelector == nil || Selects(p.PodSelector, peer.Labels, nil) == Yes)
	})
}

// labelsOf returns the labels of a peer's namespace, with the one for its name that the API server adds.
func labelsOf(peer *Peer) map[string]string {
	labels := map[string]string{}
	maps.Copy(labels, peer.NamespaceLabels)
	labels[corev1.LabelMetadataName] = peer.Namespace
	return labels
}

// MayMeet reports whether the peers of a policy in a namespace may include a pod. The labels of namespaces aren't
// known. A rule without peers includes all.
func MayMeet(peers []networkingv1.NetworkPolicyPeer, namespace string, pod *Pod) bool {
	return len(peers) == 0 || slices.ContainsFunc(peers, func(p networkingv1.NetworkPolicyPeer) bool {
		switch {
		case p.IPBlock != nil, p.NamespaceSelector == nil && namespace != pod.Namespace:
			return false
		case p.PodSelector == nil:
			return true
		}
		return Selects(p.PodSelector, pod.Labels, IsWrittenLater) != No
	})
}

// isWithin reports whether an address is in a block, and not in one of its exceptions. The API refuses exceptions
// outside of the block.
func isWithin(b *networkingv1.IPBlock, ip netip.Addr) bool {
	block, ok := parsePrefix(b.CIDR)
	if !ok || !ip.IsValid() {
		return false
	}
	ip = ip.Unmap().WithZone("")
	for _, e := range b.Except {
		except, ok := parsePrefix(e)
		if !ok || except.Bits() < block.Bits() || !block.Contains(except.Addr()) || except.Contains(ip) {
			return false
		}
	}
	return block.Contains(ip)
}

// parsePrefix reads a CIDR. It reads IPv4 in the form of IPv6 as IPv4, like Go's package net, which network plugins
// use.
func parsePrefix(cidr string) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(cidr)
	if err == nil && p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p, err == nil
}
