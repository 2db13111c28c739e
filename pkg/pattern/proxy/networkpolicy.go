package proxy

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/netpol"
	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A NetworkPolicy is how mode front closes the app's ports. In its place, true and false
// set emit.
type NetworkPolicy struct {
	// Emit a NetworkPolicy. Default: true.
	Emit *bool `json:"emit,omitempty" config:"alone"`
	// Isolated is true if a policy outside the manifests isolates the pods: one of another
	// repository, or in the network's own form, such as Cilium's. Policies add up: with
	// such a policy, the emitted one admits clients on the proxy's ports only, otherwise on
	// all ports except the app's. false means that there is none, in any form; a
	// NetworkPolicy in the manifests counts anyway. Default: unknown, which is reported
	// unless a policy in the manifests isolates the pods.
	Isolated *bool `json:"isolated,omitempty"`
}

// networkPolicy returns the policy that closes the ports behind a proxy. Policies add up,
// and can only allow. So its content depends on the other policies: if nothing isolates the
// pods, all ports are open, and it leaves all of them open except these. If something does,
// it opens only the proxy's ports. The kubelet needs no rule: traffic from the pod's node
// is always allowed (NetworkPolicySpec.Ingress), so probes of closed ports work.
func (p *Base) networkPolicy(w *sidecar.Workload) *sidecar.Object {
	if !p.Closes() {
		return nil
	}
	rules := []networkingv1.NetworkPolicyIngressRule{p.allowOtherPorts(w)}
	if p.findIsolation(w).answer != netpol.No {
		rules = p.allowClients(w)
	}
	o := sidecar.NewObject(struct {
		APIVersion string                         `json:"apiVersion"`
		Kind       string                         `json:"kind"`
		Metadata   pattern.Metadata               `json:"metadata"`
		Spec       networkingv1.NetworkPolicySpec `json:"spec"`
	}{"networking.k8s.io/v1", "NetworkPolicy", pattern.NewMetadata(w.ObjectName()), networkingv1.NetworkPolicySpec{
		PodSelector: metav1.LabelSelector{MatchLabels: w.Selector()},
		PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
		Ingress:     rules,
	}})
	return &o
}

// allowOtherPorts admits everybody on all ports except the app's, including ports that
// nothing declares. These are ranges (endPort, stable since Kubernetes 1.25). The ports of
// the proxy and of other sidecars are listed individually, too: a network without ranges
// reads only the first port of each. All are numbers, as many networks don't resolve port
// names of native sidecars. Ports that others close stay closed.
func (p *Base) allowOtherPorts(w *sidecar.Workload) (rule networkingv1.NetworkPolicyIngressRule) {
	closed := slices.Concat(p.TakenPorts(), w.Shut)
	slices.Sort(closed)
	closed = slices.Compact(closed)
	var single []int32
	for _, d := range p.portRoutes() {
		single = append(single, d.listen)
	}
	for _, port := range w.Opened {
		if sidecar.IsTCP(port.Protocol) && !slices.Contains(closed, port.ContainerPort) {
			single = append(single, port.ContainerPort)
		}
	}
	slices.Sort(single)
	for _, port := range slices.Compact(single) {
		rule.Ports = append(rule.Ports, policyPort(corev1.ProtocolTCP, port, port))
	}
	next := int32(1)
	for _, port := range append(closed, 65536) {
		if next < port {
			rule.Ports = append(rule.Ports, policyPort(corev1.ProtocolTCP, next, port-1))
		}
		next = port + 1
	}
	rule.Ports = append(rule.Ports, policyPort(corev1.ProtocolUDP, 0, 0), policyPort(corev1.ProtocolSCTP, 0, 0))
	return rule
}

// policyPort returns a range of ports. From 0 means all ports.
func policyPort(protocol corev1.Protocol, from, to int32) networkingv1.NetworkPolicyPort {
	port := networkingv1.NetworkPolicyPort{Protocol: new(protocol)}
	if from != 0 {
		port.Port = new(intstr.FromInt32(from))
	}
	if to > from {
		port.EndPort = new(to)
	}
	return port
}

// allowClients admits clients on the proxy's ports only: on each port the clients that the
// manifests' policies admit on the app's port behind it, unless they're admitted already.
// If the policies admit nobody on any of these ports, the manifests don't show the clients,
// and everybody is admitted.
func (p *Base) allowClients(w *sidecar.Workload) (rules []networkingv1.NetworkPolicyIngressRule) {
	allow := func(from []networkingv1.NetworkPolicyPeer, port int32) {
		if len(from) == 0 {
			from = nil
		}
		i := slices.IndexFunc(rules, func(r networkingv1.NetworkPolicyIngressRule) bool {
			return reflect.DeepEqual(r.From, from)
		})
		if i < 0 {
			i = len(rules)
			rules = append(rules, networkingv1.NetworkPolicyIngressRule{From: from})
		}
		one := policyPort(corev1.ProtocolTCP, port, port)
		if !slices.ContainsFunc(rules[i].Ports, func(have networkingv1.NetworkPolicyPort) bool {
			return reflect.DeepEqual(have, one)
		}) {
			rules[i].Ports = append(rules[i].Ports, one)
		}
	}
	known := p.hasKnownClients(w)
	for _, d := range p.portRoutes() {
		sources, _ := p.findPeers(w, d)
		for _, from := range sources {
			allow(from, d.listen)
		}
		if !known {
			allow(nil, d.listen)
		}
	}
	return rules
}

// hasKnownClients reports whether the manifests' policies admit somebody on an app's port
// behind this proxy or another, or on this proxy's port. Then they show who the clients
// are.
func (p *Base) hasKnownClients(w *sidecar.Workload) bool {
	routes := p.portRoutes()
	for _, port := range w.Shut {
		routes = append(routes, portRoute{port: port, listen: port})
	}
	return slices.ContainsFunc(routes, func(d portRoute) bool {
		_, known := p.findPeers(w, d)
		return known
	})
}

// findPeers returns the peers that the manifests' policies admit on a route's app port, but
// not yet on the proxy's. known is true if they admit somebody on one of the two.
func (p *Base) findPeers(w *sidecar.Workload, d portRoute) (out [][]networkingv1.NetworkPolicyPeer, known bool) {
	declared := p.containerPorts(w)
	for _, c := range pattern.RunningContainers(w) {
		declared = append(declared, c.Ports...)
	}
	for i := range w.Policies {
		spec := &w.Policies[i].Spec
		if netpol.Isolates(spec, w.Pod.Labels) == netpol.No {
			continue
		}
		for _, rule := range spec.Ingress {
			behind := netpol.Covers(rule.Ports, declared, netpol.Port{Number: d.port})
			here := netpol.Covers(rule.Ports, declared, netpol.Port{Number: d.listen})
			if behind && !here {
				out = append(out, rule.From)
			}
			known = known || behind || here
		}
	}
	return out, known
}

// A policyIsolation is whether something isolates the pods, and what.
type policyIsolation struct {
	answer   netpol.Answer
	by, hint string // for messages
}

const sayIsolated = "write networkPolicy: {isolated: true} if one does, {isolated: false} if none does"

// findIsolation reads the manifests' policies, and what the user writes about others. A
// policy or workload without a namespace may be in any: it gets its namespace when it's
// applied.
func (p *Base) findIsolation(w *sidecar.Workload) policyIsolation {
	is := policyIsolation{answer: netpol.No}
	add := func(answer netpol.Answer, by, hint string) {
		if answer > is.answer {
			is = policyIsolation{answer, by, hint}
		}
	}
	if w.Isolated || p.SaysIsolated() {
		add(netpol.Yes, "a policy from elsewhere (isolated: true)", "")
	}
	for i := range w.Policies {
		answer := netpol.Isolates(&w.Policies[i].Spec, w.Pod.Labels)
		if w.Policies[i].Ref.Namespace != w.Ref.Namespace {
			answer = min(answer, netpol.Maybe)
		}
		add(answer, w.Policies[i].Ref.String(),
			"write the namespace of both, and make its podSelector match labels of their template")
	}
	for _, other := range w.Unread {
		if p.NetworkPolicy == nil || p.NetworkPolicy.Isolated == nil { // otherwise the user has decided
			add(netpol.Maybe, other.String(), sayIsolated)
		}
	}
	return is
}

// SaysIsolated reports whether the config states that something isolates the pods.
func (p *Base) SaysIsolated() bool {
	return p.NetworkPolicy != nil && p.NetworkPolicy.Isolated != nil && *p.NetworkPolicy.Isolated
}

// Closes reports whether a NetworkPolicy closes the app's port.
func (p *Base) Closes() bool {
	return p.isModeFront() && (p.NetworkPolicy == nil || p.NetworkPolicy.Emit == nil || *p.NetworkPolicy.Emit)
}

// checkModeFront finds ways past the proxy.
func (p *Base) checkModeFront(w *sidecar.Workload, fs *sidecar.Findings) {
	if !p.isModeFront() {
		return
	}
	switch {
	case !p.Closes():
		fs.Add(sidecar.Warning, "app-reachable", "networkPolicy",
			fmt.Sprintf("port %d still accepts connections past the proxy at the pod's address", p.Port),
			"remove networkPolicy, or use mode takeover")
	case len(w.Selector()) == 0:
		fs.AddUnfit(sidecar.Error, "app-reachable", "mode", "the pods have no labels for a NetworkPolicy to select",
			"give the pod template labels")
	default:
		p.checkIsolation(w, fs)
	}
	for _, port := range w.App.Ports {
		if port.HostPort != 0 && sidecar.IsTCP(port.Protocol) && slices.Contains(p.TakenPorts(), port.ContainerPort) {
			fs.AddUnfit(sidecar.Error, "app-reachable", "mode",
				fmt.Sprintf("host port %d reaches port %d of the app, past the proxy", port.HostPort, port.ContainerPort),
				"use mode takeover, which gives the host port to the proxy, or remove hostPort")
		}
	}
	p.checkHeadless(w, fs)
}

// checkHeadless reports headless Services that lead to the app: their clients find the pods'
// addresses by the Service's name, and know the port. Prometheus finds the port, too.
func (p *Base) checkHeadless(w *sidecar.Workload, fs *sidecar.Findings) {
	var services []string
	now := p.portRoutes()[0].listen
	for port, s := range servicePorts(w) {
		target := w.TargetPort(port)
		i := slices.IndexFunc(p.portRoutes(), func(d portRoute) bool { return target == d.port || target == d.listen })
		if i < 0 || s.Spec.ClusterIP != corev1.ClusterIPNone || strings.Contains(port.Name, "metrics") {
			continue
		}
		if services == nil {
			now = p.portRoutes()[i].listen
		}
		if !slices.Contains(services, s.Ref.Name) {
			services = append(services, s.Ref.Name)
		}
	}
	if services != nil {
		fs.Add(sidecar.Warning, "service-headless", "mode",
			fmt.Sprintf("clients of the headless Service %s connect to the pods directly, on the app's port, not on %d",
				strings.Join(services, ", "), now), "point them to the sidecar's port, or use mode takeover")
	}
}

// checkIsolation reports whom the policy admits, and why.
func (p *Base) checkIsolation(w *sidecar.Workload, fs *sidecar.Findings) {
	is := p.findIsolation(w)
	isConfigured := p.NetworkPolicy != nil && p.NetworkPolicy.Isolated != nil
	var routes []int32
	for _, d := range p.portRoutes() {
		routes = append(routes, d.listen)
	}
	switch is.answer {
	case netpol.No:
		if !isConfigured {
			fs.Add(sidecar.Warning, "network-policy-wide", "networkPolicy",
				fmt.Sprintf("no manifest isolates the pods, so the NetworkPolicy leaves all ports open except %s. If a policy "+
					"from another repository isolates the pods, this one opens them again",
					joinPorts(p.TakenPorts())), sayIsolated)
		}
		return
	case netpol.Maybe:
		fs.Add(sidecar.Warning, "network-policy-narrow", "networkPolicy",
			fmt.Sprintf("%s may isolate the pods, so the NetworkPolicy admits clients on the proxy's %s only, and closes all "+
				"other ports if it doesn't", is.by, joinPorts(routes)), is.hint)
	case netpol.Yes:
		fs.Add(sidecar.Info, "network-policy-narrow", "networkPolicy",
			fmt.Sprintf("%s isolates the pods, so the NetworkPolicy admits clients on the proxy's %s only", is.by,
				joinPorts(routes)), "")
	}
	if !isConfigured && !p.hasKnownClients(w) {
		fs.Add(sidecar.Info, "network-policy-door", "networkPolicy",
			fmt.Sprintf("no NetworkPolicy in the manifests limits the clients, so everybody is admitted on %s",
				joinPorts(routes)), "write one that does")
	}
}

// joinPorts lists ports, as in "8080, 9090".
func joinPorts(ports []int32) string {
	sorted := slices.Clone(ports)
	slices.SortFunc(sorted, cmp.Compare)
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(slices.Compact(sorted)), " ", ", "), "[]")
}
