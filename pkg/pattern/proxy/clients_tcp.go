package proxy

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// clientURI is a URI that is one argument and nothing else: no blanks, no quotes,
// no $, which the kubelet would expand.
var clientURI = pattern.LazyRegexp(`^[a-z][a-z0-9+.-]*:[A-Za-z0-9._~:/?#@!&'*+,;=%-]+$`)

// validateTCP finds what can't be asked of clients in protocol tcp.
func (c *Clients) validateTCP(p *Base, http bool, fs *sidecar.Findings) {
	no := func(field, message, hint string) { fs.Add(sidecar.Error, "client-names", field, message, hint) }
	if c.ForwardIdentity {
		no("clients.forwardIdentity", "there are no headers in protocol tcp",
			"remove it, or give http ports a proxy of their own")
	}
	if len(c.AllowedSubjects) > 0 {
		no("clients.allowedSubjects", "nothing compares whole subjects in protocol tcp",
			"use allowedCommonNames, allowedDNSNames or allowedURIs")
	}
	for i, name := range c.AllowedDNSNames {
		if len(validation.IsDNS1123Subdomain(name)) > 0 {
			fs.Add(sidecar.Error, "bad-value", fmt.Sprintf("clients.allowedDNSNames[%d]", i),
				fmt.Sprintf("%q isn't a valid DNS name", name), "write lower case letters, digits, - and dots, as in shop.prod.svc")
		}
	}
	for i, uri := range c.AllowedURIs {
		if !clientURI().MatchString(uri) || !hasValidWildcards(uri) {
			fs.Add(sidecar.Error, "bad-value", fmt.Sprintf("clients.allowedURIs[%d]", i),
				fmt.Sprintf("%q can't be compared safely", uri),
				"write a URI, as spiffe://cluster.local/ns/shop/sa/shop; * is for a whole segment, ** for all at the end")
		}
	}
	if !c.matchesNames() {
		return
	}
	if http && len(c.AllowedCommonNames) > 0 {
		no("clients.allowedCommonNames", "nginx can compare them for http, and can't for tcp",
			"give the tcp ports a proxy of their own")
	}
	// The rest is of ghostunnel.
	if !c.areRequired() {
		no("clients.mode",
			"in protocol tcp, a client with the wrong name can't be distinguished from one without a certificate",
			"remove mode, or the lists of names")
	}
	if len(p.MorePorts) > 0 && !http {
		no("morePorts", "ghostunnel, which compares names in protocol tcp, has one port",
			"give the others a proxy of their own")
	}
	if p.TLSProfile == Modern {
		no("tlsProfile", "ghostunnel, which compares names in protocol tcp, can't refuse TLS 1.2",
			"remove it, or the lists of names")
	}
	if p.AccessLog == JSONAccessLog {
		no("accessLog", "ghostunnel, which compares names in protocol tcp, can't write JSON",
			"remove it: refused clients are logged anyway")
	}
}

// hasValidWildcards reports whether all * of a URI stand where ghostunnel takes them
// (wildcard/matcher.go): it doesn't start otherwise.
func hasValidWildcards(uri string) bool {
	segments := strings.Split(uri, "/")
	for i, s := range segments {
		if strings.Contains(s, "*") && s != "*" && (s != "**" || i < len(segments)-1) {
			return false
		}
	}
	return true
}

// matchesClientNames reports whether clients of protocol tcp are told apart by their names:
// nginx can't do that, so a ghostunnel stands in its place.
func (p *TLSProxy) matchesClientNames() bool {
	return p.Clients.matchesNames() && !slices.ContainsFunc(p.portRoutes(), func(d portRoute) bool {
		return d.protocol != sidecar.TCP
	})
}

// newGhostunnel is one in server mode. It reads a changed certificate or CA within a
// minute. The probes see its status listener: on the TLS port, each of them would
// be told as a failed handshake. Its image has no shell.
func (p *TLSProxy) newGhostunnel(w *sidecar.Workload) corev1.Container {
	d := p.portRoutes()[0]
	host := "" // both families
	switch {
	case !p.listensOn(corev1.IPv6Protocol):
		host = "0.0.0.0"
	case !p.listensOn(corev1.IPv4Protocol):
		host = "[::]"
	}
	args := []string{
		fmt.Sprintf("--listen=%s:%d", host, d.listen),
		fmt.Sprintf("--target=127.0.0.1:%d", d.app),
		"--cert=" + certsDir + "/" + corev1.TLSCertKey,
		"--key=" + certsDir + "/" + corev1.TLSPrivateKeyKey,
		"--cacert=" + clientsDir + "/" + pattern.CAKey,
	}
	for _, list := range []struct {
		flag  string
		names []string
	}{{"--allow-cn=", p.Clients.AllowedCommonNames}, {"--allow-dns=", p.Clients.AllowedDNSNames},
		{"--allow-uri=", p.Clients.AllowedURIs}} {
		for _, name := range list.names {
			args = append(args, list.flag+name)
		}
	}
	status := p.healthPort(0)
	shutdown := p.planShutdown(w)
	return corev1.Container{
		Name:    w.Name,
		Image:   pattern.GhostunnelImage.Ref,
		Command: []string{"ghostunnel", "server"},
		Args: append(args, "--timed-reload=60s", fmt.Sprintf("--shutdown-timeout=%ds", shutdown.quitSeconds(shutdown.app)),
			fmt.Sprintf("--status=http://:%d", status), "--quiet=conns"),
		Ports:     append(p.containerPorts(w), corev1.ContainerPort{ContainerPort: status}),
		Resources: pattern.GhostunnelSize.Resources(w),
		VolumeMounts: []corev1.VolumeMount{
			{Name: pattern.VolumeName(w, "certs"), MountPath: certsDir, ReadOnly: true},
			{Name: pattern.VolumeName(w, "clients"), MountPath: clientsDir, ReadOnly: true},
		},
		StartupProbe:    pattern.NewTCPProbe(status, 1, 60),
		LivenessProbe:   pattern.NewTCPProbe(status, 20, 3),
		Lifecycle:       shutdown.keepAlive(w),
		SecurityContext: pattern.RestrictedSecurityContext(pattern.GhostunnelImage),
	}
}
