package rigtest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/netpol"
	"github.com/outrigger-dev/outrigger/pkg/rig"
	"github.com/outrigger-dev/outrigger/pkg/rigtest/netpoloracle"
)

// TestNothingIsOpened is law 13 for mode front. Whatever policies are among the manifests, nobody reaches a port that
// they closed, except the proxy's; and the app's own port is closed.
func TestNothingIsOpened(t *testing.T) {
	const pairs = 300
	ran, narrow := 0, 0
	for seed := range uint64(pairs) {
		switch nothingIsOpened(t, seed) {
		case "narrow":
			narrow++
			fallthrough
		case "wide":
			ran++
		}
	}
	t.Logf("%d of %d ran, %d of them where pods were isolated", ran, pairs, narrow)
	require.Greater(t, ran, pairs/2, "else it shows little")
	require.Greater(t, narrow, pairs/5, "else it shows little")
}

// FuzzNothingIsOpened does the same for seeds that nobody has tried yet.
func FuzzNothingIsOpened(f *testing.F) {
	f.Add(uint64(1))
	f.Add(uint64(108))                 // a peer without a field
	f.Add(uint64(9223372036854775829)) // a range of ports without a first number
	f.Fuzz(func(t *testing.T, seed uint64) { nothingIsOpened(t, seed|1<<63) })
}

// nothingIsOpened checks one pair of manifests and a config. It returns what the policies were, or "" if the run was
// refused.
func nothingIsOpened(t *testing.T, seed uint64) string {
	t.Helper()
	p := policed{rand.New(rand.NewPCG(seed, 13))}
	input, doc := p.manifests()
	conf, fs := config.Read([]byte(doc), "config.yaml")
	require.NoError(t, fs.Err(), "seed %d\n%s", seed, doc)
	run := func(text string) rig.Output {
		return rig.Run([]rig.File{{Name: "input.yaml", Text: text}}, conf, rig.Options{})
	}
	out := run(input)
	if out.Findings.Failed() {
		for _, f := range out.Findings {
			require.True(t, f.Severity != "error" || strings.HasPrefix(f.Code, "network-policy-"), "seed %d: %s", seed, f)
		}
		return ""
	}
	text := out.Files()[0].Text
	require.Equal(t, text, run(text).Files()[0].Text, "seed %d: law 1: twice is once", seed)
	before, after := network(t, input), network(t, text)
	said := func() string { return fmt.Sprintf("seed %d\n%s\n%s\n%s", seed, doc, input, listWarnings(out)) }
	how := "wide"
	for i, pod := range after.pods {
		isolated := netpoloracle.Isolated(before.policies, other(pod.Pod))
		if isolated && pod.front != nil {
			how = "narrow"
		}
		for _, peer := range peers(pod.Namespace) {
			for _, port := range p.dialled() {
				was := netpoloracle.Allowed(before.policies, other(before.pods[i].Pod), otherPeer(peer), port)
				is := netpoloracle.Allowed(after.policies, other(pod.Pod), otherPeer(peer), port)
				tcp := port.Protocol == corev1.ProtocolTCP
				if is && !was && !(tcp && slices.Contains(pod.listen, port.Number)) {
					require.Fail(t, "law 13: nothing is opened", "port %+v of %s is, for %+v\n%s", port, pod.name, peer, said())
				}
				if is && !isolated && tcp && slices.Contains(pod.front, port.Number) {
					require.Fail(t, "past the proxy", "port %+v of %s stays open\n%s", port, pod.name, said())
				}
			}
			if namesClients(before, pod) {
				requireSameClients(t, before, after, pod, peer, said)
			}
		}
	}
	return how
}

// namesClients reports whether a policy says who may connect to a port of the app that is behind a proxy.
func namesClients(n networked, pod rendered) bool {
	coversApp := func(rule networkingv1.NetworkPolicyIngressRule) bool {
		return slices.ContainsFunc(pod.front, func(behind int32) bool {
			return netpol.Covers(rule.Ports, pod.Ports, netpol.Port{Number: behind})
		})
	}
	return slices.ContainsFunc(n.policies, func(n networkingv1.NetworkPolicy) bool {
		return n.Namespace == pod.Namespace && netpol.Isolates(&n.Spec, pod.Labels) == netpol.Yes &&
			slices.ContainsFunc(n.Spec.Ingress, func(r networkingv1.NetworkPolicyIngressRule) bool {
				return namesPeers(r.From) && coversApp(r)
			})
	})
}

// requireSameClients checks that exactly those who could connect to the app's port before can connect to the proxy's.
func requireSameClients(t *testing.T, before, after networked, pod rendered, peer netpol.Peer, said func() string) {
	t.Helper()
	allowed := func(n networked, number int32) bool {
		return netpoloracle.Allowed(n.policies, other(pod.Pod), otherPeer(peer), netpoloracle.Port{Number: number})
	}
	for j, listen := range pod.listen {
		was := allowed(before, pod.front[j]) || allowed(before, listen)
		if is := allowed(after, listen); was != is {
			require.Fail(t, "law 13: who comes in on the app's port does on the proxy's",
				"port %d of %s: before %v, after %v: %+v\n%s", listen, pod.name, was, is, peer, said())
		}
	}
}

// namesPeers reports whether a rule says who may come in. The API server refuses a peer
// without any field, and nobody is one.
func namesPeers(from []networkingv1.NetworkPolicyPeer) bool {
	return len(from) == 0 || slices.ContainsFunc(from, func(p networkingv1.NetworkPolicyPeer) bool {
		return p.PodSelector != nil || p.NamespaceSelector != nil || p.IPBlock != nil
	})
}

// dialled returns ports: those of the apps and of the proxies, and some others.
func (p policed) dialled() (out []netpoloracle.Port) {
	for _, number := range []int32{8080, 8443, 8444, 9090, 9091, p.port(), p.port()} {
		out = append(out, netpoloracle.Port{Protocol: corev1.ProtocolTCP, Number: number})
	}
	for _, protocol := range []corev1.Protocol{corev1.ProtocolUDP, corev1.ProtocolSCTP} {
		out = append(out, netpoloracle.Port{Protocol: protocol, Number: p.port()})
	}
	return out
}

// peers returns clients.
func peers(namespace string) (out []netpol.Peer) {
	p := policed{rand.New(rand.NewPCG(7, 7))}
	for range 8 {
		out = append(out, p.peer())
	}
	return append(out, netpol.Peer{Namespace: namespace}, netpol.Peer{Namespace: "elsewhere"})
}

// An object is a mapping of a manifest.
type object = map[string]any

// manifests returns workloads that share labels, policies around them, and a config that puts proxies in front of some.
func (p policed) manifests() (input, conf string) {
	var docs []string
	names := []string{"web", "db", "shop"}[:1+p.IntN(3)]
	two := p.one(4) // proxies, whose ports would have one name if the app's hadn't
	for _, name := range names {
		labels := with(p.labels(), map[string]string{"app": pick(p, "web", "web", name, name, name)})
		delete(labels, "pod-template-hash")
		selector := labels
		if p.one(2) {
			selector = map[string]string{"app": labels["app"]}
		}
		ports := []object{{"name": "http", "containerPort": 8080}, {"containerPort": 9090}}
		if two || p.one(3) {
			ports = append(ports, object{"name": "https", "containerPort": 1000, "protocol": "UDP"})
		}
		app := object{"name": "app", "image": "app:1", "ports": ports}
		docs = append(docs, asJSON(object{
			"apiVersion": "apps/v1",
			"kind":       "Deployment",
			"metadata":   object{"name": name, "namespace": pick(p, "prod", "prod", "prod", "test")},
			"spec": object{
				"selector": object{"matchLabels": selector},
				"template": object{"metadata": object{"labels": labels}, "spec": object{"containers": []any{app}}},
			},
		}))
	}
	for _, policy := range p.policies(0, 3) {
		docs = append(docs, asJSON(policy))
	}
	p.Shuffle(len(docs), func(i, j int) { docs[i], docs[j] = docs[j], docs[i] })
	proxy := func(name string, port, listen int32) string {
		kind, more := "tlsProxy", ""
		if p.one(2) {
			kind, more = "authProxy", ", basic: {secretName: users}"
		}
		if p.one(4) && port == 8080 {
			more += ", morePorts: [{port: 9090, listenPort: 9091}]"
		}
		if policy := pick(p, "", "", "true", "{isolated: true}", "{isolated: false}"); policy != "" {
			more += ", networkPolicy: " + policy
		}
		return fmt.Sprintf("    - name: %s\n      %s: {mode: front, port: %d, listenPort: %d, secretName: tls%s}\n",
			name, kind, port, listen, more)
	}
	selector := pick(p, "{name: web}", "{name: web}", "{kind: Deployment}")
	conf = newDocument("proxies", selector, "  patterns:\n"+proxy("first", 8080, pick(p, int32(8443), 8444)))
	if two && !strings.Contains(conf, "morePorts") {
		conf += proxy("second", 9090, 9091)
	}
	if p.one(3) {
		conf += "    - name: metrics\n      exporter: {preset: nginx}\n"
	}
	return strings.Join(docs, "---\n"), conf
}

func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text) + "\n"
}

// networked is what a network sees of manifests.
type networked struct {
	policies []networkingv1.NetworkPolicy
	pods     []rendered
}

// rendered is a pod, with what its proxies listen on and the app's ports behind.
type rendered struct {
	netpol.Pod
	name          string
	listen, front []int32
}

func network(t *testing.T, text string) (n networked) {
	t.Helper()
	for _, o := range decodeObjects(t, text) {
		raw, err := json.Marshal(o)
		require.NoError(t, err)
		switch o["kind"] {
		case "NetworkPolicy":
			var policy networkingv1.NetworkPolicy
			require.NoError(t, json.Unmarshal(raw, &policy))
			n.policies = append(n.policies, policy)
		case "Deployment":
			var d struct {
				Metadata struct{ Name, Namespace string }
				Spec     struct{ Template corev1.PodTemplateSpec }
			}
			require.NoError(t, json.Unmarshal(raw, &d))
			labels := with(d.Spec.Template.Labels, map[string]string{"pod-template-hash": "web"})
			pod := rendered{name: d.Metadata.Name, Pod: netpol.Pod{Namespace: d.Metadata.Namespace, Labels: labels}}
			for _, c := range slices.Concat(d.Spec.Template.Spec.Containers, d.Spec.Template.Spec.InitContainers) {
				pod.Ports = append(pod.Ports, c.Ports...)
				if c.Name != "first" && c.Name != "second" {
					continue
				}
				for _, port := range c.Ports {
					behind := int32(8080)
					if port.ContainerPort == 9091 {
						behind = 9090
					}
					pod.listen, pod.front = append(pod.listen, port.ContainerPort), append(pod.front, behind)
				}
			}
			n.pods = append(n.pods, pod)
		}
	}
	return n
}
