package proxy

import (
	"cmp"
	"fmt"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// readyPath is where a listener for the kubelet answers for the proxy itself.
const readyPath = "/-/outrigger/ready"

// nginxHealth is a listener for the kubelet: the kubelet has no certificate to
// show and no password, and its gRPC probes don't speak TLS (kubernetes
// pkg/probe/grpc). It passes on what the pod's own probes ask for, and nothing
// else: whoever reaches the pod reaches this port.
//
// What a client sent is compared as it was sent, the whole request line, and never
// passed on: the app gets the probe's own target, and of the client's headers those
// that the probes write.
type nginxHealth struct {
	Port    int32
	Listen  []string
	Targets []healthTarget // one for each request line
	Headers []nginxHeader  // those that probes write themselves
}

// healthTarget is the request line of a probe, as a regular expression, and the
// target that the app gets. Both are words made by quote.
type healthTarget struct{ Line, Target string }

// healthLine compares a request line: no other spelling of the target is the same
// text, an absolute one neither. The kubelet's own client speaks HTTP/1.1.
func healthLine(target string) healthTarget {
	return healthTarget{quote("~^(?:GET|HEAD) " + regexp.QuoteMeta(target) + ` HTTP/1\.1\z`), quote(target)}
}

// health is the port of a door's listener for the kubelet.
func (p *Gate) health(door int) int32 { return cmp.Or(p.HealthPort, defaultHealthPort) + int32(door) }

// healthOf is the listener of a door.
func (p *Gate) healthOf(w *sidecar.Workload, door int, http2Directive bool) *nginxHealth {
	d := p.doors()[door]
	h := &nginxHealth{Port: p.health(door)}
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
	for _, target := range probed(w, d.port, p.health(door)) {
		h.Targets = append(h.Targets, healthLine(target))
	}
	for _, name := range probeHeaders(w, d.port, p.health(door)) {
		h.Headers = append(h.Headers, nginxHeader{name, "$http_" + strings.ReplaceAll(strings.ToLower(name), "-", "_")})
	}
	return h
}

// plainTarget is a target that nginx takes, and that its configuration can hold: a $
// would begin a variable there.
var plainTarget = pattern.LazyRegexp(`^/([A-Za-z0-9_.~!&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*(\?([A-Za-z0-9_.~!&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?$`)

// longestTarget keeps a word of nginx.conf, where each byte may be escaped, below
// the 4096 bytes that nginx reads (NGX_CONF_BUFFER).
const longestTarget = 1000

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
		for _, target := range probed(w, d.port, p.health(i)) {
			if problem := oddTarget(target); problem != "" {
				fs.Add(sidecar.Error, "probe-path", "healthPort", fmt.Sprintf("the path %q of a probe %s", target, problem), "probe a plain path, as /healthz")
			}
		}
	}
}

// oddTarget says what is wrong with a probe's target, if anything is.
func oddTarget(target string) string {
	path, _, _ := strings.Cut(target, "?")
	odd := func(segment string) bool { return segment == "." || segment == ".." }
	switch {
	case len(target) > longestTarget:
		return fmt.Sprintf("has %d bytes; nginx.conf can hold %d", len(target), longestTarget)
	case !plainTarget().MatchString(target):
		return "has characters that nginx.conf can't hold"
	case strings.Contains(path, "//"), slices.ContainsFunc(strings.Split(path, "/"), odd):
		return "can't be told from others safely"
	}
	return ""
}

// kubeletTarget is what the kubelet writes into its request for a probe's path
// (kubernetes pkg/probe/http/request.go, formatURL and newProbeRequest).
func kubeletTarget(path string) string {
	u, err := url.Parse(path)
	if err != nil {
		u = &url.URL{Path: path}
	}
	u.Scheme, u.Host = "http", "pod"
	sent, err := url.Parse(u.String())
	if err != nil {
		return path // the kubelet sends nothing
	}
	return sent.RequestURI()
}

// probed are the targets that the kubelet asks for on a port, in order and each once:
// those of probes and hooks that name the app's port, or, after an earlier run, the
// listener's.
func probed(w *sidecar.Workload, ports ...int32) (targets []string) {
	for _, get := range probes(w, ports...) {
		targets = append(targets, kubeletTarget(get.Path))
	}
	slices.Sort(targets)
	return slices.Compact(targets)
}

// probeHeaders are the headers that these probes write themselves, in order and each
// once, but for those that are the proxy's affair.
func probeHeaders(w *sidecar.Workload, ports ...int32) (names []string) {
	for _, get := range probes(w, ports...) {
		for _, h := range get.HTTPHeaders {
			name := textproto.CanonicalMIMEHeaderKey(h.Name)
			if pattern.HeaderName().MatchString(name) && !slices.Contains(listenersOwn, name) && !hopByHop(name) && !isIdentity(name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// listenersOwn are headers that a listener for the kubelet writes in any case.
var listenersOwn = []string{"Host", "User-Agent", "Accept", "X-Forwarded-For", "X-Forwarded-Proto"}

// hopByHop reports whether a header is about a connection or a body (RFC 9110, 7.6.1).
func hopByHop(name string) bool {
	return slices.Contains([]string{"Connection", "Content-Length", "Expect", "Http2-Settings", "Keep-Alive", "Proxy-Connection",
		"Te", "Trailer", "Transfer-Encoding", "Upgrade"}, name)
}

// probes are the HTTP probes and hooks of the pod's containers that ask these ports.
func probes(w *sidecar.Workload, ports ...int32) (all []*corev1.HTTPGetAction) {
	take := func(c *corev1.Container, get *corev1.HTTPGetAction) {
		if get != nil && c.Name != w.Name && slices.ContainsFunc(ports, func(p int32) bool { return means(w, c, get.Port, p) }) {
			all = append(all, get)
		}
	}
	for _, c := range handlers(w) {
		for _, h := range c.probes {
			take(c.container, h.HTTPGet)
		}
		for _, h := range c.hooks {
			take(c.container, h.HTTPGet)
		}
	}
	return all
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
