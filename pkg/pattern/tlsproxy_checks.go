package pattern

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Validate finds what is wrong with the config whatever the workload is.
func (p *TLSProxy) Validate() sidecar.Findings {
	var fs sidecar.Findings
	without := withoutTLS
	if p.Clients != nil {
		without = withoutCertificate
	}
	p.validate(true, without, &fs)
	checkEnum("plainHTTP", p.PlainHTTP, &fs, Reject, Redirect)
	if p.PlainHTTP == Redirect && p.Protocol != "" && p.Protocol != sidecar.HTTP {
		fs.Add(sidecar.Error, "bad-value", "plainHTTP", "only clients of protocol http follow redirects", "leave it out")
	}
	if p.Clients != nil {
		p.Clients.validate(&p.Gate, &fs)
	}
	return fs
}

// check finds what is wrong with the config for this workload.
func (p *TLSProxy) check(w *sidecar.Workload) sidecar.Findings {
	var fs sidecar.Findings
	p.Gate.check(w, &fs)
	if p.Clients != nil {
		p.Clients.CA.check(w, "clients.ca", &fs)
	}
	p.checkImage(w, &fs)
	p.checkHealth(w, p.Clients.required(), &fs)
	return fs
}

// checkImage finds what the image's version can't do.
func (p *TLSProxy) checkImage(w *sidecar.Workload, fs *sidecar.Findings) {
	if p.named() {
		return
	}
	ref := w.Image(nginxImage.ref)
	switch version := nginxRelease(ref); {
	case !version.atLeast(1, 19, 5): // -e; certificates by variable came with 1.15.9
		fs.Add(sidecar.Error, "image-version", "", "nginx of image "+ref+" is too old", "use 1.19.5 or newer")
	case !version.atLeast(1, 27, 4):
		fs.Add(sidecar.Info, "image-version", "", "nginx of image "+ref+" reads the certificate again at each handshake", "1.27.4 and newer keep it for some seconds")
	}
	if w.Override != nil && slices.ContainsFunc(w.Override.Env, func(e corev1.EnvVar) bool { return e.Name == "NGINX" }) {
		// src/core/nginx.c, ngx_add_inherited_sockets: how nginx hands over its listeners
		fs.Add(sidecar.Error, "bad-value", "", "nginx takes the variable NGINX of the override for a list of inherited sockets and doesn't start", "use another name")
	}
}
