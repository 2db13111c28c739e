// Package proxy holds the patterns that stand in front of the app, TLSProxy and
// AuthProxy, and what both are: a Front, which takes ports over, moves the app to
// loopback, answers probes, and leaves.
package proxy

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A Base is what all proxies in front of an app have in common: where clients
// come in, how the app makes room, and how TLS is terminated.
type Base struct {
	// Port is where clients come in: the app's port today. In mode takeover it's
	// the proxy's from now on: its number and name stay, so that Services,
	// Ingresses and NetworkPolicies in front stay valid. Required in mode takeover;
	// in mode front the default is all TCP ports that the app declares.
	Port int32 `json:"port,omitempty"`
	// Protocol is what the app speaks on that port: http (WebSockets and events
	// too), grpc, or tcp (anything else). Default: http.
	Protocol sidecar.Protocol `json:"protocol,omitempty"`
	// MorePorts are further ports of the app that the same proxy stands in front of.
	MorePorts []MorePort `json:"morePorts,omitempty"`
	// Mode says where the proxy stands: takeover (on the app's port, while the app
	// moves to 127.0.0.1 as rebind says) or front (on a port of its own, while the
	// app stays where it is: Services are led to the proxy, and a NetworkPolicy
	// closes the app's port). Default: takeover.
	Mode Mode `json:"mode,omitempty"`
	// ListenPort is the proxy's own port in mode front. Default: 8443.
	ListenPort int32 `json:"listenPort,omitempty"`
	// NetworkPolicy says whether mode front emits one, that lets nobody pass by the
	// proxy, and what it has to know of others. Where none of the manifests isolates
	// the pods, nor one of another repository as isolated says, all ports but the app's
	// stay open, in ranges (endPort). Else the proxy's ports are opened and nothing
	// more: each for those whom the policies of the manifests let in on the app's port
	// behind it, or for everybody where they let in nobody on any. The cluster's network must enforce it.
	// Default: true.
	NetworkPolicy *NetworkPolicy `json:"networkPolicy,omitempty"`
	// SecretName is the Secret with the certificate (tls.crt) and its key
	// (tls.key), of type kubernetes.io/tls, as cert-manager writes them. Required
	// unless certificate is given, whose Secret it names then.
	SecretName string `json:"secretName,omitempty"`
	// Certificate asks cert-manager for the certificate: a Certificate object is
	// emitted that writes the Secret.
	Certificate *pattern.Certificate `json:"certificate,omitempty"`
	// Rebind says how the app is moved to 127.0.0.1, to make room for the proxy.
	// Required in mode takeover.
	Rebind *Rebind `json:"rebind,omitempty"`
	// TLSProfile is the TLS configuration by Mozilla's guideline 6.0:
	// intermediate (TLS 1.2 and 1.3) or modern (TLS 1.3 only). Default:
	// intermediate.
	TLSProfile TLSProfile `json:"tlsProfile,omitempty"`
	// DrainSeconds is how long the app still serves when its pod is to go, in
	// seconds, so that everyone in front has taken the pod out first. 0 turns it
	// off. Default: 5.
	DrainSeconds *int64 `json:"drainSeconds,omitempty"`
	// AccessLog is what the proxy writes to its standard output: none, or json (one
	// object per request). Default: none.
	AccessLog AccessLog `json:"accessLog,omitempty"`
	// IPFamilies are the families of the addresses that the proxy listens on, IPv4
	// and IPv6. Default: both, which fails only on nodes whose kernel has no IPv6
	// at all.
	IPFamilies []corev1.IPFamily `json:"ipFamilies,omitempty"`
	// HealthPort is where the kubelet's HTTP probes and hooks are answered where
	// clients without credentials are refused: over TLS, their exact requests, with
	// the headers that they write, and nothing else. No Service leads there. Default: 16000.
	HealthPort int32 `json:"healthPort,omitempty"`
	// Trust says how the certificate is verified by a Gateway: where an HTTPRoute
	// leads to a Service in front, a BackendTLSPolicy is emitted.
	Trust *sidecar.Trust `json:"trust,omitempty"`
	// RewriteCallers leads plain environment variables and arguments of other
	// workloads among the manifests that dial the app by http to https. Without
	// it they're reported, each with its new URL.
	RewriteCallers bool `json:"rewriteCallers,omitempty"`
}

// A MorePort is a further port of the app.
type MorePort struct {
	// Port is the app's port today, where clients come in. Required.
	Port int32 `json:"port"`
	// AppPort is where the app listens from now on, on 127.0.0.1; rebind.env and
	// rebind.args have to tell it. Required in mode takeover.
	AppPort int32 `json:"appPort,omitempty"`
	// ListenPort is the proxy's own port in mode front. Required there.
	ListenPort int32 `json:"listenPort,omitempty"`
	// Protocol is what the app speaks there: http, grpc or tcp. Default: http.
	Protocol sidecar.Protocol `json:"protocol,omitempty"`
}

// A Mode says where a proxy stands.
type Mode string

const (
	ModeTakeover Mode = "takeover"
	ModeFront    Mode = "front"
)

// A TLSProfile names a configuration of Mozilla's guideline for TLS servers.
type TLSProfile string

const (
	Intermediate TLSProfile = "intermediate"
	Modern       TLSProfile = "modern"
)

// An AccessLog is a form of the log of requests.
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
	port     int32 // the app's, as the manifest has it
	listen   int32 // where the proxy listens
	app      int32 // where the app does
	protocol sidecar.Protocol
	field    string // of the config, for messages
}

func (p *Base) isModeFront() bool { return p.Mode == ModeFront }

// hasCertificate reports whether the proxy has a certificate to show.
func (p *Base) hasCertificate() bool { return p.SecretName != "" || p.Certificate != nil }

// portRoutes are all ports; the first one is port.
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

// TakenPorts are the ports of the app that it takes over.
func (p *Base) TakenPorts() []int32 {
	var ports []int32
	for _, d := range p.portRoutes() {
		ports = append(ports, d.port)
	}
	return ports
}

// RewritesCallers reports whether it edits other workloads that call the app.
func (p *Base) RewritesCallers() bool { return p.RewriteCallers }

// portTakeovers say what the proxy answers on.
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

// appClaims are the ports that the app listens on unseen.
func (p *Base) appClaims(w *sidecar.Workload) (out []sidecar.Claim) {
	if p.isModeFront() {
		return nil
	}
	for _, d := range p.portRoutes() {
		out = append(out, sidecar.Claim{Port: d.app, For: "container " + w.App.Name + ", moved to 127.0.0.1"})
	}
	return out
}

// appMigration is what the app gets: how it moves, and how long it goes on at the end.
func (p *Base) appMigration(w *sidecar.Workload) sidecar.App {
	app := sidecar.App{DrainSeconds: p.drainSeconds()}
	if !p.isModeFront() {
		app.Env = p.Rebind.withImageEnv(w.App, p.Rebind.rebindEnv(p.rebindPort()))
		app.Args = p.Rebind.rebindArgs(w.App, p.rebindPort())
		app.ReplacesCMD = p.Rebind.replacesCMD()
	}
	return app
}

// containerPorts are the proxy's. In mode takeover they're the app's, with their
// names and ports of the node: whoever refers to them finds the proxy.
func (p *Base) containerPorts(w *sidecar.Workload) []corev1.ContainerPort {
	var ports []corev1.ContainerPort
	taken := map[string]bool{}
	for _, d := range p.portRoutes() {
		mine := corev1.ContainerPort{ContainerPort: d.listen}
		if p.isModeFront() {
			mine.Name = freePortName(w, d.listen, taken)
		} else {
			mine.Name = w.PortName(d.port, freePortName(w, d.port, taken))
			p.keepHostPort(w, &mine)
		}
		taken[mine.Name] = true
		ports = append(ports, mine)
	}
	return ports
}

func (p *Base) keepHostPort(w *sidecar.Workload, mine *corev1.ContainerPort) {
	for _, c := range []*corev1.Container{w.App, w.Container(w.Name)} {
		if c == nil {
			continue
		}
		for _, theirs := range c.Ports {
			if theirs.ContainerPort == mine.ContainerPort && sidecar.IsTCP(theirs.Protocol) && theirs.HostPort != 0 {
				mine.HostPort, mine.HostIP = theirs.HostPort, theirs.HostIP
			}
		}
	}
}

// freePortName is "https", unless another port of the pod has that name: names are
// what Services and probes look for.
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

// listenDirectives are the listen directives' words for a port.
func (p *Base) listenDirectives(port int32, options string) (out []string) {
	if p.listensOn(corev1.IPv4Protocol) {
		out = append(out, fmt.Sprintf("%d%s", port, options))
	}
	if p.listensOn(corev1.IPv6Protocol) {
		out = append(out, fmt.Sprintf("[::]:%d%s", port, options))
	}
	return out
}
