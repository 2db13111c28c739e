package pattern

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A Gate is what all proxies in front of an app have in common: where clients
// come in, how the app makes room, and how TLS is terminated.
type Gate struct {
	// Port is where clients come in: the app's port today, the proxy's from now on.
	// Its number and name stay, so that Services, Ingresses and NetworkPolicies
	// in front stay valid. Required.
	Port int32 `json:"port"`
	// SecretName is the Secret with the certificate (tls.crt) and its key
	// (tls.key), of type kubernetes.io/tls, as cert-manager writes them. Required
	// unless certificate is given, whose Secret it names then.
	SecretName string `json:"secretName,omitempty"`
	// Certificate asks cert-manager for the certificate: a Certificate object is
	// emitted that writes the Secret.
	Certificate *Certificate `json:"certificate,omitempty"`
	// Rebind says how the app is moved to 127.0.0.1, to make room for the proxy.
	// Required.
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
	// RewriteCallers leads plain environment variables and arguments of other
	// workloads among the manifests that dial the app by http to https. Without
	// it they're reported, each with its new URL.
	RewriteCallers bool `json:"rewriteCallers,omitempty"`
}

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

// tlsKeys are the keys of a Secret of type kubernetes.io/tls.
var tlsKeys = []string{corev1.TLSCertKey, corev1.TLSPrivateKeyKey}

// Takes are the ports of the app that it takes over.
func (p *Gate) Takes() []int32 { return []int32{p.Port} }

// app is what the app gets: how it moves, and how long it goes on at the end.
func (p *Gate) app(w *sidecar.Workload) sidecar.App {
	return sidecar.App{Env: p.Rebind.env(), Args: slices.Clone(p.Rebind.Args), DrainSeconds: p.appDrain(w)}
}

// containerPort is the app's port, with its name and its port of the node:
// whoever refers to it finds the proxy.
func (p *Gate) containerPort(w *sidecar.Workload) corev1.ContainerPort {
	mine := corev1.ContainerPort{Name: w.PortName(p.Port, freeName(w, p.Port)), ContainerPort: p.Port}
	for _, c := range []*corev1.Container{w.App, w.Container(w.Name)} {
		if c == nil {
			continue
		}
		for _, theirs := range c.Ports {
			if theirs.ContainerPort == p.Port && isTCP(theirs) && theirs.HostPort != 0 {
				mine.HostPort, mine.HostIP = theirs.HostPort, theirs.HostIP
			}
		}
	}
	return mine
}

// freeName is "https", unless another port of the pod has that name: names are
// what Services and probes look for.
func freeName(w *sidecar.Workload, port int32) string {
	for _, c := range running(w) {
		for _, other := range c.Ports {
			if other.Name == "https" && other.ContainerPort != port {
				return fmt.Sprintf("https-%d", port)
			}
		}
	}
	return "https"
}

func (p *Gate) listens(f corev1.IPFamily) bool {
	return len(p.IPFamilies) == 0 || slices.Contains(p.IPFamilies, f)
}
