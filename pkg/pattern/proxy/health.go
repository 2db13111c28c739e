package proxy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// readyPath is the path on which a listener for the kubelet answers for the proxy itself.
const readyPath = "/-/outrigger/ready"

// nginxHealth is a listener for the kubelet, which has no certificate and no password, and
// whose gRPC probes don't use TLS (kubernetes pkg/probe/grpc). It passes on only the
// requests of the pod's own probes, since everybody who reaches the pod reaches this port.
//
// A request is compared as it was sent: the whole request line, and the value of each
// header that the probe sets. Nothing else of it reaches the app, which gets the probe's
// own target.
type nginxHealth struct {
	Port     int32
	Listen   []string
	Sent     string          // the compared parts of a request, as a word
	Requests []healthRequest // of probes, in the order in which they're compared
	Headers  []nginxHeader   // for the app
	Defaults []healthDefault // of headers that only some probes set
}

// healthRequest is a probe's request: a regular expression for the request that is sent,
// and the target that the app gets. Both are words made with quoteWord.
type healthRequest struct{ Sent, Target string }

// healthDefault is a variable of nginx: the value that a probe sets in a header, or else
// the default for the app.
type healthDefault struct{ Variable, Written, Default string }

// healthPort returns the port of a route's listener for the kubelet.
func (p *Base) healthPort(route int) int32 {
	return cmp.Or(p.HealthPort, defaultHealthPort) + int32(route)
}

// healthListener returns the listener of a route.
func (p *Base) healthListener(w *sidecar.Workload, route int, http2Directive bool) *nginxHealth {
	d := p.portRoutes()[route]
	h := &nginxHealth{Port: p.healthPort(route)}
	if d.protocol == sidecar.GRPC {
		options := ""
		if !http2Directive {
			options = " http2"
		}
		h.Listen = p.listenDirectives(p.healthPort(route), options)
		return h
	}
	options := ""
	if p.hasCertificate() {
		options = " ssl"
	}
	h.Listen = p.listenDirectives(p.healthPort(route), options)
	h.passRequests(kubeletRequests(w, d.port, p.healthPort(route)), d.port)
	return h
}

// passRequests makes the listener pass on requests that were sent to a port of the app.
func (h *nginxHealth) passRequests(requests []kubeletRequest, port int32) {
	names := writtenHeaders(requests)
	sent, written := "$request", map[string]string{}
	for i, name := range names {
		sent += `\n$http_` + strings.ReplaceAll(strings.ToLower(name), "-", "_")
		written[name] = fmt.Sprintf("probe_%d_%d", h.Port, i+1)
	}
	h.Sent = `"` + sent + `"`
	for _, r := range requests {
		h.Requests = append(h.Requests, healthRequest{quoteWord(r.requestRegexp(names, written)), quoteWord(r.target)})
	}
	h.Requests = slices.Compact(h.Requests)
	for _, own := range []nginxHeader{{"Host", fmt.Sprintf("$pod_address:%d", port)}, {"User-Agent", "$kubelet_agent"},
		{"Accept", "*/*"}} {
		if of := written[own.Name]; of != "" {
			d := healthDefault{fmt.Sprintf("$probe_%d_%s", h.Port, strings.ReplaceAll(strings.ToLower(own.Name), "-", "_")),
				"$" + of, own.Value}
			h.Defaults = append(h.Defaults, d)
			own.Value = d.Variable
			delete(written, own.Name)
		}
		h.Headers = append(h.Headers, own)
	}
	for _, name := range names {
		if of := written[name]; of != "" {
			h.Headers = append(h.Headers, nginxHeader{name, "$" + of})
		}
	}
}

// needsHealthListener reports whether a route has a listener for the kubelet: one that
// refuses clients without credentials (guarded), or one of gRPC, as its probes can't use
// TLS.
func (p *Base) needsHealthListener(w *sidecar.Workload, d portRoute, guarded bool) bool {
	switch {
	case p.isModeFront():
		return false // the app itself still answers
	case d.protocol == sidecar.HTTP:
		return guarded
	}
	return d.protocol == sidecar.GRPC && grpcProbed(w, d.port, p.healthPort(0), len(p.MorePorts))
}

// takeoversWithHealth returns the takeovers with the ports for the kubelet.
func (p *Base) takeoversWithHealth(w *sidecar.Workload, guarded bool) []sidecar.Takeover {
	all := p.portTakeovers()
	for i, d := range p.portRoutes() {
		switch {
		case !p.needsHealthListener(w, d, guarded):
		case d.protocol == sidecar.GRPC:
			all[i].GRPCHealthPort = p.healthPort(i)
		default:
			all[i].HealthPort = p.healthPort(i)
		}
	}
	return all
}

// addHealthPorts adds the ports for the kubelet to a proxy's container. With one of them,
// the startup probe sends a request to nginx: nginx also starts with unreadable
// certificates, since their path is a variable, and then fails all handshakes.
func (p *Base) addHealthPorts(w *sidecar.Workload, c *corev1.Container, guarded bool) {
	for i, d := range p.portRoutes() {
		if !p.needsHealthListener(w, d, guarded) {
			continue
		}
		c.Ports = append(c.Ports, corev1.ContainerPort{ContainerPort: p.healthPort(i)})
		if d.protocol == sidecar.HTTP {
			get := &corev1.HTTPGetAction{Path: readyPath, Port: intstr.FromInt32(p.healthPort(i))}
			if p.hasCertificate() {
				get.Scheme = corev1.URISchemeHTTPS
			}
			c.StartupProbe.ProbeHandler = corev1.ProbeHandler{HTTPGet: get}
		}
	}
}

// checkHealth finds probes that can't be passed on.
func (p *Base) checkHealth(w *sidecar.Workload, guarded bool, fs *sidecar.Findings) {
	for i, d := range p.portRoutes() {
		if !p.isModeFront() && d.protocol == sidecar.GRPC && len(httpProbes(w, d.port)) > 0 {
			fs.Add(sidecar.Warning, "probe-grpc", d.field+"protocol",
				fmt.Sprintf("an HTTP probe uses port %d, and with protocol grpc it reaches the app as HTTP/2, like all calls",
					d.port),
				"use a grpc probe, or write protocol: http if clients use HTTP too")
		}
		if !p.needsHealthListener(w, d, guarded) || d.protocol != sidecar.HTTP {
			continue
		}
		requests := kubeletRequests(w, d.port, p.healthPort(i))
		for _, target := range probeTargets(requests) {
			if problem := oddTarget(target); problem != "" {
				fs.Add(sidecar.Error, "probe-path", "healthPort", fmt.Sprintf("the path %q of a probe %s", target, problem),
					"use a plain path, such as /healthz")
			}
		}
		if problem := oddHeaders(requests, p.healthPort(i)); problem != "" {
			fs.Add(sidecar.Error, "probe-headers", "healthPort", problem,
				"remove them from the probe's httpHeaders, or use an exec probe")
		}
	}
}

// grpcProbed reports whether the kubelet sends gRPC probes to a port, or to a listener that
// an earlier run has added.
func grpcProbed(w *sidecar.Workload, port, health int32, more int) bool {
	for _, c := range probeHandlers(w) {
		for _, h := range c.probes {
			if h.GRPC != nil && c.container.Name != w.Name &&
				(h.GRPC.Port == port || h.GRPC.Port >= health && h.GRPC.Port <= health+int32(more)) {
				return true
			}
		}
	}
	return false
}

type handled struct {
	container *corev1.Container
	probes    []*corev1.Probe
	hooks     []*corev1.LifecycleHandler
}

// probeHandlers returns the probes and hooks of the pod's containers.
func probeHandlers(w *sidecar.Workload) (out []handled) {
	for c := range w.AllContainers() {
		h := handled{container: c}
		for _, probe := range []*corev1.Probe{c.StartupProbe, c.LivenessProbe, c.ReadinessProbe} {
			if probe != nil {
				h.probes = append(h.probes, probe)
			}
		}
		if l := c.Lifecycle; l != nil {
			for _, hook := range []*corev1.LifecycleHandler{l.PostStart, l.PreStop} {
				if hook != nil {
					h.hooks = append(h.hooks, hook)
				}
			}
		}
		out = append(out, h)
	}
	return out
}
