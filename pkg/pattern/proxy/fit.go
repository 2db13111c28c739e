package proxy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// withPorts returns the Base with the ports that the app declares, if none is named. The
// proxy's ports begin with listenPort, or are free ones by default. The protocol is read
// from a port's name in the convention of Kubernetes' Services and Istio
// (<protocol>[-<suffix>]). Ports named for TLS are left out.
func (p *Base) withPorts(w *sidecar.Workload) Base {
	g := *p
	if p.Port != 0 || !p.isModeFront() || w.App == nil {
		return g
	}
	taken := map[int32]bool{}
	for _, c := range pattern.RunningContainers(w) {
		for _, port := range c.Ports {
			taken[port.ContainerPort] = taken[port.ContainerPort] || c.Name != w.Name && sidecar.IsTCP(port.Protocol)
		}
	}
	next := cmp.Or(p.ListenPort, defaultListenPort)
	free := func() { // a configured port stays, even if it conflicts
		for p.ListenPort == 0 && taken[next] {
			next++
		}
	}
	for _, port := range w.App.Ports {
		protocol := protocolOfName(port.Name)
		if !sidecar.IsTCP(port.Protocol) || protocol == "" {
			continue
		}
		free()
		if g.Port == 0 {
			g.Port, g.Protocol, g.ListenPort = port.ContainerPort, protocol, next
		} else {
			g.MorePorts = append(slices.Clip(g.MorePorts),
				MorePort{Port: port.ContainerPort, ListenPort: next, Protocol: protocol})
		}
		next++
	}
	return g
}

// protocolOfName returns the protocol in a port's name, or "" for one with TLS.
func protocolOfName(name string) sidecar.Protocol {
	first, _, _ := strings.Cut(name, "-")
	switch first {
	case "https", "tls", "grpcs":
		return ""
	case "grpc":
		return sidecar.GRPC
	case "tcp", "redis", "mongo", "amqp", "kafka", "memcached", "mqtt":
		return sidecar.TCP
	}
	return sidecar.HTTP
}

// checkFit finds workloads that can't have a proxy.
func (p *Base) checkFit(w *sidecar.Workload, fs *sidecar.Findings) {
	if w.IsJob() && w.Placement == sidecar.Beside {
		fs.AddUnfit(sidecar.Error, "job-never-ends", "",
			"a container beside the app's never ends, so the Job would never complete", "use placement native")
	}
	if p.Port == 0 && p.isModeFront() {
		fs.AddUnfit(sidecar.Error, "port-unknown", "port",
			fmt.Sprintf("container %s declares no TCP port without TLS", w.App.Name),
			"write port, or declare the port in the container")
	}
	p.checkMesh(w, fs)
}

// A mesh injects its own proxies into pods when they're created, so manifests don't show
// them. It does so for a label or an annotation of the pod, or else of the namespace.
type mesh struct {
	name      string
	pod       []string // labels or annotations of the pod
	namespace []string // and of its namespace
	yes       []string // values that turn it on; none: any but a negative one
	container string   // of a proxy that is in the manifest already
}

var meshes = []mesh{
	{"Istio", []string{"sidecar.istio.io/inject"}, []string{"istio-injection"}, []string{"true", "enabled"},
		"istio-proxy"},
	{"Istio", []string{"istio.io/rev"}, []string{"istio.io/rev"}, nil, "istio-proxy"},
	{"Linkerd", []string{"linkerd.io/inject"}, []string{"linkerd.io/inject"}, []string{"enabled", "ingress"},
		"linkerd-proxy"},
	{"Kuma", []string{"kuma.io/sidecar-injection"}, []string{"kuma.io/sidecar-injection"}, []string{"enabled", "true"},
		"kuma-sidecar"},
	{"Consul", []string{"consul.hashicorp.com/connect-inject"}, nil, []string{"true"}, "consul-dataplane"},
}

// refusals are labels and annotations of pods that turn a mesh off.
var refusals = map[string][]string{
	"Istio": {"sidecar.istio.io/inject"}, "Linkerd": {"linkerd.io/inject"}, "Kuma": {"kuma.io/sidecar-injection"},
	"Consul": {"consul.hashicorp.com/connect-inject"},
}

// meshOf returns the mesh that injects a proxy into the pods, or "".
func meshOf(w *sidecar.Workload) string {
	own := func(key string) string { return cmp.Or(w.Pod.Labels[key], w.Pod.Annotations[key]) }
	no := []string{"false", "disabled"}
	for _, m := range meshes {
		if slices.ContainsFunc(refusals[m.name], func(key string) bool { return slices.Contains(no, own(key)) }) {
			continue
		}
		isOn := func(v string) bool {
			return v != "" && (len(m.yes) == 0 && !slices.Contains(no, v) || slices.Contains(m.yes, v))
		}
		if slices.ContainsFunc(m.pod, func(key string) bool { return isOn(own(key)) }) ||
			slices.ContainsFunc(m.namespace, func(key string) bool {
				return isOn(cmp.Or(w.Namespace.Labels[key], w.Namespace.Annotations[key]))
			}) {
			return m.name
		}
	}
	return ""
}

// checkMesh finds pods that have another proxy, or get one.
func (p *Base) checkMesh(w *sidecar.Workload, fs *sidecar.Findings) {
	if name := meshOf(w); name != "" {
		fs.AddUnfit(sidecar.Warning, "service-mesh", "",
			name+" injects a proxy into these pods too, so TLS would be applied twice",
			"exclude this workload, or remove it from the mesh")
	}
	if !p.isModeFront() || p.Port == 0 {
		return
	}
	for _, m := range meshes {
		if c := w.Container(m.container); c != nil && c.Name != w.Name {
			fs.AddUnfit(sidecar.Error, "service-mesh", "", fmt.Sprintf("container %s is already a proxy", c.Name),
				"exclude this workload")
			return
		}
	}
}
