package neighbour

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// followProbes leads probes and lifecycle hooks to where the app is reached after a
// takeover. The kubelet always dials the pod's address, so what listens on
// loopback can be probed through the proxy only; it doesn't verify certificates
// (kubernetes pkg/probe/http). Ports are written as numbers: the name has left
// the container. Where clients need credentials, the proxy has a listener for the
// kubelet.
func followProbes(s *scene, r *Result) {
	for i := range s.answers {
		(&probeUpdater{w: s.workload, answer: &s.answers[i], r: r}).followTakeovers()
	}
}

func (p *probeUpdater) followTakeovers() {
	w, a := p.w, p.answer
	ours := map[string]bool{}
	for c := range a.Change.AllContainers() {
		ours[c.Name] = true
	}
	for _, t := range a.Change.Takeovers {
		if !t.MovesApp() {
			continue // the app answers where it did
		}
		p.takeover = t
		for c := range w.AllContainers() {
			if !ours[c.Name] {
				p.followContainer(c)
			}
		}
	}
}

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
	if h := c.Lifecycle.PostStart; h != nil && h.Exec != nil {
		p.followExec(at.To("lifecycle", "postStart", "exec"), h.Exec.Command)
	} else if h != nil && h.HTTPGet != nil {
		if p.followHTTPGet(at.To("lifecycle", "postStart", "httpGet"), c, h.HTTPGet) && p.answer.Placement == sidecar.Beside {
			p.addFinding(sidecar.Warning, "hook-races-proxy", at.To("lifecycle", "postStart"),
				"the hook calls the app through a proxy that may not have started yet", "use placement native")
		}
	}
	if h := c.Lifecycle.PreStop; h != nil && h.Exec != nil {
		p.followExec(at.To("lifecycle", "preStop", "exec"), h.Exec.Command)
	} else if h != nil && h.HTTPGet != nil {
		p.followHTTPGet(at.To("lifecycle", "preStop", "httpGet"), c, h.HTTPGet)
	}
}

func (p *probeUpdater) followProbe(at sidecar.Path, c *corev1.Container, field string, probe *corev1.Probe) {
	switch {
	case probe.HTTPGet != nil && probe.TCPSocket != nil:
		p.addFinding(sidecar.Error, "probe-handlers", at, "has httpGet and tcpSocket, of which the API server takes one",
			"take one out")
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
			"the kubelet's gRPC probes don't speak TLS, which the port demands now", "probe by exec")
	case probe.Exec != nil:
		p.followExec(at.To("exec"), probe.Exec.Command)
	}
}

// probeDonors are the probes whose path another one may take over. Nobody takes that
// of readiness, and liveness takes none: they restart the container, which has to
// wait for others as long as it isn't ready.
var probeDonors = map[string][]string{startup: {liveness}, readiness: {liveness, startup}}

// followTCPSocket makes a probe that opens a connection one that asks the app, where a
// path is known: connections are the proxy's now, whether the app is there or not.
func (p *probeUpdater) followTCPSocket(at sidecar.Path, c *corev1.Container, field string, socket *corev1.TCPSocketAction) {
	if isOtherHost(socket.Host) {
		p.warnOtherHost(at.To("tcpSocket"))
		return
	}
	path := "..."
	for _, other := range []string{liveness, startup} { // not readiness: see siblings
		s := p.appCall(c, other)
		if s == nil {
			continue
		}
		if !slices.Contains(probeDonors[field], other) {
			if !strings.Contains(s.Path, "?") { // what stands behind may be secret
				path = s.Path
			}
			continue
		}
		get := *s
		get.Host, get.Port = "", intstr.FromInt32(p.kubeletPort())
		if p.takeover.Scheme != "" {
			get.Scheme = p.takeover.Scheme
		}
		p.r.addEdits(p.newRemoval(at.To("tcpSocket"), at.To("httpGet")), p.newEdit(at.To("httpGet"), get))
		p.addFinding(sidecar.Info, "probe-asks-app", at,
			fmt.Sprintf("opened a connection, which is the proxy's now: it asks the app as %s does", other), "")
		return
	}
	p.writeNumber(at.To("tcpSocket", "port"), socket.Port, p.takeover.Port)
	if socket.Host != "" {
		p.r.addEdits(p.newRemoval(at.To("tcpSocket", "host"), at.To("tcpSocket", "port")))
	}
	hint := fmt.Sprintf("ask the app by httpGet: {path: %s, port: %d%s}", path, p.kubeletPort(), p.schemeHint())
	if p.takeover.Protocol != "" && p.takeover.Protocol != sidecar.HTTP {
		hint = fmt.Sprintf("ask the app by exec, on 127.0.0.1:%d", p.takeover.AppPort)
	}
	p.addFinding(sidecar.Warning, "probe-sees-proxy", at.To("tcpSocket"),
		"succeeds as soon as the proxy listens, whether the app does or not", hint)
}

// appCall is the call by which a probe of the container asks the app through the
// port; nil where it doesn't, or is refused there.
func (p *probeUpdater) appCall(c *corev1.Container, field string) *corev1.HTTPGetAction {
	refused := p.takeover.HealthPort == 0 && (p.takeover.ClientCertificate || p.takeover.Authenticated)
	has := probeOf(c, field)
	if refused || has == nil || has.HTTPGet == nil || isOtherHost(has.HTTPGet.Host) || sidecar.ResolvePort(c,
		has.HTTPGet.Port) != p.takeover.Port {
		return nil
	}
	return has.HTTPGet
}

// kubeletPort is the port where the kubelet is answered.
func (p *probeUpdater) kubeletPort() int32 {
	if p.takeover.HealthPort != 0 {
		return p.takeover.HealthPort
	}
	return p.takeover.Port
}

func (p *probeUpdater) schemeHint() string {
	if p.takeover.Scheme == "" {
		return ""
	}
	return ", scheme: " + string(p.takeover.Scheme)
}

// isOtherHost reports whether a probe's host is another than the pod. Loopback, for
// the kubelet, is the node's; who writes it means the pod's.
func isOtherHost(host string) bool { return host != "" && !isLoopback(host) && host != "::1" }

func (p *probeUpdater) warnOtherHost(at sidecar.Path) {
	p.addFinding(sidecar.Warning, "probe-host", at.To("host"),
		"the kubelet dials this host and not the pod, so the probe stays as it is",
		fmt.Sprintf("if it means the app, take host out and write port: %d%s", p.kubeletPort(), p.schemeHint()))
}

// followHTTPGet reports whether the call goes to the port that was taken over.
func (p *probeUpdater) followHTTPGet(at sidecar.Path, c *corev1.Container, get *corev1.HTTPGetAction) bool {
	if sidecar.ResolvePort(c, get.Port) != p.takeover.Port {
		return false
	}
	if isOtherHost(get.Host) {
		p.warnOtherHost(at)
		return false
	}
	if p.takeover.HealthPort == 0 && (p.takeover.ClientCertificate || p.takeover.Authenticated) {
		p.addFinding(sidecar.Error, "probe-refused", at,
			fmt.Sprintf("on port %d the kubelet is refused, as it has no credentials to show", p.takeover.Port),
			"probe by exec, or another port")
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

// writeNumber writes a named port as its number.
func (p *probeUpdater) writeNumber(at sidecar.Path, port intstr.IntOrString, number int32) {
	if port.Type == intstr.String {
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
