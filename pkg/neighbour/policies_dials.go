package neighbour

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/netpol"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// An ownDial is a server to which a sidecar connects.
type ownDial struct {
	sidecar.Dial
	sidecar string
	waits   bool // the app's containers don't start before it has answered
}

// An ownPort is a port of the pod on which a sidecar is scraped.
type ownPort struct {
	number  int32
	sidecar string
}

// recordConnections records to what sidecars connect, and on which ports they are scraped.
func (f *Footprint) recordConnections(w *sidecar.Workload, a *sidecar.Answer) {
	early := len(a.Change.InitContainers) > 0 || a.Placement == sidecar.Native
	for _, d := range a.Change.Dials {
		f.dials = append(f.dials, ownDial{d, a.Name, d.AtStart && early})
	}
	for _, port := range a.Change.Scraped {
		f.scraped = append(f.scraped, ownPort{port, a.Name})
	}
}

// checkConnections finds NetworkPolicies that keep sidecars from the servers that they need, or Prometheus from the
// sidecars. It only reports them, with the rule to add.
func checkConnections(s *scene, r *Result) {
	var c connections
	for _, f := range s.footprints {
		if f.onNode || len(f.scraped)+len(f.dials) == 0 {
			continue // network plugins don't treat pods on the node's network as pods
		}
		if c.index == nil {
			c = connections{scene: s, index: map[string]*policyIndex{}}
		}
		c.checkDials(f, r)
		c.checkScraped(f, r)
	}
}

// connections are what is known of a cluster's network.
type connections struct {
	*scene
	index map[string]*policyIndex // of all policies, by namespace
	pods  map[string][]netpol.Pod // of all workloads, by namespace
}

// policiesOf returns an index of all policies of a namespace.
func (c *connections) policiesOf(namespace string) *policyIndex {
	if x := c.index[namespace]; x != nil {
		return x
	}
	x := &policyIndex{}
	for _, o := range c.Objects(networkPolicyKind, namespace, nil) {
		x.addPolicy(networkPolicy{o.Ref, o.Spec.(*networkPolicySpec), nil})
	}
	for _, f := range c.footprints {
		if f.Ref.Namespace == namespace {
			for _, p := range f.policies {
				x.addPolicy(p)
			}
		}
	}
	c.index[namespace] = x
	return x
}

// isolating returns the policies that select the pods, or may, if one of them surely does.
func (f *Footprint) isolating(x *policyIndex, isolates isolation) []networkPolicy {
	all := x.policiesSelecting(f.Labels, isolates)
	if !slices.ContainsFunc(all, func(p networkPolicy) bool { return isolates(p.spec, f.Labels) == netpol.Yes }) {
		return nil
	}
	return all
}

// checkDials finds servers to which no policy lets the sidecars of a workload out. Names are looked up first, so they
// need DNS.
func (c *connections) checkDials(f *Footprint, r *Result) {
	if len(f.dials) == 0 {
		return
	}
	policies := f.isolating(c.policiesOf(f.Ref.Namespace), netpol.IsolatesEgress)
	if policies == nil {
		return
	}
	reaches := func(t *netpol.Target) bool {
		return slices.ContainsFunc(policies, func(p networkPolicy) bool {
			return netpol.MayReach(p.spec.Egress, f.Ref.Namespace, t)
		})
	}
	for _, group := range byDocument(c, f, f.dials, func(d ownDial) string { return d.sidecar }) {
		var servers []string
		var rules ruleList
		named, waits, namedWaits, owner := false, false, false, ""
		for _, d := range group {
			target, peer := c.resolve(f, &d.Dial)
			_, isAddress := d.Address()
			named, namedWaits = named || !isAddress, namedWaits || !isAddress && d.waits
			if reaches(target) {
				continue
			}
			servers = append(servers, fmt.Sprintf("%s (%s)", d.Dial, d.sidecar))
			waits, owner = waits || d.waits, cmp.Or(owner, d.sidecar)
			rules.addPort(peer, target.Ports[0])
		}
		if named && !reaches(dnsTarget(corev1.ProtocolUDP)) {
			servers, waits = append(servers, "DNS"), waits || namedWaits
			rules.addPort(nil, netpol.Port{Protocol: corev1.ProtocolUDP, Number: 53})
			rules.addPort(nil, netpol.Port{Number: 53})
		}
		if servers == nil {
			continue
		}
		message := fmt.Sprintf("keeps the sidecars of %s from %s", f.Ref, strings.Join(slices.Compact(servers), ", "))
		r.addFindings(sidecar.Finding{Severity: sidecar.Warning, Code: "network-policy-dial", Object: policies[0].ref,
			Sidecar: cmp.Or(owner, group[0].sidecar), Field: "spec.egress",
			Message: message + choose(waits, ", so its pods don't start", ""), Hint: "add " + rules.String()})
	}
}

// dnsTarget is a DNS server, wherever it is.
func dnsTarget(protocol corev1.Protocol) *netpol.Target {
	return &netpol.Target{Ports: []netpol.Port{{Protocol: protocol, Number: 53}}}
}

// checkScraped finds ports of sidecars on which no policy lets anybody in.
func (c *connections) checkScraped(f *Footprint, r *Result) {
	if len(f.scraped) == 0 {
		return
	}
	policies := f.isolating(c.policiesOf(f.Ref.Namespace), netpol.Isolates)
	for _, group := range byDocument(c, f, f.scraped, func(p ownPort) string { return p.sidecar }) {
		var closed []int32
		var rules ruleList
		for _, port := range group {
			open := slices.ContainsFunc(policies, func(p networkPolicy) bool {
				return letsIn(p.spec, f.ports, port.number)
			})
			if !open && policies != nil && !slices.Contains(closed, port.number) {
				closed = append(closed, port.number)
				rules.addPort(nil, netpol.Port{Number: port.number})
			}
		}
		if closed == nil {
			continue
		}
		slices.Sort(closed)
		written := max(slices.IndexFunc(policies, func(p networkPolicy) bool { return p.emitter == nil }), 0)
		r.addFindings(sidecar.Finding{Severity: sidecar.Warning, Code: "network-policy-scrape",
			Object: policies[written].ref, Sidecar: group[0].sidecar, Field: "spec.ingress",
			Message: fmt.Sprintf("lets nobody in on %s of %s, where Prometheus scrapes metrics", listPorts(closed), f.Ref),
			Hint: choose(policies[written].emitter == nil, "add ", "write a NetworkPolicy with ") + rules.String() +
				", and from with Prometheus"})
	}
}

// byDocument groups what a workload's sidecars need by their documents: a run of one document mustn't tell of others.
func byDocument[T any](c *connections, f *Footprint, all []T, sidecarOf func(T) string) (groups [][]T) {
	at := map[string]int{}
	for _, one := range all {
		document := c.Document(f.Ref, sidecarOf(one))
		if _, known := at[document]; !known {
			at[document] = len(groups)
			groups = append(groups, nil)
		}
		groups[at[document]] = append(groups[at[document]], one)
	}
	return groups
}

// resolve returns what a server is, as far as the manifests tell, and how a rule may name it.
func (c *connections) resolve(f *Footprint, d *sidecar.Dial) (*netpol.Target, *networkingv1.NetworkPolicyPeer) {
	t := &netpol.Target{Ports: []netpol.Port{{Protocol: d.Protocol, Number: d.Port}}}
	if ip, isAddress := d.Address(); isAddress {
		t.Place, t.IP = netpol.Outside, ip
		return t, &networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{
			CIDR: fmt.Sprintf("%s/%d", ip, ip.BitLen())}}
	}
	name, namespace, inCluster := splitHost(d.Host, f.Ref.Namespace)
	spec := c.findService(namespace, name)
	switch {
	case d.Host == "", spec == nil && name != "" && !inCluster: // a Service that isn't in the manifests, or a host
		return t, nil
	case spec == nil && !inCluster, spec != nil && spec.Type == corev1.ServiceTypeExternalName:
		t.Place = netpol.Outside
		return t, nil
	}
	t.Place, t.Namespace = netpol.Inside, namespace
	peer := &networkingv1.NetworkPolicyPeer{}
	if spec != nil && len(spec.Selector) > 0 {
		peer.PodSelector = &metav1.LabelSelector{MatchLabels: spec.Selector}
		c.resolveService(t, spec, d)
	}
	switch {
	case t.Namespace != f.Ref.Namespace:
		peer.NamespaceSelector = &metav1.LabelSelector{
			MatchLabels: map[string]string{corev1.LabelMetadataName: t.Namespace}}
	case peer.PodSelector == nil:
		peer.PodSelector = &metav1.LabelSelector{}
	}
	return t, peer
}

// splitHost splits the name of a Service. inCluster is false for a name that may as well be one outside.
func splitHost(host, own string) (name, namespace string, inCluster bool) {
	parts := strings.Split(strings.TrimSuffix(strings.ToLower(host), "."), ".")
	switch {
	case len(parts) == 1:
		return parts[0], own, true
	case len(parts) > 2 && parts[2] != "svc":
		return "", "", false
	}
	return parts[0], parts[1], len(parts) > 2
}

// findService returns a Service of the manifests, or nil.
func (c *connections) findService(namespace, name string) *corev1.ServiceSpec {
	if name == "" {
		return nil
	}
	for _, o := range c.Objects(serviceKind, namespace, func(word string) bool { return word == name }) {
		if o.Ref.Name == name {
			return o.Spec.(*corev1.ServiceSpec)
		}
	}
	return nil
}

// resolveService finds the pods behind a Service, and the port of theirs to which its port leads: policies look at
// that.
func (c *connections) resolveService(t *netpol.Target, spec *corev1.ServiceSpec, d *sidecar.Dial) {
	for _, pod := range c.podsOf(t.Namespace) {
		if sidecar.LabelsMatch(spec.Selector, pod.Labels) {
			t.Pods = append(t.Pods, pod)
		}
	}
	at := slices.IndexFunc(spec.Ports, func(p corev1.ServicePort) bool {
		return p.Port == d.Port && sidecar.ProtocolOf(p.Protocol) == sidecar.ProtocolOf(d.Protocol)
	})
	if at < 0 || spec.ClusterIP == corev1.ClusterIPNone {
		return
	}
	target := spec.Ports[at].TargetPort
	if target.Type == intstr.Int {
		t.Ports[0].Number = cmp.Or(target.IntVal, d.Port)
		return
	}
	var ports []netpol.Port
	for _, pod := range t.Pods {
		for _, p := range pod.Ports {
			if p.Name == target.StrVal {
				ports = append(ports, netpol.Port{Protocol: d.Protocol, Number: p.ContainerPort})
			}
		}
	}
	if t.Ports[0].Number = 0; ports != nil {
		t.Ports = ports
	}
}

// podsOf returns the pods of all workloads of a namespace, with those that got sidecars.
func (c *connections) podsOf(namespace string) []netpol.Pod {
	if all, known := c.pods[namespace]; known {
		return all
	}
	var all []netpol.Pod
	c.Pods(namespace, func(string) bool { return true }, func(ref sidecar.Ref, pod *corev1.PodTemplateSpec) {
		all = append(all, netpol.Pod{Namespace: namespace, Labels: pod.Labels,
			Ports: declaredPorts(pod.Spec.Containers, pod.Spec.InitContainers)})
	})
	for _, f := range c.footprints {
		if f.Ref.Namespace == namespace {
			all = append(all, netpol.Pod{Namespace: namespace, Labels: f.Labels, Ports: f.ports})
		}
	}
	if c.pods == nil {
		c.pods = map[string][]netpol.Pod{}
	}
	c.pods[namespace] = all
	return all
}

// A ruleList is the rules to add to a policy, with the ports for each peer.
type ruleList struct {
	peers []string // as JSON; "" is any
	ports map[string][]netpol.Port
}

func (l *ruleList) addPort(peer *networkingv1.NetworkPolicyPeer, port netpol.Port) {
	key := ""
	if peer != nil {
		key = describePeer(peer)
	}
	if l.ports == nil {
		l.ports = map[string][]netpol.Port{}
	}
	if l.ports[key] == nil {
		l.peers = append(l.peers, key)
	}
	if !slices.Contains(l.ports[key], port) {
		l.ports[key] = append(l.ports[key], port)
	}
}

// String writes the rules as YAML on one line.
func (l *ruleList) String() string {
	var rules []string
	for _, peer := range l.peers {
		var fields, ports []string
		if peer != "" {
			fields = append(fields, "to: ["+peer+"]")
		}
		for _, p := range l.ports[peer] {
			switch protocol := sidecar.ProtocolOf(p.Protocol); {
			case p.Number == 0:
				ports = append(ports, "{port: ...}")
			case protocol == corev1.ProtocolTCP:
				ports = append(ports, fmt.Sprintf("{port: %d}", p.Number))
			default:
				ports = append(ports, fmt.Sprintf("{protocol: %s, port: %d}", protocol, p.Number))
			}
		}
		if ports != nil {
			fields = append(fields, "ports: ["+strings.Join(ports, ", ")+"]")
		}
		rules = append(rules, "{"+strings.Join(fields, ", ")+"}")
	}
	return strings.Join(rules, ", ")
}

// describePeer writes a peer as YAML on one line.
func describePeer(p *networkingv1.NetworkPolicyPeer) string {
	if p.IPBlock != nil {
		return "{ipBlock: {cidr: " + quoteWord(p.IPBlock.CIDR) + "}}"
	}
	var fields []string
	for _, s := range []struct {
		name     string
		selector *metav1.LabelSelector
	}{{"namespaceSelector", p.NamespaceSelector}, {"podSelector", p.PodSelector}} {
		if s.selector == nil {
			continue
		}
		var labels []string
		for _, key := range slices.Sorted(maps.Keys(s.selector.MatchLabels)) {
			labels = append(labels, key+": "+quoteWord(s.selector.MatchLabels[key]))
		}
		text := "{}"
		if labels != nil {
			text = "{matchLabels: {" + strings.Join(labels, ", ") + "}}"
		}
		fields = append(fields, s.name+": "+text)
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

// quoteWord quotes the value of a label, or an address, that YAML might read as something else.
func quoteWord(value string) string {
	words := []string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
	isAddress := strings.Contains(value, "/") && !strings.Contains(value, ":")
	if isAddress || value != "" && isLetter(value[0]) && !slices.Contains(words, strings.ToLower(value)) {
		return value
	}
	return `"` + value + `"`
}
