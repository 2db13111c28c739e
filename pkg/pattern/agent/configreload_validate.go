package agent

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Validate finds errors in the entry alone.
func (p *ConfigReload) Validate() sidecar.Findings {
	var fs sidecar.Findings
	switch {
	case p.Webhook == nil && p.Signal == nil:
		fs.Add(sidecar.Error, "missing-field", "webhook", "no way to notify the app is configured",
			"write webhook: {url: http://127.0.0.1:9090/-/reload}, or signal: {process: haproxy}, whichever the app supports")
	case p.Webhook != nil && p.Signal != nil:
		fs.Add(sidecar.Error, "bad-value", "signal", "webhook is set too", "remove one of them")
	case p.Webhook != nil:
		pattern.ValidateEnum("webhook.method", p.Webhook.Method, &fs, Post, Put, Get)
		p.Webhook.validateURL(&fs)
	default:
		pattern.ValidateEnum("signal.signal", p.Signal.Signal, &fs, HUP, USR1, USR2, TERM)
		if p.Signal.Process == "" {
			fs.Add(sidecar.Error, "missing-field", "signal.process", "no process is named",
				"write the name of the app's executable, as in haproxy")
		} else if !processName().MatchString(p.Signal.Process) {
			fs.Add(sidecar.Error, "bad-value", "signal.process",
				fmt.Sprintf("%q can't be the name of an executable", p.Signal.Process),
				"write the name of the file, without its path")
		}
	}
	for i, name := range p.Volumes {
		if slices.Contains(p.Volumes[:i], name) {
			fs.Add(sidecar.Error, "bad-value", fmt.Sprintf("volumes[%d]", i), name+" is listed twice", "remove one of them")
		}
	}
	if s := p.PeriodSeconds; s < 0 || s > 3600 {
		fs.Add(sidecar.Error, "bad-value", "periodSeconds", fmt.Sprintf("%d isn't a valid number of seconds", s),
			"write 1 to 3600")
	}
	return fs
}

// processName matches names of processes. A leading dash would make an option of a command.
var processName = pattern.LazyRegexp(`^[A-Za-z0-9_][A-Za-z0-9_.+:@-]{0,254}$`)

// validateURL finds errors in the URL. Messages never show a URL that may contain a
// password.
func (h *ReloadWebhook) validateURL(fs *sidecar.Findings) {
	const example = "write one like http://127.0.0.1:9090/-/reload"
	if h.URL == "" {
		fs.Add(sidecar.Error, "missing-field", "webhook.url", "no URL is given", example)
		return
	}
	u, err := url.Parse(h.URL)
	switch {
	case err != nil || !pattern.IsHTTP(u) || u.Host == "" || u.Opaque != "" || !pattern.IsVisible(h.URL):
		fs.Add(sidecar.Error, "bad-value", "webhook.url", "it isn't a valid http or https URL", example)
	case u.User != nil:
		fs.Add(sidecar.Error, "bad-value", "webhook.url", "everybody who can see the pod can read a password there",
			"let the app accept the request on 127.0.0.1 without a password")
	case !inPod(u.Hostname()):
		fs.Add(sidecar.Error, "bad-value", "webhook.url",
			fmt.Sprintf("%q isn't this pod, and each pod's watcher is for its own app", u.Hostname()), example)
	case u.Port() != "" && (leadingNumber(u.Port()) < 1 || leadingNumber(u.Port()) > 65535):
		fs.Add(sidecar.Error, "bad-value", "webhook.url", fmt.Sprintf("%q isn't a valid port", u.Port()), "write 1 to 65535")
	case strings.Contains(h.URL, "$"):
		fs.Add(sidecar.Error, "bad-value", "webhook.url", "the kubelet would read $ as a variable", "write it as %24")
	}
}

// inPod reports whether a host is a name or address of the pod itself.
func inPod(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback() && address.Zone() == ""
}
