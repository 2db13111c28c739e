package proxy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Clients limits the clients by their certificates (mutual TLS).
type Clients struct {
	// Mode is whether clients need a certificate: require (one without it is refused) or
	// optional (it's admitted without an identity, but an invalid certificate is refused).
	// Default: require.
	Mode ClientMode `json:"mode,omitempty"`
	// CA is the authority of the clients' certificates. A change takes effect within two
	// minutes. Required.
	CA pattern.CABundle `json:"ca"`
	// AllowedCommonNames are the CNs of clients to admit. A subject with several CNs counts
	// as one without any (in protocol tcp: the last one counts). A name from one of the
	// lists is enough. Default: without any list, all certificates of the CA are admitted.
	AllowedCommonNames []string `json:"allowedCommonNames,omitempty"`
	// AllowedSubjects are whole subjects of clients to admit, in the form of RFC 2253, with
	// the last part first: CN=alice,OU=ops,O=Example.
	AllowedSubjects []string `json:"allowedSubjects,omitempty"`
	// AllowedDNSNames are DNS names of clients to admit, from the subject alternative names
	// of their certificates. For protocol tcp only: nginx can't read them.
	AllowedDNSNames []string `json:"allowedDNSNames,omitempty"`
	// AllowedURIs are URIs of clients to admit, such as SPIFFE IDs, from the subject
	// alternative names of their certificates. * is any one segment, ** at the end is any
	// number of them. For protocol tcp only: nginx can't read them.
	AllowedURIs []string `json:"allowedURIs,omitempty"`
	// ForwardIdentity sends the client's identity to the app, in the headers
	// X-Client-Verify (SUCCESS, or NONE in mode optional), X-Client-CN, X-Client-Subject
	// and X-Client-Cert (PEM, URL-encoded). Clients can't set these headers, with or
	// without this field. Default: false.
	ForwardIdentity bool `json:"forwardIdentity,omitempty"`
}

// A ClientMode is whether clients need a certificate.
type ClientMode string

const (
	RequireClients  ClientMode = "require"
	OptionalClients ClientMode = "optional"
)

const clientsDir = "/etc/outrigger/clients" // of the clients' CA

func (c *Clients) areRequired() bool { return c != nil && c.Mode != OptionalClients }

// matchesSANs reports whether there are names that nginx can't read.
func (c *Clients) matchesSANs() bool {
	return c != nil && len(c.AllowedDNSNames)+len(c.AllowedURIs) > 0
}

// matchesNames reports whether only some clients of the CA are admitted.
func (c *Clients) matchesNames() bool {
	return c.matchesSANs() || c != nil && len(c.AllowedCommonNames)+len(c.AllowedSubjects) > 0
}

// These names need no escaping in a subject (RFC 2253), so they can be compared literally.
var (
	commonName  = pattern.LazyRegexp(`^[A-Za-z0-9]([A-Za-z0-9 ._@:/*-]*[A-Za-z0-9*])?$`)
	subjectName = pattern.LazyRegexp(`^[A-Za-z0-9.]+=[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$`)
)

func (c *Clients) validateClients(p *Base, fs *sidecar.Findings) {
	pattern.ValidateEnum("clients.mode", c.Mode, fs, RequireClients, OptionalClients)
	c.CA.ValidateAt("clients.ca", fs)
	for i, name := range c.AllowedCommonNames {
		if !commonName().MatchString(name) {
			fs.Add(sidecar.Error, "bad-value", fmt.Sprintf("clients.allowedCommonNames[%d]", i),
				fmt.Sprintf("%q can't be compared safely", name),
				"write letters, digits, spaces and . _ @ : / * -, or write the whole subject into allowedSubjects")
		}
	}
	for i, name := range c.AllowedSubjects {
		if !subjectName().MatchString(name) {
			fs.Add(sidecar.Error, "bad-value", fmt.Sprintf("clients.allowedSubjects[%d]", i),
				fmt.Sprintf("%q isn't a valid subject", name),
				"write it as RFC 2253 does, as in CN=alice,OU=ops,O=Example")
		}
	}
	http, tcp := false, false
	for _, d := range p.portRoutes() {
		http, tcp = http || d.protocol != sidecar.TCP, tcp || d.protocol == sidecar.TCP
	}
	if c.matchesSANs() && http {
		fs.Add(sidecar.Error, "client-names", "clients",
			"nginx can't match subject alternative names of client certificates",
			"use allowedCommonNames or allowedSubjects, as subject alternative names are for protocol tcp")
	}
	if tcp {
		c.validateTCP(p, http, fs)
	}
	if p.isModeFront() && !p.Closes() {
		fs.Add(sidecar.Error, "app-reachable", "networkPolicy",
			fmt.Sprintf("port %d would still accept clients without a certificate at the pod's address", p.Port),
			"remove networkPolicy, or use mode takeover")
	}
}

// nginxClients holds the clients in nginx.conf. Its words are made with quoteWord.
type nginxClients struct {
	CA       string
	Optional bool
	Names    []string // regular expressions of CNs
	Subjects []string // and of subjects
}

// identityByHeader returns the headers with the client's identity, and their values.
func (c *Clients) identityByHeader() map[string]string {
	values := map[string]string{}
	if c.ForwardIdentity {
		values["X-Client-Verify"], values["X-Client-CN"] = "$ssl_client_verify", "$client_cn"
		values["X-Client-Subject"], values["X-Client-Cert"] = "$ssl_client_s_dn", "$ssl_client_escaped_cert"
	}
	return values
}

// newNginxClients returns nil if clients need no certificates.
func (c *Clients) newNginxClients() *nginxClients {
	if c == nil {
		return nil
	}
	out := &nginxClients{CA: clientsDir + "/" + pattern.CAKey, Optional: !c.areRequired()}
	// \z and not $, which also matches before a line break; maps compare plain
	// texts without regard to case, regular expressions with.
	for _, name := range c.AllowedCommonNames {
		out.Names = append(out.Names, quoteWord("~^SUCCESS/"+regexp.QuoteMeta(name)+`\z`))
	}
	for _, name := range c.AllowedSubjects {
		out.Subjects = append(out.Subjects, quoteWord("~^SUCCESS/"+regexp.QuoteMeta(name)+`\z`))
	}
	return out
}

// Listed reports whether only some clients of the CA are admitted.
func (c *nginxClients) Listed() bool { return len(c.Names)+len(c.Subjects) > 0 }

// clientURI matches a URI that is a single argument: without blanks and quotes, and without
// $, which the kubelet would expand.
var clientURI = pattern.LazyRegexp(`^[a-z][a-z0-9+.-]*:[A-Za-z0-9._~:/?#@!&'*+,;=%-]+$`)

// validateTCP finds fields that have no effect in protocol tcp.
func (c *Clients) validateTCP(p *Base, http bool, fs *sidecar.Findings) {
	refuse := func(field, message, hint string) { fs.Add(sidecar.Error, "client-names", field, message, hint) }
	if c.ForwardIdentity {
		refuse("clients.forwardIdentity", "there are no headers in protocol tcp",
			"remove it, or give http ports a proxy of their own")
	}
	if len(c.AllowedSubjects) > 0 {
		refuse("clients.allowedSubjects", "nothing compares whole subjects in protocol tcp",
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
				"write a URI like spiffe://cluster.local/ns/shop/sa/shop, with * for one segment or ** for all at the end")
		}
	}
	if !c.matchesNames() {
		return
	}
	if http && len(c.AllowedCommonNames) > 0 {
		refuse("clients.allowedCommonNames", "nginx can compare them for http, and can't for tcp",
			"give the tcp ports a proxy of their own")
	}
	// The rest is for ghostunnel.
	if !c.areRequired() {
		refuse("clients.mode",
			"in protocol tcp, a client with the wrong name can't be distinguished from one without a certificate",
			"remove mode, or the lists of names")
	}
	if len(p.MorePorts) > 0 && !http {
		refuse("morePorts", "ghostunnel, which compares names in protocol tcp, has one port",
			"give the others a proxy of their own")
	}
	if p.TLSProfile == Modern {
		refuse("tlsProfile", "ghostunnel, which compares names in protocol tcp, can't refuse TLS 1.2",
			"remove it, or the lists of names")
	}
	if p.AccessLog == JSONAccessLog {
		refuse("accessLog", "ghostunnel, which compares names in protocol tcp, can't write JSON",
			"remove it: refused clients are logged anyway")
	}
}

// hasValidWildcards reports whether each * of a URI is where ghostunnel accepts it
// (wildcard/matcher.go). Otherwise it wouldn't start.
func hasValidWildcards(uri string) bool {
	segments := strings.Split(uri, "/")
	for i, s := range segments {
		if strings.Contains(s, "*") && s != "*" && (s != "**" || i < len(segments)-1) {
			return false
		}
	}
	return true
}

// matchesClientNames reports whether the proxy compares names of clients in protocol tcp.
// nginx can't do that, so a ghostunnel takes its place.
func (p *TLSProxy) matchesClientNames() bool {
	return p.Clients.matchesNames() && !slices.ContainsFunc(p.portRoutes(), func(d portRoute) bool {
		return d.protocol != sidecar.TCP
	})
}

// newGhostunnel returns a ghostunnel in server mode. It reads a changed certificate or CA
// within a minute. The probes connect to its status listener: on the TLS port, it would log
// each probe as a failed handshake. Its image has no shell.
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
		Image:   w.Pulled(pattern.GhostunnelImage.Ref),
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
