package netpol

import (
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A Target is what a pod connects to, as far as it's known.
type Target struct {
	Place     Place
	Namespace string     // of pods; "" if it isn't known
	Pods      []Pod      // those of them that are known
	IP        netip.Addr // of a host outside; may be missing
	Ports     []Port     // one of them is used; a number 0 may be any
}

// A Place is where a target is.
type Place int

const (
	Anywhere Place = iota
	Inside         // it's pods of the cluster
	Outside        // it's a host
)

// MayReach reports whether rules of a policy in a namespace may let its pods out to a target. Where something isn't
// known, such as the labels of namespaces or the address of a host, the answer is yes.
func MayReach(rules []networkingv1.NetworkPolicyEgressRule, namespace string, target *Target) bool {
	return slices.ContainsFunc(rules, func(rule networkingv1.NetworkPolicyEgressRule) bool {
		return len(rule.To) == 0 && target.usesPort(rule.Ports) ||
			slices.ContainsFunc(rule.To, func(peer networkingv1.NetworkPolicyPeer) bool {
				return target.mayBe(&peer, namespace) && (target.usesPort(rule.Ports) || target.isNamed(&peer))
			})
	})
}

// usesPort reports whether a rule's ports cover one that the target may use.
func (t *Target) usesPort(ports []networkingv1.NetworkPolicyPort) bool {
	var declared []corev1.ContainerPort
	for _, pod := range t.Pods {
		declared = append(declared, pod.Ports...)
	}
	return len(ports) == 0 || slices.ContainsFunc(t.Ports, func(port Port) bool {
		return slices.ContainsFunc(ports, func(p networkingv1.NetworkPolicyPort) bool {
			if port.Number == 0 {
				return protocolOf(&p) == orTCP(port.Protocol) && !isDNS(&p)
			}
			return coversPort(&p, declared, port)
		})
	})
}

// isDNS reports whether a port of a rule is there for DNS alone.
func isDNS(p *networkingv1.NetworkPolicyPort) bool {
	return p.Port != nil && p.EndPort == nil && p.Port.IntVal == 53
}

// mayBe reports whether a peer of a policy in a namespace may be the target.
func (t *Target) mayBe(peer *networkingv1.NetworkPolicyPeer, namespace string) bool {
	switch {
	case peer.IPBlock != nil:
		return !t.IP.IsValid() || isWithin(peer.IPBlock, t.IP)
	case t.Place == Outside:
		return t.IP.IsPrivate() // it may be that of a pod
	case t.Place == Anywhere:
		return true
	case !t.mayBeIn(peer.NamespaceSelector, namespace):
		return false
	case peer.PodSelector == nil || t.Pods == nil:
		return true
	}
	return slices.ContainsFunc(t.Pods, func(pod Pod) bool {
		return Selects(peer.PodSelector, pod.Labels, IsWrittenLater) != No
	})
}

// mayBeIn reports whether the target's namespace may be one that a peer selects; without a selector, that is the
// policy's own.
func (t *Target) mayBeIn(selector *metav1.LabelSelector, own string) bool {
	if selector == nil {
		return t.Namespace == own || t.Namespace == "" || own == ""
	}
	name := map[string]string{corev1.LabelMetadataName: t.Namespace}
	isUnknown := func(label string) bool { return t.Namespace == "" || label != corev1.LabelMetadataName }
	return Selects(selector, name, isUnknown) != No
}

// isNamed reports whether a peer names the namespace of pods that aren't known. Their ports aren't known then, either:
// a Service may have others.
func (t *Target) isNamed(peer *networkingv1.NetworkPolicyPeer) bool {
	return t.Namespace != "" && t.Pods == nil && peer.NamespaceSelector != nil &&
		peer.NamespaceSelector.MatchLabels[corev1.LabelMetadataName] == t.Namespace
}

// IsolatesEgress reports whether a policy keeps the pods of a template from all connections that no rule allows.
func IsolatesEgress(spec *networkingv1.NetworkPolicySpec, labels map[string]string) Answer {
	if !IsEgress(spec) {
		return No
	}
	return Selects(&spec.PodSelector, labels, IsWrittenLater)
}
