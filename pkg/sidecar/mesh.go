package sidecar

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// A Mesh injects its own proxy into pods when they're created, so manifests don't show it.
type Mesh struct {
	Name      string
	Container string // of a proxy that is in the manifest already
	Native    string // the annotation of pods that makes the proxy a native sidecar; "": there's none
	Exclude   string // the annotation of pods with the ports of servers that aren't reached through the proxy
}

// An injection says when a mesh injects its proxy: for a label or an annotation of the pod, or
// else of its namespace.
type injection struct {
	mesh      *Mesh
	pod       []string // labels or annotations of the pod
	namespace []string // and of its namespace
	yes       []string // values that turn it on; none: any but a negative one
}

// The meshes, and what their documents say of pods' annotations (istio.io/latest/docs/reference/config/annotations,
// linkerd.io/2/reference/proxy-configuration, kuma.io/docs/latest/reference/kubernetes-annotations,
// developer.hashicorp.com/consul/docs/reference/k8s/annotation-label).
var (
	istio = Mesh{"Istio", "istio-proxy", "sidecar.istio.io/nativeSidecar",
		"traffic.sidecar.istio.io/excludeOutboundPorts"}
	linkerd = Mesh{"Linkerd", "linkerd-proxy", "config.linkerd.io/proxy-enable-native-sidecar",
		"config.linkerd.io/skip-outbound-ports"}
	kuma   = Mesh{"Kuma", "kuma-sidecar", "", "traffic.kuma.io/exclude-outbound-ports"}
	consul = Mesh{"Consul", "consul-dataplane", "", "consul.hashicorp.com/transparent-proxy-exclude-outbound-ports"}
)

var injections = []injection{
	{&istio, []string{"sidecar.istio.io/inject"}, []string{"istio-injection"}, []string{"true", "enabled"}},
	{&istio, []string{"istio.io/rev"}, []string{"istio.io/rev"}, nil},
	{&linkerd, []string{"linkerd.io/inject"}, []string{"linkerd.io/inject"}, []string{"enabled", "ingress"}},
	{&kuma, []string{"kuma.io/sidecar-injection"}, []string{"kuma.io/sidecar-injection"}, []string{"enabled", "true"}},
	{&consul, []string{"consul.hashicorp.com/connect-inject"}, nil, []string{"true"}},
}

// refusals are labels and annotations of pods that turn a mesh off.
var refusals = map[*Mesh]string{
	&istio: "sidecar.istio.io/inject", &linkerd: "linkerd.io/inject", &kuma: "kuma.io/sidecar-injection",
	&consul: "consul.hashicorp.com/connect-inject",
}

// linkerdNative are earlier names of Linkerd's annotation.
var linkerdNative = []string{
	"config.beta.linkerd.io/proxy-enable-native-sidecar", "config.alpha.linkerd.io/proxy-enable-native-sidecar",
}

// Meshes returns all meshes that are known.
func Meshes() []*Mesh { return []*Mesh{&istio, &linkerd, &kuma, &consul} }

// podMark returns a label or an annotation of the pods.
func (w *Workload) podMark(key string) string {
	return cmp.Or(w.Pod.Labels[key], w.Pod.Annotations[key])
}

// spaceMark returns a label or an annotation of the namespace.
func (w *Workload) spaceMark(key string) string {
	return cmp.Or(w.Namespace.Labels[key], w.Namespace.Annotations[key])
}

// InjectingMesh returns the mesh that injects a proxy into the pods, or nil.
func (w *Workload) InjectingMesh() *Mesh {
	no := []string{"false", "disabled"}
	for _, m := range injections {
		if slices.Contains(no, w.podMark(refusals[m.mesh])) {
			continue
		}
		isOn := func(v string) bool {
			return v != "" && (len(m.yes) == 0 && !slices.Contains(no, v) || slices.Contains(m.yes, v))
		}
		if slices.ContainsFunc(m.pod, func(key string) bool { return isOn(w.podMark(key)) }) ||
			slices.ContainsFunc(m.namespace, func(key string) bool { return isOn(w.spaceMark(key)) }) {
			return m.mesh
		}
	}
	return nil
}

// StartsFirst reports whether the mesh's proxy is known to be a native sidecar, which starts
// before all other init containers of the pod.
func (m *Mesh) StartsFirst(w *Workload) bool {
	keys := []string{m.Native}
	if m == &linkerd { // it reads annotations of the namespace, too
		keys = append(keys, linkerdNative...)
	}
	return m.Native != "" && slices.ContainsFunc(keys, func(key string) bool {
		return w.podMark(key) == "true" || m == &linkerd && w.podMark(key) == "" && w.spaceMark(key) == "true"
	})
}

// Excludes reports whether connections to a port don't go through the mesh's proxy. The
// annotation lists ports and, for some meshes, ranges.
func (m *Mesh) Excludes(w *Workload, port int32) bool {
	for part := range strings.SplitSeq(w.Pod.Annotations[m.Exclude], ",") {
		first, last, _ := strings.Cut(strings.TrimSpace(part), "-")
		if part = strings.TrimSpace(part); part == "*" && m == &istio {
			return true
		}
		from, err := strconv.Atoi(first)
		to, wrong := strconv.Atoi(cmp.Or(last, first))
		if err == nil && wrong == nil && from <= int(port) && int(port) <= to {
			return true
		}
	}
	return false
}
