package proxy

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A mesh puts proxies of its own into pods, when they're created: manifests don't
// show them. It's asked to by a label or an annotation of the pod, which wins, or of
// the namespace.
type mesh struct {
	name      string
	pod       []string // labels or annotations of the pod
	namespace []string // and of its namespace
	yes       []string // values by which they ask; none: any but a no
	container string   // its proxy's, where it was put in before
}

var meshes = []mesh{
	{"Istio", []string{"sidecar.istio.io/inject"}, []string{"istio-injection"}, []string{"true", "enabled"}, "istio-proxy"},
	{"Istio", []string{"istio.io/rev"}, []string{"istio.io/rev"}, nil, "istio-proxy"},
	{"Linkerd", []string{"linkerd.io/inject"}, []string{"linkerd.io/inject"}, []string{"enabled", "ingress"}, "linkerd-proxy"},
	{"Kuma", []string{"kuma.io/sidecar-injection"}, []string{"kuma.io/sidecar-injection"}, []string{"enabled", "true"}, "kuma-sidecar"},
	{"Consul", []string{"consul.hashicorp.com/connect-inject"}, nil, []string{"true"}, "consul-dataplane"},
}

// refusals are the pods' words by which a mesh leaves them out.
var refusals = map[string][]string{
	"Istio": {"sidecar.istio.io/inject"}, "Linkerd": {"linkerd.io/inject"}, "Kuma": {"kuma.io/sidecar-injection"}, "Consul": {"consul.hashicorp.com/connect-inject"},
}

// meshed is the mesh that puts a proxy into the pods, or "".
func meshed(w *sidecar.Workload) string {
	own := func(key string) string { return cmp.Or(w.Pod.Labels[key], w.Pod.Annotations[key]) }
	no := []string{"false", "disabled"}
	for _, m := range meshes {
		if slices.ContainsFunc(refusals[m.name], func(key string) bool { return slices.Contains(no, own(key)) }) {
			continue
		}
		asks := func(v string) bool {
			return v != "" && (len(m.yes) == 0 && !slices.Contains(no, v) || slices.Contains(m.yes, v))
		}
		if slices.ContainsFunc(m.pod, func(key string) bool { return asks(own(key)) }) ||
			slices.ContainsFunc(m.namespace, func(key string) bool { return asks(cmp.Or(w.Namespace.Labels[key], w.Namespace.Annotations[key])) }) {
			return m.name
		}
	}
	return ""
}

// checkMesh finds pods that have another proxy, or get one.
func (p *Gate) checkMesh(w *sidecar.Workload, fs *sidecar.Findings) {
	if name := meshed(w); name != "" {
		fs.AddUnfit(sidecar.Warning, "service-mesh", "", name+" puts a proxy into these pods too: TLS would be spoken twice", "leave this workload out, or take it out of the mesh")
	}
	if !p.front() || p.Port == 0 {
		return
	}
	for _, m := range meshes {
		if c := w.Container(m.container); c != nil && c.Name != w.Name {
			fs.AddUnfit(sidecar.Error, "service-mesh", "", fmt.Sprintf("container %s is a proxy already", c.Name), "leave this workload out")
			return
		}
	}
}
