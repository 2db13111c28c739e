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

// A NetworkPolicy says how mode front closes the app's ports. In its place, true and
// false say what emit does.
type NetworkPolicy struct {
	// Emit says whether a NetworkPolicy is emitted. Default: true.
	Emit *bool `json:"emit,omitempty" config:"alone"`
	// Isolated says whether a policy isolates the pods that isn't among the
	// manifests: one of another repository, or in words of the network's own, as
	// Cilium's. Policies add up: where one does, what is emitted lets clients in on
	// the proxy's ports only, and else on all but the app's. false says that none
	// does, in whatever words; a NetworkPolicy of the manifests counts all the same.
	// Default: that nobody knows, which is told, unless one of the manifests
	// isolates the pods.
	Isolated *bool `json:"isolated,omitempty"`
}

// networkPolicy closes the ports that a proxy stands in front of. Policies add up,
// and can only allow. So what it lets in depends on what stands: where nothing
// isolates the pods, all is open, and it leaves all as it was but these ports. Where
// something does, it opens the proxy's ports and nothing else. The kubelet needs no
// rule: traffic from the pod's node is let in always (NetworkPolicySpec.Ingress), by
// which its probes of closed ports pass.
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

// allowOtherPorts lets everybody in on all ports but the app's, those that nobody
// declares too. These are ranges (endPort, stable since Kubernetes 1.25). The proxy's
// own and those of other sidecars are listed by themselves, too: a network that knows
// no ranges reads their first port only. All are numbers: many networks don't know the
// names of native sidecars' ports. What others close stays closed.
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

// policyPort is a range of ports; from 0, all.
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

// allowClients lets clients in on the proxy's ports only: on each those whom policies of
// the manifests let in on the app's port behind it, and nobody whom they let in
// already. Where they let in nobody on any of them, whoever is to come in stands in no
// manifest, and the proxy's ports are for everybody.
func (p *Base) allowClients(w *sidecar.Workload) (rules []networkingv1.NetworkPolicyIngressRule) {
	let := func(from []networkingv1.NetworkPolicyPeer, port int32) {
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
			let(from, d.listen)
		}
		if !known {
			let(nil, d.listen)
		}
	}
	return rules
}

// hasKnownClients reports whether policies that stand let somebody in on one of the app's
// ports behind this proxy or another, or on this one's: then they say who the clients
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

// findPeers are the peers who come in on the app's port of a route by the policies that
// stand, and not on the proxy's yet. They're known where somebody comes in on one of
// the two.
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

// An policyIsolation says how sure it is that something isolates the pods, and what.
type policyIsolation struct {
	answer   netpol.Answer
	by, hint string // for messages
}

const sayIsolated = "write networkPolicy: {isolated: true} if one does, {isolated: false} if none does"

// findIsolation looks at the policies that stand, and at what the user says of others. A
// policy in no namespace, or for a workload in none, comes into whatever namespace
// they're applied to.
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
			"write the namespace of both, and let it select pods by labels of their template")
	}
	for _, other := range w.Unread {
		if p.NetworkPolicy == nil || p.NetworkPolicy.Isolated == nil { // else the user has looked
			add(netpol.Maybe, other.String(), sayIsolated)
		}
	}
	return is
}

// SaysIsolated reports whether the user says that something isolates the pods.
func (p *Base) SaysIsolated() bool {
	return p.NetworkPolicy != nil && p.NetworkPolicy.Isolated != nil && *p.NetworkPolicy.Isolated
}

// Closes reports whether a NetworkPolicy is to close the app's port.
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
		fs.Add(sidecar.Error, "app-reachable", "mode", "the pods have no labels for a NetworkPolicy to select",
			"give the pod template labels")
	default:
		p.checkIsolation(w, fs)
	}
	for _, port := range w.App.Ports {
		if port.HostPort != 0 && sidecar.IsTCP(port.Protocol) && slices.Contains(p.TakenPorts(), port.ContainerPort) {
			fs.AddUnfit(sidecar.Error, "app-reachable", "mode",
				fmt.Sprintf("host port %d leads to port %d of the app, past the proxy", port.HostPort, port.ContainerPort),
				"use mode takeover, where it leads to the proxy, or remove hostPort")
		}
	}
	for _, s := range w.Services {
		if s.Spec.ClusterIP == corev1.ClusterIPNone {
			fs.Add(sidecar.Warning, "service-headless", "mode",
				fmt.Sprintf("clients of the headless Service %s connect to the pods directly, on the port that they know",
					s.Ref.Name),
				fmt.Sprintf("point them to port %d, or use mode takeover", p.portRoutes()[0].listen))
		}
	}
}

// checkIsolation says what the policy lets in, and why.
func (p *Base) checkIsolation(w *sidecar.Workload, fs *sidecar.Findings) {
	is := p.findIsolation(w)
	told := p.NetworkPolicy != nil && p.NetworkPolicy.Isolated != nil
	var routes []int32
	for _, d := range p.portRoutes() {
		routes = append(routes, d.listen)
	}
	switch is.answer {
	case netpol.No:
		if !told {
			fs.Add(sidecar.Warning, "network-policy-wide", "networkPolicy",
				fmt.Sprintf("no manifest isolates the pods, so the NetworkPolicy leaves all ports open except %s; if a policy "+
					"from another repository isolates them, this one opens them again",
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
	if !told && !p.hasKnownClients(w) {
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
