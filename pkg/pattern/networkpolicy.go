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

// networkPolicy lets the pod's clients in on all ports that its containers declare,
// those of other sidecars too, but for those that a proxy stands in front of. Ports are numbers: many networks
// don't know the names of native sidecars' ports. The kubelet's own probes pass
// (NetworkPolicy API: traffic from the pod's node is allowed by convention).
func (p *Gate) networkPolicy(w *sidecar.Workload) *sidecar.Object {
	if !p.closed() {
		return nil
	}
	protocols := map[string]corev1.Protocol{}
	var keys []string
	allow := func(port int32, protocol corev1.Protocol) {
		protocol = corev1.Protocol(or(string(protocol), string(corev1.ProtocolTCP)))
		key := fmt.Sprintf("%05d/%s", port, protocol)
		if protocols[key] == "" {
			keys = append(keys, key)
		}
		protocols[key] = protocol
	}
	behind := p.Takes()
	for _, c := range running(w) {
		for _, port := range c.Ports {
			if !isTCP(port) || !slices.Contains(behind, port.ContainerPort) {
				allow(port.ContainerPort, port.Protocol)
			}
		}
	}
	for _, port := range w.Opened {
		allow(port.ContainerPort, port.Protocol)
	}
	for _, d := range p.doors() {
		allow(d.listen, corev1.ProtocolTCP)
	}
	slices.Sort(keys)
	rule := networkingv1.NetworkPolicyIngressRule{}
	for _, key := range keys {
		var port int32
		if _, err := fmt.Sscanf(key, "%05d/", &port); err != nil {
			panic(fmt.Sprintf("networkPolicy: %v", err)) // it's of our own making
		}
		rule.Ports = append(rule.Ports, networkingv1.NetworkPolicyPort{Protocol: new(protocols[key]), Port: new(intstr.FromInt32(port))})
	}
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
	for _, s := range w.Services {
		if s.Spec.ClusterIP == corev1.ClusterIPNone {
			fs.Add(sidecar.Warning, "service-headless", "mode",
				fmt.Sprintf("clients of the headless Service %s dial the pods themselves, on the port that they know", s.Ref.Name),
				fmt.Sprintf("lead them to port %d, or use mode takeover", p.doors()[0].listen))
		}
	}
}
