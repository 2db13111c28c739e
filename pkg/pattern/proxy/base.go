// Package proxy holds the patterns in front of the app, TLSProxy and AuthProxy, and their
// common part, a Base: it takes ports over, moves the app to loopback, answers probes and
// shuts down without losing requests.
package proxy

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A Base is what all proxies in front of an app have in common: the ports of clients, how
// the app is moved, and how TLS is terminated.
type Base struct {
	// Port on which clients connect: the app's present port. In mode takeover, the proxy
	// gets this port with its number and name, so that Services, Ingresses and
	// NetworkPolicies in front stay valid. Required in mode takeover. Default in mode
	// front: all TCP ports that the app declares.
	Port int32 `json:"port,omitempty"`
	// Protocol of the app on that port: http (including WebSockets and events), grpc, or
	// tcp (anything else). Default: http.
	Protocol sidecar.Protocol `json:"protocol,omitempty"`
	// MorePorts are more ports of the app behind the same proxy.
	MorePorts []MorePort `json:"morePorts,omitempty"`
	// Mode is how the proxy gets in front of the app: takeover (the proxy gets the app's
	// port, and rebind moves the app to 127.0.0.1) or front (the proxy has a port of its
	// own and the app keeps its port: Services are changed to the proxy's port, and a
	// NetworkPolicy closes the app's). Default: takeover.
	Mode Mode `json:"mode,omitempty"`
	// ListenPort is the proxy's own port in mode front. Default: 8443.
	ListenPort int32 `json:"listenPort,omitempty"`
	// NetworkPolicy configures the policy that mode front emits to close ways past the
	// proxy. If no policy isolates the pods, neither in the manifests nor elsewhere (see
	// isolated), the emitted one leaves all ports open except the app's, in ranges
	// (endPort). Otherwise it opens only the proxy's ports: each for the clients that the
	// manifests' policies admit on the app's port behind it, or for everybody if they admit
	// nobody on any. The cluster's network must enforce it. Default: true.
	NetworkPolicy *NetworkPolicy `json:"networkPolicy,omitempty"`
	// SecretName is the Secret with the certificate (tls.crt) and its key (tls.key), of
	// type kubernetes.io/tls, as cert-manager writes them. With certificate, it's the name
	// of the Secret to write. Required without certificate.
	SecretName string `json:"secretName,omitempty"`
	// Certificate requests the certificate from cert-manager: it emits a Certificate object
	// that writes the Secret.
	Certificate *pattern.Certificate `json:"certificate,omitempty"`
	// Rebind moves the app to 127.0.0.1, to make room for the proxy. Required in mode
	// takeover.
	Rebind *Rebind `json:"rebind,omitempty"`
	// TLSProfile is the TLS configuration of Mozilla's guideline 6.0: intermediate (TLS 1.2
	// and 1.3) or modern (TLS 1.3 only). Default: intermediate.
	TLSProfile TLSProfile `json:"tlsProfile,omitempty"`
	// DrainSeconds is how many seconds the app continues to serve when its pod is
	// terminated, so that everything in front stops sending requests first. 0 turns it off.
	// Default: 5.
	DrainSeconds *int64 `json:"drainSeconds,omitempty"`
	// AccessLog is what the proxy writes to its standard output: none, or json (one object
	// for each request). Default: none.
	AccessLog AccessLog `json:"accessLog,omitempty"`
	// IPFamilies are the families of the addresses that the proxy listens on, IPv4 and
	// IPv6. Default: both, which fails only on nodes whose kernel has no IPv6 at all.
	IPFamilies []corev1.IPFamily `json:"ipFamilies,omitempty"`
	// HealthPort is the port for the kubelet's HTTP probes and hooks, if clients without
	// credentials are refused. It answers only their exact requests, with their headers,
	// over TLS. No Service has this port. Default: 16000.
	HealthPort int32 `json:"healthPort,omitempty"`
	// Trust is how a Gateway verifies the certificate: if an HTTPRoute sends requests to a
	// Service in front, a BackendTLSPolicy is emitted.
	Trust *sidecar.Trust `json:"trust,omitempty"`
	// RewriteCallers changes http to https in plain environment variables and arguments of
	// other workloads in the manifests that call the app. Otherwise they're reported, each
	// with its new URL. Default: false.
	RewriteCallers bool `json:"rewriteCallers,omitempty"`
}

// A MorePort is one more port of the app.
type MorePort struct {
	// Port of the app on which clients connect at present. Required.
	Port int32 `json:"port"`
	// AppPort is the app's new port on 127.0.0.1; rebind.env and rebind.args must set it.
	// Required in mode takeover.
	AppPort int32 `json:"appPort,omitempty"`
	// ListenPort is the proxy's own port in mode front. Required in mode front.
	ListenPort int32 `json:"listenPort,omitempty"`
	// Protocol of the app on that port: http, grpc or tcp. Default: http.
	Protocol sidecar.Protocol `json:"protocol,omitempty"`
}

// A Mode is how a proxy gets in front of the app.
type Mode string

const (
	ModeTakeover Mode = "takeover"
	ModeFront    Mode = "front"
)

// A TLSProfile is a configuration of Mozilla's guideline for TLS servers.
type TLSProfile string

const (
	Intermediate TLSProfile = "intermediate"
	Modern       TLSProfile = "modern"
)

// An AccessLog is a format of the log of requests.
type AccessLog string

const (
	NoAccessLog   AccessLog = "none"
	JSONAccessLog AccessLog = "json"
)

const (
	defaultListenPort = 8443
	defaultHealthPort = 16000
)

// A portRoute is one port of the app with the proxy in front of it.
type portRoute struct {
	port     int32 // of the app in the manifest
	listen   int32 // on which the proxy listens
	app      int32 // on which the app listens
	protocol sidecar.Protocol
	field    string // of the config, for messages
}

func (p *Base) isModeFront() bool { return p.Mode == ModeFront }

// hasCertificate reports whether the proxy has a certificate.
func (p *Base) hasCertificate() bool { return p.SecretName != "" || p.Certificate != nil }

// portRoutes returns all ports, beginning with that of the field port.
func (p *Base) portRoutes() []portRoute {
	first := portRoute{port: p.Port, listen: p.Port, app: p.Port, protocol: p.Protocol}
	if p.isModeFront() {
		first.listen = cmp.Or(p.ListenPort, defaultListenPort)
	} else if p.Rebind != nil {
		first.app = p.rebindPort()
	}
	all := []portRoute{first}
	for i, m := range p.MorePorts {
		d := portRoute{port: m.Port, listen: m.Port, app: m.AppPort, protocol: m.Protocol,
			field: fmt.Sprintf("morePorts[%d].", i)}
		if p.isModeFront() {
			d.listen, d.app = m.ListenPort, m.Port
		}
		all = append(all, d)
	}
	for i := range all {
		if all[i].protocol == "" {
			all[i].protocol = sidecar.HTTP
		}
	}
	return all
}

// TakenPorts returns the ports of the app that the proxy takes over.
func (p *Base) TakenPorts() []int32 {
	var ports []int32
	for _, d := range p.portRoutes() {
		ports = append(ports, d.port)
	}
	return ports
}

// RewritesCallers reports whether the proxy edits other workloads that call the app.
func (p *Base) RewritesCallers() bool { return p.RewriteCallers }

// portTakeovers returns a takeover for each port.
func (p *Base) portTakeovers() []sidecar.Takeover {
	var out []sidecar.Takeover
	for _, d := range p.portRoutes() {
		t := sidecar.Takeover{Port: d.listen, AppPort: d.app, Front: p.isModeFront(), RewriteCallers: p.RewriteCallers,
			Trust: p.Trust}
		if p.hasCertificate() {
			t.Scheme = corev1.URISchemeHTTPS
		}
		if d.protocol != sidecar.HTTP {
			t.Protocol = d.protocol
		}
		t.Commands = !p.isModeFront() && d.field == "" && p.Rebind != nil && p.Rebind.Preset != ""
		out = append(out, t)
	}
	return out
}

// appClaims returns the new ports of the app, which no container declares.
func (p *Base) appClaims(w *sidecar.Workload) (out []sidecar.Claim) {
	if p.isModeFront() {
		return nil
	}
	for _, d := range p.portRoutes() {
		out = append(out, sidecar.Claim{Port: d.app, For: "container " + w.App.Name + ", moved to 127.0.0.1"})
	}
	return out
}

// appMigration returns the changes of the app: how it moves, and how long it continues
// during termination.
func (p *Base) appMigration(w *sidecar.Workload) sidecar.App {
	app := sidecar.App{DrainSeconds: p.drainSeconds()}
	if !p.isModeFront() {
		app.Env = p.Rebind.withImageEnv(w.App, p.Rebind.rebindEnv(p.rebindPort()))
		app.Args = p.Rebind.rebindArgs(w.App, p.rebindPort())
		app.ReplacesCMD = p.Rebind.replacesCMD()
	}
	return app
}

// containerPorts returns the ports of the proxy's container. In mode takeover they're the
// app's, with names and host ports, so that references to them reach the proxy.
func (p *Base) containerPorts(w *sidecar.Workload) []corev1.ContainerPort {
	var ports []corev1.ContainerPort
	taken := map[string]bool{}
	for _, d := range p.portRoutes() {
		own := corev1.ContainerPort{ContainerPort: d.listen}
		if p.isModeFront() {
			own.Name = freePortName(w, d.listen, taken)
		} else {
			own.Name = w.PortName(d.port, freePortName(w, d.port, taken))
			p.keepHostPort(w, &own)
		}
		taken[own.Name] = true
		ports = append(ports, own)
	}
	return ports
}

func (p *Base) keepHostPort(w *sidecar.Workload, own *corev1.ContainerPort) {
	for _, c := range []*corev1.Container{w.App, w.Container(w.Name)} {
		if c == nil {
			continue
		}
		for _, theirs := range c.Ports {
			if theirs.ContainerPort == own.ContainerPort && sidecar.IsTCP(theirs.Protocol) && theirs.HostPort != 0 {
				own.HostPort, own.HostIP = theirs.HostPort, theirs.HostIP
			}
		}
	}
}

// freePortName returns "https", or a longer name if another port of the pod has that one,
// since Services and probes refer to ports by name.
func freePortName(w *sidecar.Workload, port int32, taken map[string]bool) string {
	if taken["https"] {
		return fmt.Sprintf("https-%d", port)
	}
	for _, c := range pattern.RunningContainers(w) {
		for _, other := range c.Ports {
			if other.Name == "https" && other.ContainerPort != port {
				return fmt.Sprintf("https-%d", port)
			}
		}
	}
	return "https"
}

func (p *Base) listensOn(f corev1.IPFamily) bool {
	return len(p.IPFamilies) == 0 || slices.Contains(p.IPFamilies, f)
}

// listenDirectives returns the arguments of the listen directives for a port.
func (p *Base) listenDirectives(port int32, options string) (out []string) {
	if p.listensOn(corev1.IPv4Protocol) {
		out = append(out, fmt.Sprintf("%d%s", port, options))
	}
	if p.listensOn(corev1.IPv6Protocol) {
		out = append(out, fmt.Sprintf("[::]:%d%s", port, options))
	}
	return out
}
