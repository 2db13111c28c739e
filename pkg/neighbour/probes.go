package neighbour

import (
	"fmt"
	"regexp"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// probes leads probes and lifecycle hooks to where the app is reached after a
// takeover. The kubelet always dials the pod's address, so what listens on
// loopback can be probed through the proxy only; it doesn't verify certificates
// (kubernetes pkg/probe/http). Ports are written as numbers: the name has left
// the container. Where clients need credentials, the proxy has a listener for the
// kubelet.
func probes(w *sidecar.Workload, a sidecar.Asked) ([]sidecar.Edit, sidecar.Findings) {
	p := prober{w: w, asked: a}
	ours := map[string]bool{}
	for _, c := range append(a.Change.Containers[:len(a.Change.Containers):len(a.Change.Containers)], a.Change.InitContainers...) {
		ours[c.Name] = true
	}
	for _, t := range a.Change.Takeovers {
		if t.Front {
			continue // the app answers where it did
		}
		p.takeover = t
		for _, list := range [][]corev1.Container{w.Pod.Spec.InitContainers, w.Pod.Spec.Containers} {
			for i := range list {
				if !ours[list[i].Name] {
					p.container(&list[i])
				}
			}
		}
	}
	return p.edits, p.findings
}

type prober struct {
	w        *sidecar.Workload
	asked    sidecar.Asked
	takeover sidecar.Takeover
	edits    []sidecar.Edit
	findings sidecar.Findings
}

func (p *prober) container(c *corev1.Container) {
	at := p.w.ContainerPath(c.Name)
	for _, probe := range []struct {
		field string
		probe *corev1.Probe
	}{{"startupProbe", c.StartupProbe}, {"livenessProbe", c.LivenessProbe}, {"readinessProbe", c.ReadinessProbe}} {
		if probe.probe != nil {
			p.probe(at.To(probe.field), c, probe.probe)
		}
	}
	if c.Lifecycle == nil {
		return
	}
	if h := c.Lifecycle.PostStart; h != nil && h.HTTPGet != nil {
		if p.httpGet(at.To("lifecycle", "postStart", "httpGet"), c, h.HTTPGet) && p.asked.Placement == sidecar.Beside {
			p.add(sidecar.Warning, "hook-races-proxy", at.To("lifecycle", "postStart"), "the hook calls the app through a proxy that may not have started yet", "use placement native")
		}
	}
	if h := c.Lifecycle.PreStop; h != nil && h.HTTPGet != nil {
		p.httpGet(at.To("lifecycle", "preStop", "httpGet"), c, h.HTTPGet)
	}
}

func (p *prober) probe(at sidecar.Path, c *corev1.Container, probe *corev1.Probe) {
	switch {
	case probe.HTTPGet != nil:
		p.httpGet(at.To("httpGet"), c, probe.HTTPGet)
	case probe.TCPSocket != nil && resolve(probe.TCPSocket.Port, c) == p.takeover.Port:
		p.number(at.To("tcpSocket", "port"), probe.TCPSocket.Port, p.takeover.Port)
		hint := "use an httpGet probe"
		if p.takeover.Protocol == sidecar.TCP {
			hint = fmt.Sprintf("use an exec probe that asks the app on 127.0.0.1:%d", p.takeover.AppPort)
		}
		p.add(sidecar.Warning, "probe-sees-proxy", at.To("tcpSocket"), "succeeds as soon as the proxy listens, whether the app does or not", hint)
	case probe.GRPC != nil && probe.GRPC.Port == p.takeover.Port && p.takeover.GRPCHealthPort != 0:
		e := p.edit(at.To("grpc", "port"), p.takeover.GRPCHealthPort)
		e.Was = probe.GRPC.Port
		p.edits = append(p.edits, e)
	case probe.GRPC != nil && probe.GRPC.Port == p.takeover.Port && p.takeover.Scheme == corev1.URISchemeHTTPS:
		p.add(sidecar.Error, "probe-grpc-tls", at.To("grpc"), "the kubelet's gRPC probes don't speak TLS, which the port demands now", "probe by exec")
	case probe.Exec != nil:
		p.exec(at.To("exec"), c, probe.Exec.Command)
	}
}

// httpGet reports whether the call goes to the port that was taken over.
func (p *prober) httpGet(at sidecar.Path, c *corev1.Container, get *corev1.HTTPGetAction) bool {
	if resolve(get.Port, c) != p.takeover.Port {
		return false
	}
	if p.takeover.HealthPort == 0 && (p.takeover.ClientCertificate || p.takeover.Authenticated) {
		p.add(sidecar.Error, "probe-refused", at, fmt.Sprintf("on port %d the kubelet is refused, as it has no credentials to show", p.takeover.Port), "probe by exec, or another port")
		return true
	}
	if p.takeover.HealthPort == 0 {
		p.number(at.To("port"), get.Port, p.takeover.Port)
	} else {
		e := p.edit(at.To("port"), p.takeover.HealthPort)
		e.Was = get.Port
		p.edits = append(p.edits, e)
	}
	if p.takeover.Scheme != "" && p.takeover.Scheme != get.Scheme {
		e := p.edit(at.To("scheme"), p.takeover.Scheme)
		if get.Scheme != "" {
			e.Was = get.Scheme
		}
		p.edits = append(p.edits, e)
	}
	if get.Host != "" {
		p.add(sidecar.Warning, "probe-host", at.To("host"), "the kubelet dials this host and not the pod; 127.0.0.1 is the node's", "take it out")
	}
	return true
}

// number writes a named port as its number.
func (p *prober) number(at sidecar.Path, port intstr.IntOrString, number int32) {
	if port.Type == intstr.String {
		e := p.edit(at, number)
		e.Was = port
		p.edits = append(p.edits, e)
	}
}

// exec warns of commands that name the port: they run in the app's container,
// where they'd meet the proxy.
func (p *prober) exec(at sidecar.Path, c *corev1.Container, command []string) {
	if c.Name != p.asked.App.Name {
		return
	}
	port := regexp.MustCompile(fmt.Sprintf(`(^|\D)%d(\D|$)`, p.takeover.Port))
	for _, arg := range command {
		if port.MatchString(arg) {
			p.add(sidecar.Warning, "probe-exec-port", at, fmt.Sprintf("the command names port %d, where the proxy listens now; the app is on 127.0.0.1:%d", p.takeover.Port, p.takeover.AppPort), "change the command")
			return
		}
	}
}

func (p *prober) edit(at sidecar.Path, v any) sidecar.Edit {
	return sidecar.Edit{Owner: p.asked.Name, Object: p.w.Ref, Path: at, Value: v}
}

func (p *prober) add(s sidecar.Severity, code string, at sidecar.Path, message, hint string) {
	p.findings = append(p.findings, sidecar.Finding{Severity: s, Code: code, Object: p.w.Ref, Sidecar: p.asked.Name, Field: at.String(), Message: message, Hint: hint})
}
