package proxy

import (
	"cmp"
	_ "embed" // for the script
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// TLSProxy terminates TLS in the pod, with an nginx in front of an app that uses plain
// HTTP, gRPC or TCP. nginx takes the app's port over and the app moves to 127.0.0.1, or
// nginx has a port of its own, to which Services are changed or the pod redirects. If names of clients are
// compared in protocol tcp, a ghostunnel takes nginx's place.
type TLSProxy struct {
	Base
	// PlainHTTP is the response to plain HTTP on the TLS port: reject (400 Bad Request) or
	// redirect (308 to the same address with https). Default: reject.
	PlainHTTP PlainHTTP `json:"plainHTTP,omitempty"`
	// Clients requires certificates of the clients too (mutual TLS).
	Clients *Clients `json:"clients,omitempty"`
}

// PlainHTTP is the response to plain HTTP on a TLS port.
type PlainHTTP string

const (
	Reject   PlainHTTP = "reject"
	Redirect PlainHTTP = "redirect"
)

var _ sidecar.Pattern = (*TLSProxy)(nil)

const reloadKey = "run.sh"

// reloadScript starts nginx, and reloads it when the clients' CA changes: nginx reads a
// changed certificate of its own, but not a changed CA.
//
//go:embed files/nginx/run.sh
var reloadScript string

// nginxSize: about 10 MiB for each process when idle, 32 KiB and more for each busy
// connection, and 4 MiB for TLS sessions.
var nginxSize = pattern.Size{CPU: "20m", Memory: "32Mi", MaxMemory: "128Mi", FixedCPU: "250m"}

// Change puts nginx in front of the app.
func (p *TLSProxy) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	p = p.withDeclaredPorts(w)
	c := &sidecar.Change{
		Phase:     sidecar.PhaseProxy,
		App:       p.appMigration(w),
		Takeovers: p.clientTakeovers(w),
		Pod:       sidecar.Pod{Sysctls: p.portSysctls(w), MinGracePeriodSeconds: p.minGracePeriod(w)},
		Claims:    p.appClaims(w),
	}
	p.redirectPorts(w, c)
	object := w.ObjectName()
	secret := cmp.Or(p.SecretName, object)
	certs := pattern.SecretVolume(pattern.VolumeName(w, "certs"), secret, pattern.TLSKeys...)
	if p.matchesClientNames() {
		c.Containers = []corev1.Container{p.newGhostunnel(w)}
		c.Volumes = []corev1.Volume{certs}
	} else {
		resources := nginxSize.Resources(w)
		c.Containers = []corev1.Container{p.newNginx(w, resources)}
		c.Volumes = []corev1.Volume{pattern.ConfigMapVolume(pattern.VolumeName(w, "config"), object), certs,
			pattern.TmpVolume(pattern.VolumeName(w, "tmp"))}
		files := map[string]string{confKey: p.newNginxConf(w, resources).String()}
		if p.Clients != nil {
			files[reloadKey] = reloadScript
		}
		c.Objects = []sidecar.Object{pattern.NewConfigMap(object, files)}
	}
	if p.Clients != nil {
		c.Volumes = append(c.Volumes, p.Clients.CA.Volume(pattern.VolumeName(w, "clients")))
	}
	if r := c.Containers[0].Resources; r.Requests.Cpu().Equal(*r.Limits.Cpu()) {
		c.Notes.Add(sidecar.Info, "qos-guaranteed", "",
			"the pod keeps its QoS class Guaranteed, so requests and limits of "+w.Name+" are equal",
			"set what your load needs in override.resources")
	}
	if p.Certificate != nil {
		c.Objects = append(c.Objects, p.Certificate.ObjectsForServer(secret, p.Certificate.ServiceNames(w))...)
	}
	if policy := p.networkPolicy(w); policy != nil {
		c.Objects = append(c.Objects, *policy)
	}
	return c, nil
}

// clientTakeovers returns the takeovers with the requirement of client certificates.
func (p *TLSProxy) clientTakeovers(w *sidecar.Workload) []sidecar.Takeover {
	all := p.takeoversWithHealth(w, p.Clients.areRequired())
	for i := range all {
		all[i].ClientCertificate = p.Clients.areRequired()
	}
	return all
}

// newNginx returns nginx with the certificate and, if clients need certificates, with their
// CA.
func (p *TLSProxy) newNginx(w *sidecar.Workload, resources corev1.ResourceRequirements) corev1.Container {
	c := p.newNginxContainer(w, resources,
		corev1.VolumeMount{Name: pattern.VolumeName(w, "certs"), MountPath: certsDir, ReadOnly: true})
	if p.Clients != nil {
		c.Command = []string{"sh", confDir + "/" + reloadKey}
		c.VolumeMounts = append(c.VolumeMounts,
			corev1.VolumeMount{Name: pattern.VolumeName(w, "clients"), MountPath: clientsDir, ReadOnly: true})
	}
	p.addHealthPorts(w, &c, p.Clients.areRequired())
	return c
}

// newNginxConf returns the data of nginx.conf for a valid TLSProxy.
func (p *TLSProxy) newNginxConf(w *sidecar.Workload, given corev1.ResourceRequirements) *nginxConf {
	c := p.baseNginxConf(w, given)
	c.Pattern = "tlsProxy"
	c.Redirect = p.PlainHTTP == Redirect
	if c.Clients = p.Clients.newNginxClients(); c.Clients != nil {
		c.Identity = identityHeaders(p.Clients.identityByHeader())
	}
	p.addHealthListeners(w, c, p.Clients.areRequired())
	return c
}

// Validate finds errors in the entry alone.
func (p *TLSProxy) Validate() sidecar.Findings {
	var fs sidecar.Findings
	without := withoutTLS
	if p.Clients != nil {
		without = withoutCertificate
	}
	p.validateBase(true, without, &fs)
	pattern.ValidateEnum("plainHTTP", p.PlainHTTP, &fs, Reject, Redirect)
	if p.PlainHTTP == Redirect && p.Protocol != "" && p.Protocol != sidecar.HTTP {
		fs.Add(sidecar.Error, "bad-value", "plainHTTP", "only HTTP clients follow redirects", "remove it")
	}
	if p.Clients != nil {
		p.Clients.validateClients(&p.Base, &fs)
	}
	return fs
}

// withDeclaredPorts returns the proxy with the ports that the app declares, if the config
// names none.
func (p *TLSProxy) withDeclaredPorts(w *sidecar.Workload) *TLSProxy {
	whole := *p
	whole.Base = p.withPorts(w)
	return &whole
}

// Check finds errors in the entry for this workload.
func (p *TLSProxy) Check(w *sidecar.Workload) sidecar.Findings {
	p = p.withDeclaredPorts(w)
	fs := p.Validate() // the ports may be others for each workload
	if !fs.Failed() {
		fs = nil // the rest has been reported when the config was read
	}
	p.Base.checkBase(w, &fs)
	p.checkLeft(w, false, &fs)
	if p.Clients != nil {
		p.Clients.CA.CheckKey(w, "clients.ca", &fs)
	}
	p.checkImage(w, &fs)
	p.checkHealth(w, p.Clients.areRequired(), &fs)
	return fs
}

// checkImage finds images whose version is too old for the configuration.
func (p *TLSProxy) checkImage(w *sidecar.Workload, fs *sidecar.Findings) {
	if p.matchesClientNames() {
		return
	}
	ref := w.Image(pattern.NginxImage.Ref)
	pattern.CheckVersion(ref, fs)
	switch version := nginxRelease(ref); {
	case !version.AtLeast(1, 19, 5): // -e; certificates by variable came with 1.15.9
		fs.Add(sidecar.Error, "image-version", "", "nginx of image "+ref+" is too old", "use 1.19.5 or newer")
	case !version.AtLeast(1, 27, 4):
		fs.Add(sidecar.Info, "image-version", "", "nginx of image "+ref+" reads the certificate again at each handshake",
			"1.27.4 and newer keep it for some seconds")
	}
	if w.Override != nil && slices.ContainsFunc(w.Override.Env, func(e corev1.EnvVar) bool { return e.Name == "NGINX" }) {
		// src/core/nginx.c, ngx_add_inherited_sockets: how nginx hands over its listeners
		fs.Add(sidecar.Error, "bad-value", "",
			"nginx reads the override's variable NGINX as a list of inherited sockets and doesn't start",
			"use another name")
	}
}
