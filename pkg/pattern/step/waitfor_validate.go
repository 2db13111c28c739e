package step

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Validate finds errors in the entry alone.
func (p *WaitFor) Validate() sidecar.Findings {
	var fs sidecar.Findings
	if len(p.Targets) == 0 {
		fs.Add(sidecar.Error, "missing-field", "targets", "no target is given",
			"write addresses like postgres:5432, and URLs like http://search/health")
	}
	https, urls := false, false
	for i, t := range p.Targets {
		at := fmt.Sprintf("targets[%d]", i)
		if !isURL(t) {
			validateHostPort(at, t, &fs)
			continue
		}
		urls = true
		if u := validateURL(at, t, &fs); u != nil {
			https = https || u.Scheme == "https"
			if u.Scheme != "http" && u.Scheme != "https" {
				fs.Add(sidecar.Error, "bad-value", at, u.Scheme+" isn't supported",
					"write http, https, or an address like postgres:5432")
			}
		}
	}
	for _, n := range []struct {
		field    string
		value    int32
		from, to int32
	}{{"timeoutSeconds", p.TimeoutSeconds, 1, 86400}, {"intervalSeconds", p.IntervalSeconds, 1, 3600},
		{"status", p.Status, 200, 599}} {
		if n.value != 0 && (n.value < n.from || n.value > n.to) {
			fs.Add(sidecar.Error, "bad-value", n.field, fmt.Sprintf("%d is out of range", n.value),
				fmt.Sprintf("write %d to %d", n.from, n.to))
		}
	}
	if p.Status != 0 && !urls {
		pattern.RefuseField("status", "only URLs have a status", &fs)
	}
	if p.CA != nil && !https {
		pattern.RefuseField("ca", "no target is an https URL", &fs)
	}
	p.CA.ValidateAt("ca", &fs)
	return fs
}

// validateHostPort finds an invalid host:port.
func validateHostPort(at, address string, fs *sidecar.Findings) {
	host, port, err := net.SplitHostPort(address)
	n, e := strconv.ParseUint(port, 10, 16)
	if err != nil || e != nil || n == 0 || strconv.FormatUint(n, 10) != port || !hostOrAddress(host) {
		fs.Add(sidecar.Error, "bad-value", at, fmt.Sprintf("%q isn't a valid address", address),
			"write host:port, as in postgres:5432 or [2001:db8::1]:5432, or a URL")
	}
}

// hostOrAddress reports whether a text is a name or an address without a zone.
func hostOrAddress(s string) bool {
	if a, err := netip.ParseAddr(s); err == nil {
		return a.Zone() == ""
	}
	return len(validation.IsDNS1123Subdomain(strings.ToLower(strings.TrimSuffix(s, ".")))) == 0
}

// validateURL parses a URL, or returns nil and adds a finding. Messages don't show its path
// and query, which may be secret.
func validateURL(at, text string, fs *sidecar.Findings) *url.URL {
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.Host == "" || !pattern.IsVisible(text) ||
		strings.ContainsAny(text, "\"<>\\^`{|}") {
		fs.Add(sidecar.Error, "bad-value", at, "it isn't a valid URL",
			"write one like https://host/path, with special characters as %XX")
		return nil
	}
	switch _, err := strconv.ParseUint(cmp.Or(u.Port(), "1"), 10, 16); {
	case u.User != nil:
		fs.Add(sidecar.Error, "bad-value", at, "everybody could read the user or password in the URL", "remove it")
		return nil
	case !hostOrAddress(u.Hostname()) || err != nil:
		fs.Add(sidecar.Error, "bad-value", at, fmt.Sprintf("%q isn't a valid host", u.Host),
			"write a name or an address, and the port if it isn't the default")
		return nil
	case u.Fragment != "":
		fs.Add(sidecar.Error, "bad-value", at, "a fragment never reaches the server", "remove what follows #")
		return nil
	}
	return u
}
