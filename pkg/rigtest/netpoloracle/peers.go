package netpoloracle

import (
	"maps"
	"net/netip"

	networkingv1 "k8s.io/api/networking/v1"
)

// matchesPeers says whether the peer is in a rule's from or to. The policy's own namespace is needed for a podSelector.
func matchesPeers(items []networkingv1.NetworkPolicyPeer, policyNamespace string, peer Peer) bool {
	// "If this field is empty or missing, this rule matches all sources (traffic not restricted by source)."
	if len(items) == 0 {
		return true
	}
	// "Items in this list are combined using a logical OR operation." "this rule allows traffic only if the traffic
	// matches at least one item in the from list".
	for _, item := range items {
		if matchesPeer(item, policyNamespace, peer) {
			return true
		}
	}
	return false
}

// matchesPeer says whether the peer is one that the item means.
func matchesPeer(item networkingv1.NetworkPolicyPeer, policyNamespace string, peer Peer) bool {
	if item.IPBlock != nil {
		// "If this field is set then neither of the other fields can be."
		if item.PodSelector != nil || item.NamespaceSelector != nil {
			return false
		}
		return matchesBlock(*item.IPBlock, peer.IP)
	}
	// "Only certain combinations of fields are allowed". None of them isn't one: there is nothing that it could select.
	if item.PodSelector == nil && item.NamespaceSelector == nil {
		return false
	}
	// "podSelector is a label selector which selects pods." "namespaceSelector [...] selects all pods in the namespaces
	// selected". So neither selects a stranger.
	if !peer.IsPod {
		return false
	}
	if item.NamespaceSelector == nil {
		// "Otherwise it selects the pods matching podSelector in the policy's own namespace."
		return namespaceOf(peer.Namespace) == namespaceOf(policyNamespace) &&
			matchesSelector(*item.PodSelector, peer.Labels)
	}
	// "namespaceSelector selects namespaces using cluster-scoped labels."
	if !matchesSelector(*item.NamespaceSelector, namespaceLabels(peer)) {
		return false
	}
	// "Otherwise it selects all pods in the namespaces selected by namespaceSelector."
	if item.PodSelector == nil {
		return true
	}
	// "If namespaceSelector is also set, then the NetworkPolicyPeer as a whole selects the pods matching podSelector in
	// the Namespaces selected by NamespaceSelector."
	return matchesSelector(*item.PodSelector, peer.Labels)
}

// namespaceLabels are the labels of the peer's namespace, with the one that it always has.
func namespaceLabels(peer Peer) map[string]string {
	labels := map[string]string{}
	maps.Copy(labels, peer.NamespaceLabels)
	// "The Kubernetes control plane sets an immutable label kubernetes.io/metadata.name on all namespaces, the value of
	// the label is the namespace name."
	labels["kubernetes.io/metadata.name"] = namespaceOf(peer.Namespace)
	return labels
}

// matchesBlock says whether the address is in the block. That of a pod may be: "These should be cluster-external IPs,
// since Pod IPs are ephemeral and unpredictable", but nothing says that they must.
func matchesBlock(block networkingv1.IPBlock, ip netip.Addr) bool {
	ip = ip.Unmap() // an IPv4 address that is written as an IPv6 one is still that address
	// "cidr is a string representing the IPBlock. Valid examples are "192.168.1.0/24" or "2001:db8::/64"".
	cidr, err := netip.ParsePrefix(block.CIDR)
	if err != nil {
		return false
	}
	in := cidr.Contains(ip)
	for _, e := range block.Except {
		except, err := netip.ParsePrefix(e)
		if err != nil {
			return false
		}
		// "Except values will be rejected if they are outside the cidr range".
		if except.Bits() < cidr.Bits() || !cidr.Contains(except.Addr()) {
			return false
		}
		// "except is a slice of CIDRs that should not be included within an IPBlock".
		if except.Contains(ip) {
			in = false
		}
	}
	return in
}
