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
	// NetworkPolicies in front stay valid. Required in mode takeover. Default in modes
	// front and redirect: all TCP ports without TLS that the app declares, and those to
	// which Services lead by number, if no other container may have them. They're declared
	// then.
	Port int32 `json:"port,omitempty"`
	// Protocol of the app on that port: http (including WebSockets and events), grpc, or
	// tcp (anything else). Default: http.
	Protocol sidecar.Protocol `json:"protocol,omitempty"`
	// MorePorts are more ports of the app behind the same proxy.
	MorePorts []MorePort `json:"morePorts,omitempty"`
	// Mode is how the proxy gets in front of the app: takeover (the proxy gets the app's
	// port, and rebind moves the app to 127.0.0.1), front (the proxy has a port of its
	// own and the app keeps its port: Services are changed to the proxy's port, and a
	// NetworkPolicy closes the app's), or redirect (the app keeps its port, and a privileged
	// init container makes the pod's network redirect what comes from outside to the proxy's:
	// only 127.0.0.1 within the pod still reaches the app). Default: takeover.
	Mode Mode `json:"mode,omitempty"`
	// ListenPort is the proxy's own port in modes front and redirect. Default: 8443, or free
	// ports from there on if the app's are found.
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
	// of the Secret to write. In tlsProxy, required without certificate.
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
	// HTTP2 offers HTTP/2 to clients. Turn it off if they upload what they can't send again:
	// when nginx quits or reloads, it takes no more requests on a connection of HTTP/2, and
	// those that are on their way fail (it doesn't send the first of the two GOAWAY frames
	// that RFC 9113, 6.8 asks for). With HTTP/1.1, clients are told in time. Clients of gRPC
	// send such calls again by themselves, so ports with gRPC keep HTTP/2. Default: true.
	HTTP2 *bool `json:"http2,omitempty"`
	// DrainSeconds is how many seconds the app continues to serve when its pod is
	// terminated, so that everything in front stops sending requests first. In HTTP/1.1,
	// answers of these seconds tell clients to close their connections (Connection: close).
	// A client that sends less often, and doesn't look whether its connection was closed,
	// loses its next request (RFC 9112, 9.5): write more seconds for it. 0 turns it off.
	// Default: 5.
	DrainSeconds *int64 `json:"drainSeconds,omitempty"`
	// AccessLog is what the proxy writes to its standard output: none, or json (one object
	// for each request, in which what a client hasn't written in UTF-8 is "(not UTF-8)").
	// Default: none.
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

	undeclared    []int32 // ports of the app that were found without a declaration
	undeclaredToo []int32 // those that weren't found, as the app declares others
	withTLS       []int32 // those that were found, and need no TLS
	leavesGuarded bool    // these are webhooks: the API server proves itself with a certificate, if at all
}

// A MorePort is one more port of the app.
type MorePort struct {
	// Port of the app on which clients connect at present. Required.
	Port int32 `json:"port"`
	// AppPort is the app's new port on 127.0.0.1; rebind.env and rebind.args must set it.
	// Required in mode takeover.
	AppPort int32 `json:"appPort,omitempty"`
	// ListenPort is the proxy's own port in modes front and redirect. Required there.
	ListenPort int32 `json:"listenPort,omitempty"`
	// Protocol of the app on that port: http, grpc or tcp. Default: http.
	Protocol sidecar.Protocol `json:"protocol,omitempty"`
}

// A Mode is how a proxy gets in front of the app.
type Mode string

const (
	ModeTakeover Mode = "takeover"
	ModeFront    Mode = "front"
	ModeRedirect Mode = "redirect"
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

func (p *Base) isModeRedirect() bool { return p.Mode == ModeRedirect }

// leavesApp reports whether the app keeps its port, and the proxy has one of its own.
func (p *Base) leavesApp() bool { return p.isModeFront() || p.isModeRedirect() }

// hasCertificate reports whether the proxy has a certificate.
func (p *Base) hasCertificate() bool { return p.SecretName != "" || p.Certificate != nil }

// portRoutes returns all ports, beginning with that of the field port.
func (p *Base) portRoutes() []portRoute {
	first := portRoute{port: p.Port, listen: p.Port, app: p.Port, protocol: p.Protocol}
	if p.leavesApp() {
		first.listen = cmp.Or(p.ListenPort, defaultListenPort)
	} else if p.Rebind != nil {
		first.app = p.rebindPort()
	}
	all := []portRoute{first}
	for i, m := range p.MorePorts {
		d := portRoute{port: m.Port, listen: m.Port, app: m.AppPort, protocol: m.Protocol,
			field: fmt.Sprintf("morePorts[%d].", i)}
		if p.leavesApp() {
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

// TakenPorts returns the ports of the app that the proxy takes over; nil if it finds them
// itself.
func (p *Base) TakenPorts() []int32 {
	if p.Port == 0 {
		return nil
	}
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
		if p.isModeRedirect() {
			t.Port, t.Redirected = d.port, true
		}
		if p.hasCertificate() {
			t.Scheme = corev1.URISchemeHTTPS
		}
		if d.protocol != sidecar.HTTP {
			t.Protocol = d.protocol
		}
		t.Commands = !p.leavesApp() && d.field == "" && p.Rebind != nil && p.Rebind.Preset != ""
		out = append(out, t)
	}
	return out
}

// appClaims returns the ports that no container declares: the new ones of the app, or those
// of the proxy to which the pod redirects, as they're for nobody outside.
func (p *Base) appClaims(w *sidecar.Workload) (out []sidecar.Claim) {
	if p.isModeFront() {
		return nil
	}
	for _, d := range p.portRoutes() {
		if p.isModeRedirect() {
			out = append(out, sidecar.Claim{Port: d.listen, For: "sidecar " + w.Name})
			continue
		}
		out = append(out, sidecar.Claim{Port: d.app, For: "container " + w.App.Name + ", moved to 127.0.0.1"})
	}
	return out
}

// appMigration returns the changes of the app: how it moves, and how long it continues
// during termination.
func (p *Base) appMigration(w *sidecar.Workload) sidecar.App {
	app := sidecar.App{DrainSeconds: p.drainSeconds(), Ports: p.undeclared}
	if !p.leavesApp() {
		app.Env = p.Rebind.withImageEnv(w.App, p.Rebind.rebindEnv(p.rebindPort()))
		app.Args = p.Rebind.rebindArgs(w.App, p.rebindPort())
		app.ReplacesCMD = p.Rebind.replacesCMD()
	}
	return app
}

// ContainerNames returns the names of the containers: the proxy, and the one that redirects
// ports to it.
func (p *Base) ContainerNames(name string) []string {
	return []string{name, pattern.RedirectorName(name)}
}

// redirectPorts adds the init container that redirects the app's ports, in mode redirect. It
// runs before all others: nothing that they open is reachable past the proxy.
func (p *Base) redirectPorts(w *sidecar.Workload, c *sidecar.Change) {
	if !p.isModeRedirect() {
		return
	}
	var all []pattern.Redirection
	for _, d := range p.portRoutes() {
		all = append(all, pattern.Redirection{Port: d.port, To: d.listen})
	}
	c.InitContainers = append(c.InitContainers, pattern.NewRedirector(w, all))
	c.InitPhase = sidecar.PhaseKernel
}

// containerPorts returns the ports of the proxy's container. In mode takeover they're the
// app's, with names and host ports, so that references to them reach the proxy. In mode
// redirect, the app's container still declares them.
func (p *Base) containerPorts(w *sidecar.Workload) []corev1.ContainerPort {
	if p.isModeRedirect() {
		return nil
	}
	var ports []corev1.ContainerPort
	taken := map[string]bool{}
	for _, d := range p.portRoutes() {
		free := p.freePortName(w, d, taken)
		if p.isModeFront() {
			ports = append(ports, corev1.ContainerPort{Name: free, ContainerPort: d.listen})
		} else {
			ports = append(ports, takenEntries(w, d.listen, free)...)
		}
		taken[ports[len(ports)-1].Name] = true
	}
	return ports
}

// takenEntries returns the entries of a port that the app declares, or the proxy after an
// earlier run. There are several if the port has several names or host ports.
func takenEntries(w *sidecar.Workload, port int32, free string) (entries []corev1.ContainerPort) {
	for _, c := range []*corev1.Container{w.App, w.Container(w.Name)} {
		if c == nil || len(entries) > 0 {
			continue
		}
		for _, p := range c.Ports {
			if p.ContainerPort == port && sidecar.IsTCP(p.Protocol) {
				entries = append(entries, corev1.ContainerPort{Name: p.Name, ContainerPort: port, HostPort: p.HostPort,
					HostIP: p.HostIP})
			}
		}
	}
	if entries == nil {
		entries = []corev1.ContainerPort{{ContainerPort: port}}
	}
	if entries[0].Name == "" {
		entries[0].Name = w.PortName(port, free)
	}
	return entries
}

// freePortName returns the name of a port that had none, by what is spoken there, or a longer
// one if another port of the pod has that, since Services and probes refer to ports by name.
func (p *Base) freePortName(w *sidecar.Workload, d portRoute, taken map[string]bool) string {
	name := "https"
	switch {
	case d.protocol == sidecar.TCP:
		name = "tls"
	case !p.hasCertificate():
		name = "http"
	}
	longer := fmt.Sprintf("%s-%d", name, d.listen)
	if taken[name] {
		return longer
	}
	for _, c := range pattern.RunningContainers(w) {
		for _, other := range c.Ports {
			if other.Name == name && other.ContainerPort != d.listen {
				return longer
			}
		}
	}
	for _, other := range w.Opened {
		if other.Name == name && other.ContainerPort != d.listen {
			return longer
		}
	}
	return name
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
