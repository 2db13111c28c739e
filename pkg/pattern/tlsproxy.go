package pattern

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// TLSProxy terminates TLS in the pod, in an nginx in front of an app that speaks
// plain HTTP: nginx takes the app's port over and the app moves to 127.0.0.1.
type TLSProxy struct {
	// Port is where clients come in: the app's port today, nginx's from now on.
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
	// Rebind says how the app is moved to 127.0.0.1, to make room for nginx.
	// Required.
	Rebind *Rebind `json:"rebind,omitempty"`
	// TLSProfile is the TLS configuration by Mozilla's guideline 6.0:
	// intermediate (TLS 1.2 and 1.3) or modern (TLS 1.3 only). Default:
	// intermediate.
	TLSProfile TLSProfile `json:"tlsProfile,omitempty"`
	// PlainHTTP is what a client gets that speaks plain HTTP on the TLS port:
	// reject (400 Bad Request) or redirect (308 to the same address with https).
	// Default: reject.
	PlainHTTP PlainHTTP `json:"plainHTTP,omitempty"`
	// DrainSeconds is how long the app still serves when its pod is to go, in
	// seconds, so that everyone in front has taken the pod out first. 0 turns it
	// off. Default: 5.
	DrainSeconds *int64 `json:"drainSeconds,omitempty"`
	// AccessLog is what nginx writes to its standard output: none, or json (one
	// object per request). Default: none.
	AccessLog AccessLog `json:"accessLog,omitempty"`
	// IPFamilies are the families of the addresses that nginx listens on, IPv4
	// and IPv6. Default: both, which fails only on nodes whose kernel has no IPv6
	// at all.
	IPFamilies []corev1.IPFamily `json:"ipFamilies,omitempty"`
}

// Rebind says how an app is moved from all addresses of its pod to 127.0.0.1.
type Rebind struct {
	// Port is where the app listens from now on, on 127.0.0.1. Required.
	Port int32 `json:"port"`
	// Env are environment variables that make the app do so. Write the address as
	// 127.0.0.1, since localhost may be ::1.
	Env map[string]string `json:"env,omitempty"`
	// Args are command line arguments that make the app do so. They're appended.
	Args []string `json:"args,omitempty"`
}

// A TLSProfile names a configuration of Mozilla's guideline for TLS servers.
type TLSProfile string

const (
	Intermediate TLSProfile = "intermediate"
	Modern       TLSProfile = "modern"
)

// PlainHTTP says how plain HTTP on a TLS port is answered.
type PlainHTTP string

const (
	Reject   PlainHTTP = "reject"
	Redirect PlainHTTP = "redirect"
)

// An AccessLog is a form of the log of requests.
type AccessLog string

const (
	NoAccessLog   AccessLog = "none"
	JSONAccessLog AccessLog = "json"
)

var _ sidecar.Pattern = (*TLSProxy)(nil)

// tlsKeys are the keys of a Secret of type kubernetes.io/tls.
var tlsKeys = []string{corev1.TLSCertKey, corev1.TLSPrivateKeyKey}

// nginxSize: some 10 MiB per process when idle, 32 KiB and more per busy
// connection, 4 MiB of TLS sessions.
var nginxSize = size{cpu: "20m", memory: "32Mi", maxMemory: "128Mi", fixedCPU: "250m"}

// Change puts nginx in front of the app.
func (p *TLSProxy) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	notes := p.check(w)
	if mine := p.Validate(); mine.Failed() {
		return nil, append(mine, notes...)
	} else if notes.Failed() {
		return nil, notes // whoever reads configs has told what else is in mine
	}
	resources := nginxSize.resources(w)
	if resources.Requests.Cpu().Equal(*resources.Limits.Cpu()) {
		notes.Add(sidecar.Info, "qos-guaranteed", "", "the pod is of QoS class Guaranteed and stays it: requests and limits of "+w.Name+" are equal",
			"give it what your load needs by override.resources")
	}
	object := w.ObjectName()
	secret := or(p.SecretName, object)
	objects := []sidecar.Object{configMap(object, map[string]string{confKey: p.conf(w, resources).String()})}
	if p.Certificate != nil {
		objects = append(objects, p.Certificate.object(secret, p.Certificate.names(w)))
	}
	return &sidecar.Change{
		Phase:      sidecar.PhaseProxy,
		Containers: []corev1.Container{p.container(w, resources)},
		Volumes: []corev1.Volume{
			configVolume(volume(w, "config"), object),
			secretVolume(volume(w, "certs"), secret, tlsKeys...),
			tmpVolume(volume(w, "tmp")),
		},
		App:       sidecar.App{Env: p.Rebind.env(), Args: slices.Clone(p.Rebind.Args), DrainSeconds: p.appDrain(w)},
		Takeovers: []sidecar.Takeover{{Port: p.Port, AppPort: p.Rebind.Port, Scheme: corev1.URISchemeHTTPS}},
		Pod:       sidecar.Pod{Sysctls: p.sysctls(w)},
		Objects:   objects,
		Claims:    []sidecar.Claim{{Port: p.Rebind.Port, For: "container " + w.App.Name + ", moved to 127.0.0.1"}},
		Notes:     notes,
	}, nil
}

// Takes are the ports of the app that it takes over.
func (p *TLSProxy) Takes() []int32 { return []int32{p.Port} }

// container is nginx. Its command skips the image's entrypoint, whose scripts
// want to write to the root file system. There is no readiness probe: the app's
// own goes through nginx and speaks for both.
func (p *TLSProxy) container(w *sidecar.Workload, resources corev1.ResourceRequirements) corev1.Container {
	return corev1.Container{
		Name:      w.Name,
		Image:     nginxImage.ref,
		Command:   []string{"nginx", "-e", "stderr", "-c", confFile, "-g", "daemon off;"},
		Ports:     []corev1.ContainerPort{p.containerPort(w)},
		Resources: resources,
		VolumeMounts: []corev1.VolumeMount{
			{Name: volume(w, "config"), MountPath: confDir, ReadOnly: true},
			{Name: volume(w, "certs"), MountPath: certsDir, ReadOnly: true},
			{Name: volume(w, "tmp"), MountPath: "/tmp"},
		},
		StartupProbe:    tcpProbe(p.Port, 1, 60),
		LivenessProbe:   tcpProbe(p.Port, 20, 3),
		Lifecycle:       p.shutdown(w).preStop(w),
		SecurityContext: restricted(nginxImage),
	}
}

// containerPort is the app's port, with its name and its port of the node:
// whoever refers to it finds nginx.
func (p *TLSProxy) containerPort(w *sidecar.Workload) corev1.ContainerPort {
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

// env is sorted by name: maps have no order.
func (r *Rebind) env() []sidecar.EnvVar {
	var env []corev1.EnvVar
	for _, name := range slices.Sorted(maps.Keys(r.Env)) {
		env = append(env, corev1.EnvVar{Name: name, Value: r.Env[name]})
	}
	return sidecar.Vars(env...)
}

// volume is the name of one of the sidecar's volumes.
func volume(w *sidecar.Workload, what string) string { return sidecar.Shorten(w.Name+"-"+what, 63) }
