package agent

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Validate finds errors in the entry alone.
func (p *OTelAgent) Validate() sidecar.Findings {
	var fs sidecar.Findings
	pattern.ValidateEnum("protocol", p.Protocol, &fs, OTLPgRPC, OTLPHTTP)
	p.validateEndpoint(&fs)
	p.CA.ValidateAt("ca", &fs)
	for _, name := range p.headerNames() {
		h := p.Headers[name]
		if !pattern.HeaderName().MatchString(name) {
			fs.Add(sidecar.Error, "bad-value", "headers", fmt.Sprintf("%q can't be the name of a header", name),
				"use letters, digits and dashes")
		}
		if h.SecretName == "" {
			fs.Add(sidecar.Error, "missing-field", "headers."+name+".secretName", "no Secret is named",
				"name the one that has the header's value")
		} else {
			pattern.ValidateObjectName("headers."+name+".secretName", h.SecretName, &fs)
		}
		if h.Key == "" {
			fs.Add(sidecar.Error, "missing-field", "headers."+name+".key", "no key of the Secret is named",
				"name the one that has the header's value")
		}
		pattern.ValidateKey("headers."+name+".key", h.Key, &fs)
	}
	type namedPort struct {
		field string
		port  int32
	}
	used := map[int32]string{}
	ports := []namedPort{{"grpcPort", p.grpcPort()}, {"httpPort", p.httpPort()}, {"healthPort", p.healthPort()}}
	if p.MetricsPort != 0 {
		ports = append(ports, namedPort{"metricsPort", p.MetricsPort})
	}
	for _, port := range ports {
		pattern.ValidateUnprivilegedPort(port.field, port.port, &fs)
		if other := used[port.port]; other != "" {
			fs.Add(sidecar.Error, "bad-value", port.field, fmt.Sprintf("%d is already used by %s", port.port, other),
				"write another port")
		}
		used[port.port] = port.field
	}
	return fs
}

// validateEndpoint refuses everything that the collector would read as more than an
// address.
func (p *OTelAgent) validateEndpoint(fs *sidecar.Findings) {
	const example = "write one like https://otel.example.com:4317"
	if p.Endpoint == "" {
		fs.Add(sidecar.Error, "missing-field", "endpoint", "the endpoint is missing", example)
		return
	}
	u, err := url.Parse(p.Endpoint)
	bad := func(why, hint string) { fs.Add(sidecar.Error, "bad-value", "endpoint", why, hint) }
	switch {
	case err != nil || !pattern.IsHTTP(u), u.Opaque != "" || u.Fragment != "" || u.RawQuery != "",
		!pattern.IsVisible(p.Endpoint) || strings.Contains(p.Endpoint, "$"):
		bad("it isn't a valid http or https URL", example)
		return
	case u.User != nil:
		bad("everybody who can see the ConfigMap could read the password",
			"send it as a header, from a Secret: headers: {authorization: {secretName: ..., key: ...}}")
		return
	case p.Protocol != OTLPHTTP && strings.Trim(u.Path, "/") != "":
		bad("URLs of gRPC have no path", "remove the path, or write protocol: http")
	case p.Protocol != OTLPHTTP && u.Port() == "":
		bad("no port is given", example)
	case u.Port() != "" && (leadingNumber(u.Port()) < 1 || leadingNumber(u.Port()) > 65535):
		bad(fmt.Sprintf("%q isn't a valid port", u.Port()), "write 1 to 65535")
	}
	address, err := netip.ParseAddr(u.Hostname())
	switch {
	case err == nil && (address.Zone() != "" || address.IsLoopback() || address.IsUnspecified()),
		u.Hostname() == "localhost":
		bad(fmt.Sprintf("%q is the pod itself", u.Hostname()), example)
	case err != nil && len(validation.IsDNS1123Subdomain(u.Hostname())) > 0:
		bad(fmt.Sprintf("%q isn't a valid server name", u.Hostname()), example)
	}
	switch {
	case u.Scheme != "http":
	case len(p.Headers) > 0:
		fs.Add(sidecar.Warning, "plaintext", "endpoint",
			"the headers are sent without TLS, so anybody on the network path can read them",
			"write https://")
	default:
		fs.Add(sidecar.Info, "plaintext", "endpoint", "telemetry is sent without TLS",
			"write https:// if it leaves the cluster")
	}
	if p.CA != nil && u.Scheme == "http" {
		pattern.RefuseField("ca", "the endpoint is reached without TLS", fs)
	}
}
