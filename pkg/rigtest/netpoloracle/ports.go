package netpoloracle

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// matchesPorts says whether the port is in a rule's ports. The ports of the pod that the connection goes to say what a
// name means.
func matchesPorts(items []networkingv1.NetworkPolicyPort, named []corev1.ContainerPort, port Port) bool {
	// "If this field is empty or missing, this rule matches all ports (traffic not restricted by port)."
	if len(items) == 0 {
		return true
	}
	// "Each item in this list is combined using a logical OR." "this rule allows traffic only if the traffic matches at
	// least one port in the list".
	for _, item := range items {
		if matchesPort(item, named, port) {
			return true
		}
	}
	return false
}

// matchesPort says whether the port is one that the item means.
func matchesPort(item networkingv1.NetworkPolicyPort, named []corev1.ContainerPort, port Port) bool {
	// "protocol represents the protocol (TCP, UDP, or SCTP) which traffic must match. If not specified, this field
	// defaults to TCP." One that is specified as "" is none of the three.
	protocol := corev1.ProtocolTCP
	if item.Protocol != nil {
		protocol = *item.Protocol
	}
	switch protocol {
	case corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP:
	default:
		return false
	}
	if protocol != protocolOf(port.Protocol) {
		return false
	}
	if item.Port == nil {
		// endPort "cannot be defined if the port field is not defined".
		if item.EndPort != nil {
			return false
		}
		// "If this field is not provided, this matches all port names and numbers."
		return true
	}
	// "If present, only traffic on the specified protocol AND port will be matched." "This can either be a numerical or
	// named port on a pod."
	switch item.Port.Type {
	case intstr.Int:
		return matchesNumbers(item.Port.IntVal, item.EndPort, port.Number)
	case intstr.String:
		// endPort cannot be defined "if the port field is defined as a named (string) port".
		return item.EndPort == nil && matchesName(item.Port.StrVal, protocol, named, port.Number)
	default:
		return false
	}
}

// matchesNumbers says whether the number is the first one or, with an end, in between.
func matchesNumbers(first int32, end *int32, number int32) bool {
	last := first
	if end != nil {
		last = *end
	}
	// "The endPort must be equal or greater than port."
	if last < first {
		return false
	}
	// Of container ports: "This must be a valid port number, 0 < x < 65536." There are no others.
	if first < 1 || last > 65535 {
		return false
	}
	// "endPort indicates that the range of ports from port to endPort if set, inclusive, should be allowed".
	return first <= number && number <= last
}

// matchesName says whether one of the pod's ports has that name, protocol and number. Two containers may have a port of
// one name: each of them counts.
func matchesName(name string, protocol corev1.Protocol, ports []corev1.ContainerPort, number int32) bool {
	// A container port's name is optional. A port without one isn't called "".
	if name == "" {
		return false
	}
	for _, p := range ports {
		if p.Name == name && protocolOf(p.Protocol) == protocol && p.ContainerPort == number {
			return true
		}
	}
	return false
}

// protocolOf gives an unnamed protocol its name. Of container ports: "Protocol for port. Must be UDP, TCP, or SCTP.
// Defaults to "TCP"."
func protocolOf(p corev1.Protocol) corev1.Protocol {
	if p == "" {
		return corev1.ProtocolTCP
	}
	return p
}
