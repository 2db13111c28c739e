package proxy

import (
	"fmt"
	"regexp"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Clients says which clients may come in by their certificates (mutual TLS).
type Clients struct {
	// Mode is require (a client without a certificate is refused) or optional (it
	// comes in without an identity; a certificate that isn't valid is refused all
	// the same). Default: require.
	Mode ClientMode `json:"mode,omitempty"`
	// CA is the authority that the clients' certificates must come from. A changed
	// one counts within two minutes. Required.
	CA pattern.CABundle `json:"ca"`
	// AllowedCommonNames are the CNs of the clients that may come in. A
	// certificate whose subject has several CNs has none (in protocol tcp: the
	// last one). One name of one list suffices; without any list, all
	// certificates of the CA do.
	AllowedCommonNames []string `json:"allowedCommonNames,omitempty"`
	// AllowedSubjects are the whole subjects of clients that may come in too, as
	// RFC 2253 writes them, the last part first: CN=alice,OU=ops,O=Example.
	AllowedSubjects []string `json:"allowedSubjects,omitempty"`
	// AllowedDNSNames are the DNS names of clients that may come in, in the subject
	// alternative names of their certificates. For protocol tcp: nginx doesn't see
	// them.
	AllowedDNSNames []string `json:"allowedDNSNames,omitempty"`
	// AllowedURIs are the URIs of clients that may come in, such as SPIFFE IDs, in
	// the subject alternative names of their certificates. A segment * is any one,
	// ** at the end is all that follow. For protocol tcp: nginx doesn't see them.
	AllowedURIs []string `json:"allowedURIs,omitempty"`
	// ForwardIdentity tells the app who the client is, in the headers
	// X-Client-Verify (SUCCESS, or NONE in mode optional), X-Client-CN,
	// X-Client-Subject and X-Client-Cert (PEM, URL-encoded). Clients can't write
	// them themselves: without it, they never arrive.
	ForwardIdentity bool `json:"forwardIdentity,omitempty"`
}

// A ClientMode says whether clients need a certificate.
type ClientMode string

const (
	RequireClients  ClientMode = "require"
	OptionalClients ClientMode = "optional"
)

const clientsDir = "/etc/outrigger/clients" // where the clients' CA is

func (c *Clients) areRequired() bool { return c != nil && c.Mode != OptionalClients }

// matchesSANs reports whether names are asked for that nginx doesn't see.
func (c *Clients) matchesSANs() bool {
	return c != nil && len(c.AllowedDNSNames)+len(c.AllowedURIs) > 0
}

// matchesNames reports whether only some clients of the CA may come in.
func (c *Clients) matchesNames() bool {
	return c.matchesSANs() || c != nil && len(c.AllowedCommonNames)+len(c.AllowedSubjects) > 0
}

// Names are checked for what needs no escaping in a subject (RFC 2253), so that
// they're compared as they're written.
var (
	commonName  = pattern.LazyRegexp(`^[A-Za-z0-9]([A-Za-z0-9 ._@:/*-]*[A-Za-z0-9*])?$`)
	subjectName = pattern.LazyRegexp(`^[A-Za-z0-9.]+=[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$`)
)

func (c *Clients) validateClients(p *Base, fs *sidecar.Findings) {
	pattern.CheckEnum("clients.mode", c.Mode, fs, RequireClients, OptionalClients)
	c.CA.ValidateAt("clients.ca", fs)
	for i, name := range c.AllowedCommonNames {
		if !commonName().MatchString(name) {
			fs.Add(sidecar.Error, "bad-value", fmt.Sprintf("clients.allowedCommonNames[%d]", i),
				fmt.Sprintf("%q can't be compared safely", name),
				"write letters, digits, spaces and . _ @ : / * -; or the whole subject into allowedSubjects")
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
			"use allowedCommonNames or allowedSubjects; subject alternative names are for protocol tcp")
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

// nginxClients is what nginx.conf says of clients. Its words are made by quote.
type nginxClients struct {
	CA       string
	Optional bool
	Names    []string // regular expressions of CNs
	Subjects []string // and of subjects
}

// identityByHeader is what the app is told of the client, by header.
func (c *Clients) identityByHeader() map[string]string {
	values := map[string]string{}
	if c.ForwardIdentity {
		values["X-Client-Verify"], values["X-Client-CN"] = "$ssl_client_verify", "$client_cn"
		values["X-Client-Subject"], values["X-Client-Cert"] = "$ssl_client_s_dn", "$ssl_client_escaped_cert"
	}
	return values
}

// newNginxClients is nil where clients aren't asked for certificates.
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

// Listed reports whether only some clients of the CA may come in.
func (c *nginxClients) Listed() bool { return len(c.Names)+len(c.Subjects) > 0 }
