package neighbour

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// followProbes updates probes and lifecycle hooks that connect to a port which was taken over. The kubelet always
// connects to the pod's address, so it reaches an app on loopback, or one whose port is redirected, through the proxy
// only. It doesn't verify
// certificates (kubernetes pkg/probe/http). If clients need credentials, the proxy has a listener for the kubelet.
// Ports are written as numbers, since the container no longer declares the name.
func followProbes(s *scene, r *Result) {
	for i := range s.answers {
		(&probeUpdater{w: s.workload, answer: &s.answers[i], r: r}).followTakeovers()
	}
}

// followTakeovers updates all probes and hooks for each port that the sidecar takes over.
func (p *probeUpdater) followTakeovers() {
	w, a := p.w, p.answer
	ours := map[string]bool{}
	for c := range a.Change.AllContainers() {
		ours[c.Name] = true
	}
	for _, t := range a.Change.Takeovers {
		if !t.AnswersOnAppPort() {
			continue // the app still answers on its own port
		}
		p.takeover = t
		for c := range w.AllContainers() {
			if !ours[c.Name] {
				p.followContainer(c)
			}
		}
	}
}

// A probeUpdater updates the probes and hooks of one workload for one sidecar.
type probeUpdater struct {
	w        *sidecar.Workload
	answer   *sidecar.Answer
	takeover sidecar.Takeover
	r        *Result
}

// The fields of a container's probes.
const (
	startup   = "startupProbe"
	liveness  = "livenessProbe"
	readiness = "readinessProbe"
)

// probeOf returns the probe in a field of a container, or nil.
func probeOf(c *corev1.Container, field string) *corev1.Probe {
	switch field {
	case startup:
		return c.StartupProbe
	case liveness:
		return c.LivenessProbe
	}
	return c.ReadinessProbe
}

func (p *probeUpdater) followContainer(c *corev1.Container) {
	at := p.w.ContainerPath(c.Name)
	for _, field := range []string{startup, liveness, readiness} {
		if has := probeOf(c, field); has != nil {
			p.followProbe(at.To(field), c, field, has)
		}
	}
	if c.Lifecycle == nil {
		return
	}
	postStart := at.To("lifecycle", "postStart")
	if p.followHook(postStart, c, c.Lifecycle.PostStart) && p.answer.Placement == sidecar.Beside {
		p.addFinding(sidecar.Warning, "hook-races-proxy", postStart,
			"the hook calls the app through a proxy that may not have started yet", "use placement: native")
	}
	p.followHook(at.To("lifecycle", "preStop"), c, c.Lifecycle.PreStop)
}

// followHook updates a lifecycle hook, and reports whether it's a call of the port that was taken over.
func (p *probeUpdater) followHook(at sidecar.Path, c *corev1.Container, hook *corev1.LifecycleHandler) bool {
	switch {
	case hook == nil:
	case hook.Exec != nil:
		p.followExec(at.To("exec"), hook.Exec.Command)
	case hook.HTTPGet != nil:
		return p.followHTTPGet(at.To("httpGet"), c, hook.HTTPGet)
	}
	return false
}

// followProbe updates one probe.
func (p *probeUpdater) followProbe(at sidecar.Path, c *corev1.Container, field string, probe *corev1.Probe) {
	switch {
	case probe.HTTPGet != nil && probe.TCPSocket != nil:
		p.addFinding(sidecar.Error, "probe-handlers", at,
			"has httpGet and tcpSocket, but the API server accepts only one of them", "remove one")
	case probe.HTTPGet != nil:
		p.followHTTPGet(at.To("httpGet"), c, probe.HTTPGet)
	case probe.TCPSocket != nil && sidecar.ResolvePort(c, probe.TCPSocket.Port) == p.takeover.Port:
		p.followTCPSocket(at, c, field, probe.TCPSocket)
	case probe.GRPC != nil && probe.GRPC.Port == p.takeover.Port && p.takeover.GRPCHealthPort != 0:
		e := p.newEdit(at.To("grpc", "port"), p.takeover.GRPCHealthPort)
		e.Was = probe.GRPC.Port
		p.r.addEdits(e)
	case probe.GRPC != nil && probe.GRPC.Port == p.takeover.Port && p.takeover.Scheme == corev1.URISchemeHTTPS:
		p.addFinding(sidecar.Error, "probe-grpc-tls", at.To("grpc"),
			"the kubelet's gRPC probes don't speak TLS, which the port requires now", "use an exec probe")
	case probe.Exec != nil:
		p.followExec(at.To("exec"), probe.Exec.Command)
	}
}

// probeDonors are the probes whose request another probe may copy. Failed startup and liveness probes restart the
// container, but an app may wait for others while it isn't ready. So nothing copies readiness, and liveness copies
// none.
var probeDonors = map[string][]string{startup: {liveness}, readiness: {liveness, startup}}

// followTCPSocket replaces a tcpSocket probe by a request to the app, if another probe shows one. The proxy accepts
// connections even when the app doesn't listen.
func (p *probeUpdater) followTCPSocket(
	at sidecar.Path, c *corev1.Container, field string, socket *corev1.TCPSocketAction,
) {
	if isOtherHost(socket.Host) {
		p.warnOtherHost(at.To("tcpSocket"))
		return
	}
	path := "..."
	for _, other := range []string{liveness, startup} {
		call := p.appCall(c, other)
		if call == nil {
			continue
		}
		if !slices.Contains(probeDonors[field], other) {
			if !strings.Contains(call.Path, "?") { // a query may be secret
				path = call.Path
			}
			continue
		}
		get := *call
		get.Host, get.Port = "", intstr.FromInt32(p.kubeletPort())
		if p.takeover.Scheme != "" {
			get.Scheme = p.takeover.Scheme
		}
		p.r.addEdits(p.newRemoval(at.To("tcpSocket"), at.To("httpGet")), p.newEdit(at.To("httpGet"), get))
		p.addFinding(sidecar.Info, "probe-asks-app", at,
			fmt.Sprintf("sends the same request as %s now, as the proxy accepts connections even without the app", other), "")
		return
	}
	p.writeNumber(at.To("tcpSocket", "port"), socket.Port, p.takeover.Port)
	if socket.Host != "" {
		p.r.addEdits(p.newRemoval(at.To("tcpSocket", "host"), at.To("tcpSocket", "port")))
	}
	hint := fmt.Sprintf("probe the app with httpGet: {path: %s, port: %d%s}", path, p.kubeletPort(), p.schemeHint())
	if p.takeover.Protocol != "" && p.takeover.Protocol != sidecar.HTTP {
		hint = fmt.Sprintf("probe the app with exec, on 127.0.0.1:%d", p.takeover.AppPort)
	}
	p.addFinding(sidecar.Warning, "probe-sees-proxy", at.To("tcpSocket"),
		"succeeds as soon as the proxy listens, even if the app doesn't", hint)
}

// appCall returns the request that a probe sends to the app through the port, or nil.
func (p *probeUpdater) appCall(c *corev1.Container, field string) *corev1.HTTPGetAction {
	probe := probeOf(c, field)
	if probe == nil || probe.HTTPGet == nil || p.refusesKubelet() {
		return nil
	}
	if get := probe.HTTPGet; !isOtherHost(get.Host) && sidecar.ResolvePort(c, get.Port) == p.takeover.Port {
		return get
	}
	return nil
}

// refusesKubelet reports whether the port requires credentials and the proxy has no listener for the kubelet.
func (p *probeUpdater) refusesKubelet() bool {
	return p.takeover.HealthPort == 0 && (p.takeover.ClientCertificate || p.takeover.Authenticated)
}

// kubeletPort returns the port where the proxy answers the kubelet.
func (p *probeUpdater) kubeletPort() int32 {
	if p.takeover.HealthPort != 0 {
		return p.takeover.HealthPort
	}
	return p.takeover.Port
}

// schemeHint returns the scheme as it follows a port in a hint, or "".
func (p *probeUpdater) schemeHint() string {
	if p.takeover.Scheme == "" {
		return ""
	}
	return ", scheme: " + string(p.takeover.Scheme)
}

// isOtherHost reports whether a probe's host isn't the pod. For the kubelet, loopback is the node's, but whoever writes
// it means the pod's.
func isOtherHost(host string) bool { return host != "" && !isLoopback(host) && host != "::1" }

func (p *probeUpdater) warnOtherHost(at sidecar.Path) {
	p.addFinding(sidecar.Warning, "probe-host", at.To("host"),
		"the kubelet connects to this host and not to the pod, so the probe isn't changed",
		fmt.Sprintf("if it's meant for the app, remove host and set port: %d%s", p.kubeletPort(), p.schemeHint()))
}

// followHTTPGet updates a request, and reports whether it goes to the port that was taken over.
func (p *probeUpdater) followHTTPGet(at sidecar.Path, c *corev1.Container, get *corev1.HTTPGetAction) bool {
	if sidecar.ResolvePort(c, get.Port) != p.takeover.Port {
		return false
	}
	if isOtherHost(get.Host) {
		p.warnOtherHost(at)
		return false
	}
	if p.refusesKubelet() {
		p.addFinding(sidecar.Error, "probe-refused", at,
			fmt.Sprintf("port %d requires credentials, and the kubelet has none", p.takeover.Port),
			"use an exec probe, or another port")
		return true
	}
	if p.takeover.HealthPort == 0 {
		p.writeNumber(at.To("port"), get.Port, p.takeover.Port)
	} else {
		e := p.newEdit(at.To("port"), p.takeover.HealthPort)
		e.Was = get.Port
		p.r.addEdits(e)
	}
	if p.takeover.Scheme != "" && p.takeover.Scheme != get.Scheme {
		e := p.newEdit(at.To("scheme"), p.takeover.Scheme)
		if get.Scheme != "" {
			e.Was = get.Scheme
		}
		p.r.addEdits(e)
	}
	if get.Host != "" {
		p.r.addEdits(p.newRemoval(at.To("host"), at.To("port")))
	}
	return true
}

// writeNumber replaces a port's name by its number, unless the app still declares it.
func (p *probeUpdater) writeNumber(at sidecar.Path, port intstr.IntOrString, number int32) {
	if port.Type == intstr.String && p.takeover.MovesApp() {
		e := p.newEdit(at, number)
		e.Was = port
		p.r.addEdits(e)
	}
}

func (p *probeUpdater) newEdit(at sidecar.Path, v any) sidecar.Edit {
	return sidecar.Edit{Owner: p.answer.Name, Object: p.w.Ref, Path: at, Value: v}
}

func (p *probeUpdater) newRemoval(at, by sidecar.Path) sidecar.Edit {
	return sidecar.Edit{Owner: p.answer.Name, Object: p.w.Ref, Path: at, By: by, Delete: true}
}

func (p *probeUpdater) addFinding(s sidecar.Severity, code string, at sidecar.Path, message, hint string) {
	p.r.addFindings(sidecar.Finding{Severity: s, Code: code, Object: p.w.Ref, Sidecar: p.answer.Name, Field: at.String(),
		Message: message, Hint: hint})
}
