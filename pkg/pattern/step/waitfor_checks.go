package step

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Validate finds what is wrong with the config whatever the workload is.
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
			checkHostPort(at, t, &fs)
			continue
		}
		urls = true
		if u := checkURL(at, t, &fs); u != nil {
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
		pattern.RefuseField("status", "only URLs have one", &fs)
	}
	if p.CA != nil && !https {
		pattern.RefuseField("ca", "no https URL is waited for", &fs)
	}
	p.CA.ValidateAt("ca", &fs)
	return fs
}

// checkHostPort finds what isn't host:port.
func checkHostPort(at, address string, fs *sidecar.Findings) {
	host, port, err := net.SplitHostPort(address)
	n, e := strconv.ParseUint(port, 10, 16)
	if err != nil || e != nil || n == 0 || strconv.FormatUint(n, 10) != port || !hostOrAddress(host) {
		fs.Add(sidecar.Error, "bad-value", at, fmt.Sprintf("%q isn't a valid address", address),
			"write host:port, as in postgres:5432 or [2001:db8::1]:5432; or a URL")
	}
}

// hostOrAddress reports whether a text is a name or an address without a zone.
func hostOrAddress(s string) bool {
	if a, err := netip.ParseAddr(s); err == nil {
		return a.Zone() == ""
	}
	return len(validation.IsDNS1123Subdomain(strings.ToLower(strings.TrimSuffix(s, ".")))) == 0
}

// checkURL reads a URL, and says what is wrong with it, but never its path or query:
// they may be secret.
func checkURL(at, text string, fs *sidecar.Findings) *url.URL {
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.Host == "" || !pattern.IsVisible(text) ||
		strings.ContainsAny(text, "\"<>\\^`{|}") {
		fs.Add(sidecar.Error, "bad-value", at, "it isn't a valid URL",
			"write one like https://host/path, with special characters as %XX")
		return nil
	}
	switch _, err := strconv.ParseUint(cmp.Or(u.Port(), "1"), 10, 16); {
	case u.User != nil:
		fs.Add(sidecar.Error, "bad-value", at, "everybody can read a user or password in a URL", "remove it")
		return nil
	case !hostOrAddress(u.Hostname()) || err != nil:
		fs.Add(sidecar.Error, "bad-value", at, fmt.Sprintf("%q isn't a valid host", u.Host),
			"write a name or an address, and a port where it's another one")
		return nil
	case u.Fragment != "":
		fs.Add(sidecar.Error, "bad-value", at, "a fragment never reaches the server", "remove what follows #")
		return nil
	}
	return u
}

// Check finds targets for which this pod would wait in vain.
func (p *WaitFor) Check(w *sidecar.Workload) sidecar.Findings {
	var fs sidecar.Findings
	pattern.CheckLinux(w, &fs)
	if p.CA != nil {
		checkSecretKeys(w, "ca.secretName", p.CA.SecretName, []string{cmp.Or(p.CA.Key, pattern.CAKey)}, &fs)
	}
	for i, t := range p.Targets {
		host, port := t, ""
		if u, err := url.Parse(t); isURL(t) && err == nil {
			if host, port = u.Hostname(), u.Port(); port == "" {
				port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
			}
		} else if h, p, err := net.SplitHostPort(t); err == nil {
			host, port = h, p
		}
		at := fmt.Sprintf("targets[%d]", i)
		if a, err := netip.ParseAddr(host); host == "localhost" || err == nil && a.IsLoopback() {
			for _, c := range w.Pod.Spec.Containers {
				if slices.Contains(w.Added, c.Name) {
					continue // it's told with what the others want
				}
				if slices.ContainsFunc(c.Ports, func(cp corev1.ContainerPort) bool {
					return sidecar.IsTCP(cp.Protocol) && strconv.Itoa(int(cp.ContainerPort)) == port
				}) {
					fs.Add(sidecar.Error, "startup-deadlock", at,
						fmt.Sprintf("container %s of this pod listens there, and starts only after this step has ended", c.Name),
						"remove it")
				}
			}
		}
		for _, s := range w.Services {
			if namesService(host, s.Ref, w.Ref.Namespace) && !s.Spec.PublishNotReadyAddresses {
				fs.Add(sidecar.Warning, "startup-deadlock", at,
					"Service "+s.Ref.Name+" leads to these pods themselves, which are ready only after this step has ended",
					"remove it, unless other pods are behind it")
			}
		}
	}
	return fs
}

// namesService reports whether a host is a Service, as pods of a namespace name it.
func namesService(host string, s sidecar.Ref, from string) bool {
	name, rest, _ := strings.Cut(strings.TrimSuffix(host, "."), ".")
	if name != s.Name {
		return false
	}
	if rest == "" {
		return s.Namespace == from
	}
	namespace, rest, _ := strings.Cut(rest, ".")
	return namespace == cmp.Or(s.Namespace, "default") && (rest == "" || rest == "svc" || strings.HasPrefix(rest, "svc."))
}

// checkSecretKeys finds Secrets of the input that lack what is to be read from them.
func checkSecretKeys(w *sidecar.Workload, field, secret string, wanted []string, fs *sidecar.Findings) {
	keys, known := w.Secrets[secret]
	if !known || secret == "" {
		return
	}
	var missing []string
	for _, k := range wanted {
		if !slices.Contains(keys, k) {
			missing = append(missing, k)
		}
	}
	if missing != nil {
		fs.Add(sidecar.Error, "secret-key", field,
			fmt.Sprintf("Secret %s has no key %s (it has %s)", secret, strings.Join(missing, ", "), pattern.JoinSorted(keys)),
			"name one that has the key, or set key")
	}
}
