package pattern

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// readyPath is where a listener for the kubelet answers for the proxy itself.
const readyPath = "/-/outrigger/ready"

// nginxHealth is a listener for the kubelet: the kubelet has no certificate to
// show and no password, and its gRPC probes don't speak TLS (kubernetes
// pkg/probe/grpc). It passes on what the pod's own probes ask for, and nothing
// else: whoever reaches the pod reaches this port.
type nginxHealth struct {
	Listen []string
	Paths  []healthPath
}

// healthPath is what one probe asks for. Both are words made by quote.
type healthPath struct{ Path, Args string }

// health is the port of a door's listener for the kubelet.
func (p *Gate) health(door int) int32 { return orPort(p.HealthPort, defaultHealthPort) + int32(door) }

// healthOf is the listener of a door.
func (p *Gate) healthOf(w *sidecar.Workload, door int, http2Directive bool) *nginxHealth {
	d := p.doors()[door]
	h := &nginxHealth{}
	if d.protocol == sidecar.GRPC {
		options := ""
		if !http2Directive {
			options = " http2"
		}
		h.Listen = p.listeners(p.health(door), options)
		return h
	}
	options := ""
	if p.tls() {
		options = " ssl"
	}
	h.Listen = p.listeners(p.health(door), options)
	for _, path := range probed(w, d.port, p.health(door)) {
		path, args, _ := strings.Cut(path, "?")
		h.Paths = append(h.Paths, healthPath{quote(path), quote(args)})
	}
	return h
}

// plainPath is a path that nginx passes on as it is, and that means itself only.
var plainPath = expression(`^(/[A-Za-z0-9_.~!&'()*+,;=:@-]*)+(\?[A-Za-z0-9_.~!&'()*+,;=:@/?-]*)?$`)

// heard reports whether a door has a listener for the kubelet: one that refuses
// clients without credentials (guarded), and gRPC's, whose probes can't speak TLS.
func (p *Gate) heard(w *sidecar.Workload, d door, guarded bool) bool {
	switch {
	case p.front():
		return false // the app still answers itself
	case d.protocol == sidecar.HTTP:
		return guarded
	}
	return d.protocol == sidecar.GRPC && grpcProbed(w, d.port, p.health(0), len(p.MorePorts))
}

// heardTakeovers are takeovers that say where the kubelet is answered.
func (p *Gate) heardTakeovers(w *sidecar.Workload, guarded bool) []sidecar.Takeover {
	all := p.takeovers()
	for i, d := range p.doors() {
		switch {
		case !p.heard(w, d, guarded):
		case d.protocol == sidecar.GRPC:
			all[i].GRPCHealthPort = p.health(i)
		default:
			all[i].HealthPort = p.health(i)
		}
	}
	return all
}

// hear gives a proxy's container its listeners for the kubelet. With one of them,
// the startup probe asks nginx itself: it starts with certificates that it can't
// read, since their path is a variable, and shakes no hands then.
func (p *Gate) hear(w *sidecar.Workload, c *corev1.Container, guarded bool) {
	for i, d := range p.doors() {
		if !p.heard(w, d, guarded) {
			continue
		}
		c.Ports = append(c.Ports, corev1.ContainerPort{ContainerPort: p.health(i)})
		if d.protocol == sidecar.HTTP {
			get := &corev1.HTTPGetAction{Path: readyPath, Port: intstr.FromInt32(p.health(i))}
			if p.tls() {
				get.Scheme = corev1.URISchemeHTTPS
			}
			c.StartupProbe.ProbeHandler = corev1.ProbeHandler{HTTPGet: get}
		}
	}
}

// checkHealth finds probes that can't be passed on.
func (p *Gate) checkHealth(w *sidecar.Workload, guarded bool, fs *sidecar.Findings) {
	for i, d := range p.doors() {
		if !p.front() && d.protocol == sidecar.GRPC && len(probed(w, d.port)) > 0 {
			fs.Add(sidecar.Warning, "probe-grpc", d.field+"protocol", fmt.Sprintf("an HTTP probe asks port %d, and with protocol grpc it comes to the app as HTTP/2 like all calls", d.port),
				"probe it by grpc, or write protocol: http if clients speak HTTP too")
		}
		if !p.heard(w, d, guarded) || d.protocol != sidecar.HTTP {
			continue
		}
		for _, path := range probed(w, d.port, p.health(i)) {
			bare, _, _ := strings.Cut(path, "?")
			if !plainPath().MatchString(path) || strings.Contains(bare, "//") || slices.ContainsFunc(strings.Split(bare, "/"), func(s string) bool { return s == "." || s == ".." }) {
				fs.Add(sidecar.Error, "probe-path", "healthPort", fmt.Sprintf("the path %q of a probe can't be told from others safely", path), "probe a plain path, as /healthz")
			}
		}
	}
}

// probed are the paths that the kubelet asks for on a port, in order: those of
// probes and hooks that name the app's port, or, after an earlier run, the
// listener's.
func probed(w *sidecar.Workload, ports ...int32) (paths []string) {
	take := func(c *corev1.Container, get *corev1.HTTPGetAction) {
		if get == nil || c.Name == w.Name || !slices.ContainsFunc(ports, func(p int32) bool { return means(w, c, get.Port, p) }) {
			return
		}
		path := get.Path
		if !strings.HasPrefix(path, "/") {
			path = "/" + path // as the kubelet does
		}
		paths = append(paths, path)
	}
	for _, c := range handlers(w) {
		for _, h := range c.probes {
			take(c.container, h.HTTPGet)
		}
		for _, h := range c.hooks {
			take(c.container, h.HTTPGet)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// grpcProbed reports whether the kubelet probes a port, or a listener that an
// earlier run has led it to, by gRPC.
func grpcProbed(w *sidecar.Workload, port, health int32, more int) bool {
	for _, c := range handlers(w) {
		for _, h := range c.probes {
			if h.GRPC != nil && c.container.Name != w.Name && (h.GRPC.Port == port || h.GRPC.Port >= health && h.GRPC.Port <= health+int32(more)) {
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

// handlers are the probes and hooks of the pod's containers.
func handlers(w *sidecar.Workload) (out []handled) {
	for _, list := range [][]corev1.Container{w.Pod.Spec.InitContainers, w.Pod.Spec.Containers} {
		for i := range list {
			c := &list[i]
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
	}
	return out
}

// means reports whether a probe of c dials a port, by number or by name. The name
// may have moved to the sidecar in an earlier run.
func means(w *sidecar.Workload, c *corev1.Container, port intstr.IntOrString, number int32) bool {
	if port.Type == intstr.Int {
		return port.IntVal == number
	}
	if n, err := strconv.Atoi(port.StrVal); err == nil {
		return int32(n) == number
	}
	for _, p := range c.Ports {
		if p.Name == port.StrVal {
			return p.ContainerPort == number
		}
	}
	return false
}
