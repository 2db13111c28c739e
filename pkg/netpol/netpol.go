// Package netpol says what NetworkPolicies let in: who reaches a pod on a port when
// several of them stand. It follows the text of the API (k8s.io/api networking/v1,
// types.go) and knows nothing of manifests or sidecars.
//
// What the API refuses lets in nobody and selects nothing for sure.
//
// It doesn't know what lets clients in beside policies: the pod's own node, which is
// always let in, and what a network does with pods on the node's own network.
package netpol

import (
	"maps"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// A Pod is what policies look at of the pod that is dialled.
type Pod struct {
	Namespace string
	Labels    map[string]string
	Ports     []corev1.ContainerPort // that its containers declare: rules may name them
}

// A Peer is who dials: a pod, or an address that is none's.
type Peer struct {
	Namespace       string            // of a pod; "" for what is no pod
	NamespaceLabels map[string]string // of that namespace, besides its name
	Labels          map[string]string // of a pod
	IP              netip.Addr        // as the dialled pod sees it; may be missing
}

// A Port is what is dialled.
type Port struct {
	Protocol corev1.Protocol // "" is TCP
	Number   int32
}

// Allowed reports whether policies let a peer in on a port of a pod. Where none of
// them selects the pod for what comes in, all is let in; else what one of them lets
// in: they add up.
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

// IsIngress reports whether a policy is for what comes in: it is unless it says that
// it's for the way out only. One that is closes all that no rule lets in.
func IsIngress(spec *networkingv1.NetworkPolicySpec) bool {
	return len(spec.PolicyTypes) == 0 || slices.Contains(spec.PolicyTypes, networkingv1.PolicyTypeIngress)
}

// IsEgress reports whether a policy is for the way out: where it says so, or says
// nothing and has rules for it.
func IsEgress(spec *networkingv1.NetworkPolicySpec) bool {
	if len(spec.PolicyTypes) == 0 {
		return len(spec.Egress) > 0
	}
	return slices.Contains(spec.PolicyTypes, networkingv1.PolicyTypeEgress)
}

// Covers reports whether a rule's ports, of which none is all, cover a port of a pod
// that declares some.
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

// Contains reports whether a rule's ports, of which none is all, cover all that another
// port of a rule does, whatever pods declare.
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

// lacksStart reports whether a port is a range without a first number. The API refuses
// it, so it lets in nobody.
func lacksStart(p *networkingv1.NetworkPolicyPort) bool {
	return p.EndPort != nil && (p.Port == nil || p.Port.Type == intstr.String)
}

func protocolOf(p *networkingv1.NetworkPolicyPort) corev1.Protocol {
	if p.Protocol == nil {
		return corev1.ProtocolTCP
	}
	return orTCP(*p.Protocol)
}

// lastNumber is the last of a port's numbers.
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

// meetsPeer reports whether a rule's peers, of which none is all, are of this one's kind.
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

// labelsOf are those of a peer's namespace: the API server writes its name among them.
func labelsOf(peer *Peer) map[string]string {
	labels := map[string]string{}
	maps.Copy(labels, peer.NamespaceLabels)
	labels[corev1.LabelMetadataName] = peer.Namespace
	return labels
}

// MayMeet reports whether peers of a policy in a namespace, of which none is all, are
// a pod, or may be: which labels a namespace has isn't known.
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

// isWithin reports whether an address is in a block, and not in what it excepts. The API
// refuses a block that excepts what isn't in it.
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

// parsePrefix reads a CIDR. IPv4 in the form of IPv6 is what it is, as Go's net has it,
// which networks read it with.
func parsePrefix(cidr string) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(cidr)
	if err == nil && p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p, err == nil
}
