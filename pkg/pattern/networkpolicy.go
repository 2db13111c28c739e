package pattern

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// networkPolicy closes the ports that a proxy stands in front of, and leaves all
// others as they were, those that nobody declares too. A policy can only allow, so
// these are ranges (endPort, stable since Kubernetes 1.25). The proxy's own and those
// of other sidecars are listed by themselves, too: a network that knows no ranges
// reads their first port only. All are numbers: many networks don't know the names
// of native sidecars' ports. The kubelet's own probes pass
// (NetworkPolicy API: traffic from the pod's node is allowed by convention).
func (p *Gate) networkPolicy(w *sidecar.Workload) *sidecar.Object {
	if !p.closed() {
		return nil
	}
	rule := networkingv1.NetworkPolicyIngressRule{}
	allow := func(protocol corev1.Protocol, from, to int32) {
		port := networkingv1.NetworkPolicyPort{Protocol: new(protocol)}
		if from != 0 {
			port.Port = new(intstr.FromInt32(from))
		}
		if to > from {
			port.EndPort = new(to)
		}
		if from <= to {
			rule.Ports = append(rule.Ports, port)
		}
	}
	var single []int32
	for _, d := range p.doors() {
		single = append(single, d.listen)
	}
	for _, port := range w.Opened {
		if isTCP(port) {
			single = append(single, port.ContainerPort)
		}
	}
	slices.Sort(single)
	for _, port := range slices.Compact(single) {
		allow(corev1.ProtocolTCP, port, port)
	}
	next := int32(1)
	for _, port := range slices.Sorted(slices.Values(p.Takes())) {
		allow(corev1.ProtocolTCP, next, port-1)
		next = port + 1
	}
	allow(corev1.ProtocolTCP, next, 65535)
	allow(corev1.ProtocolUDP, 0, 0)
	allow(corev1.ProtocolSCTP, 0, 0)
	o := sidecar.NewObject(struct {
		APIVersion string                         `json:"apiVersion"`
		Kind       string                         `json:"kind"`
		Metadata   metadata                       `json:"metadata"`
		Spec       networkingv1.NetworkPolicySpec `json:"spec"`
	}{"networking.k8s.io/v1", "NetworkPolicy", meta(w.ObjectName()), networkingv1.NetworkPolicySpec{
		PodSelector: metav1.LabelSelector{MatchLabels: w.Selector()},
		PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
		Ingress:     []networkingv1.NetworkPolicyIngressRule{rule},
	}})
	return &o
}

// closed reports whether a NetworkPolicy is to close the app's port.
func (p *Gate) closed() bool { return p.front() && (p.NetworkPolicy == nil || *p.NetworkPolicy) }

// checkFront finds ways past the proxy.
func (p *Gate) checkFront(w *sidecar.Workload, fs *sidecar.Findings) {
	if !p.front() {
		return
	}
	if !p.closed() {
		fs.Add(sidecar.Warning, "app-reachable", "networkPolicy", fmt.Sprintf("at the pod's address, port %d still answers without the proxy", p.Port),
			"leave networkPolicy out, or use mode takeover")
	} else if len(w.Selector()) == 0 {
		fs.Add(sidecar.Error, "app-reachable", "mode", "the pods have no labels by which a NetworkPolicy could select them", "give the pod template labels")
	}
	for _, port := range w.App.Ports {
		if port.HostPort != 0 && isTCP(port) && slices.Contains(p.Takes(), port.ContainerPort) {
			fs.AddUnfit(sidecar.Error, "app-reachable", "mode", fmt.Sprintf("port %d of the node leads to port %d of the app, past the proxy", port.HostPort, port.ContainerPort),
				"use mode takeover, where it leads to the proxy; or take hostPort out")
		}
	}
	for _, s := range w.Services {
		if s.Spec.ClusterIP == corev1.ClusterIPNone {
			fs.Add(sidecar.Warning, "service-headless", "mode",
				fmt.Sprintf("clients of the headless Service %s dial the pods themselves, on the port that they know", s.Ref.Name),
				fmt.Sprintf("lead them to port %d, or use mode takeover", p.doors()[0].listen))
		}
	}
}
