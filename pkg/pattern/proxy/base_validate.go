package proxy

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// validateBase finds errors in the config alone. tls is true for a proxy that must have a
// certificate. without is what a client that bypasses the proxy avoids.
func (p *Base) validateBase(tls bool, without string, fs *sidecar.Findings) {
	if !p.leavesApp() || p.Port != 0 {
		pattern.ValidatePort("port", p.Port, "write the app's port, where clients come in", fs)
	}
	if tls && p.SecretName == "" && p.Certificate == nil {
		fs.Add(sidecar.Error, "missing-field", "secretName", "the certificate is missing",
			"name the Secret with tls.crt and tls.key, or request one from cert-manager with certificate: {issuerRef: {name: "+
				"...}}")
	}
	if p.SecretName != "" {
		pattern.ValidateObjectName("secretName", p.SecretName, fs)
	}
	if p.Certificate != nil {
		p.Certificate.ValidateAt("certificate", fs)
	}
	p.validatePortRoutes(fs)
	p.validateRebind(without, fs)
	pattern.ValidateEnum("tlsProfile", p.TLSProfile, fs, Intermediate, Modern)
	pattern.ValidateEnum("accessLog", p.AccessLog, fs, NoAccessLog, JSONAccessLog)
	for i, f := range p.IPFamilies {
		field := fmt.Sprintf("ipFamilies[%d]", i)
		pattern.ValidateEnum(field, f, fs, corev1.IPv4Protocol, corev1.IPv6Protocol)
		if slices.Contains(p.IPFamilies[:i], f) {
			fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("%s is listed twice", f), "remove one of them")
		}
	}
	isHTTP := func(d portRoute) bool { return d.protocol == sidecar.HTTP }
	if p.HTTP2 != nil && !slices.ContainsFunc(p.portRoutes(), isHTTP) {
		fs.Add(sidecar.Error, "bad-value", "http2", "no port speaks HTTP", "remove it, or write protocol: http")
	}
	if p.drainSeconds() < 0 {
		fs.Add(sidecar.Error, "bad-value", "drainSeconds", "seconds can't be negative", "write 0 for no draining")
	}
}

// validatePortRoutes finds errors in the ports alone.
func (p *Base) validatePortRoutes(fs *sidecar.Findings) {
	pattern.ValidateEnum("mode", p.Mode, fs, ModeTakeover, ModeFront, ModeRedirect)
	pattern.ValidateEnum("protocol", p.Protocol, fs, sidecar.HTTP, sidecar.GRPC, sidecar.TCP)
	if p.HealthPort != 0 {
		pattern.ValidatePort("healthPort", p.HealthPort, "", fs)
	}
	if p.ListenPort != 0 && p.leavesApp() {
		pattern.ValidatePort("listenPort", p.ListenPort, "", fs)
	} else if p.ListenPort != 0 {
		fs.Add(sidecar.Error, "bad-value", "listenPort", "in mode takeover the proxy listens on the app's port",
			"remove it, or write mode: front or mode: redirect")
	}
	if p.NetworkPolicy != nil && !p.isModeFront() {
		why := "in mode takeover the app listens on 127.0.0.1 and needs no NetworkPolicy"
		if p.isModeRedirect() {
			why = "in mode redirect nobody outside reaches the app, and no NetworkPolicy is needed"
		}
		fs.Add(sidecar.Error, "bad-value", "networkPolicy", why, "remove it")
	}
	if s := p.NetworkPolicy; p.isModeFront() && !p.Closes() && s.Isolated != nil {
		fs.Add(sidecar.Error, "bad-value", "networkPolicy.isolated", "has no effect, since no NetworkPolicy is emitted",
			"remove it, or remove emit")
	}
	if p.Trust != nil && p.Trust.Hostname == "" {
		fs.Add(sidecar.Error, "missing-field", "trust.hostname", "no name is given",
			"write a name that the certificate is for")
	}
	for i, m := range p.MorePorts {
		at := fmt.Sprintf("morePorts[%d].", i)
		pattern.ValidatePort(at+"port", m.Port, "write the app's port", fs)
		pattern.ValidateEnum(at+"protocol", m.Protocol, fs, sidecar.HTTP, sidecar.GRPC, sidecar.TCP)
		if p.leavesApp() {
			pattern.ValidatePort(at+"listenPort", m.ListenPort, "write a free port for the proxy", fs)
		} else {
			pattern.ValidatePort(at+"appPort", m.AppPort, "write the app's new port", fs)
		}
	}
	used := map[int32]string{p.Port: "port"}
	take := func(port int32, field string) {
		if other, twice := used[port]; twice && port != 0 {
			fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("%d is already used by %s", port, other), "write another port")
		}
		used[port] = field
	}
	if p.leavesApp() {
		take(cmp.Or(p.ListenPort, defaultListenPort), "listenPort")
	} else if p.Rebind != nil && p.rebindPort() != p.Port { // otherwise validateRebind reports it
		take(p.rebindPort(), "rebind.port")
	}
	for i, m := range p.MorePorts {
		at := fmt.Sprintf("morePorts[%d].", i)
		take(m.Port, at+"port")
		if p.leavesApp() {
			take(m.ListenPort, at+"listenPort")
		} else {
			take(m.AppPort, at+"appPort")
		}
	}
}

// validateReachable finds an app that may be reachable past the proxy, as nothing makes it
// listen on loopback alone. Every address in rebind counts as the app's, except one with a
// port that isn't the app's. An address without a port counts for all ports. So even the
// address of a database on 127.0.0.1 counts: writing it into rebind means that it moves the
// app.
func (p *Base) validateReachable(without string, fs *sidecar.Findings) {
	severity := sidecar.Error
	if without == withoutTLS {
		severity = sidecar.Warning
	}
	handled := p.Rebind.AssumeLoopback
	moved := map[int32]bool{} // by port; 0: all
	for _, s := range p.rebindTexts() {
		var places []place
		for _, a := range findBindings(s.text) {
			if a.port == 0 || p.isAppPort(a.port) {
				places = append(places, a.place)
				moved[a.port] = moved[a.port] || a.place != onAll
			}
		}
		switch {
		case slices.Contains(places, onAll) && s.field == "rebind.preset" && p.Rebind.own == nil: // a second listener
		case slices.Contains(places, onAll):
			fs.Add(severity, "app-reachable", s.field, "the app listens on all addresses, so it's still reachable without "+
				without,
				"write 127.0.0.1")
			handled = true
		case slices.Contains(places, onLoopback):
		case slices.Contains(places, onLocalhost):
			fs.Add(sidecar.Warning, "rebind-address", s.field,
				"localhost may resolve to ::1, and the proxy connects to 127.0.0.1",
				"write 127.0.0.1")
		case slices.Contains(places, onLoopback6):
			fs.Add(sidecar.Warning, "rebind-address", s.field, "the proxy connects to 127.0.0.1, not to ::1", "write 127.0.0.1")
		}
	}
	for _, d := range p.portRoutes() {
		if d.app != 0 && !handled && !moved[0] && !moved[d.app] {
			fs.Add(severity, "app-reachable", "rebind",
				fmt.Sprintf(
					"nothing makes the app listen on 127.0.0.1 only, so it may still be reachable on port %d without %s",
					d.app, without),
				fmt.Sprintf("write the address into env or args, as in --listen=127.0.0.1:%d, or write assumeLoopback: true if "+
					"the app's own configuration has it", d.app))
		}
	}
}
