package proxy

import (
	"cmp"
	"fmt"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A kubeletRequest is what the kubelet sends for an HTTP probe or hook (kubernetes
// pkg/probe/http/request.go): its target, and the headers that the probe sets, with their
// canonical names.
type kubeletRequest struct {
	target  string
	headers map[string][]string
}

// kubeletRequests returns the requests that the kubelet sends to a port: to the app's or,
// after an earlier run, to the listener's. Those with the most headers come first, since a
// request with headers also matches one without them. Headers that the kubelet may set
// itself count less.
func kubeletRequests(w *sidecar.Workload, ports ...int32) (all []kubeletRequest) {
	for _, get := range httpProbes(w, ports...) {
		all = append(all, kubeletRequest{kubeletTarget(get.Path), kubeletHeaders(get.HTTPHeaders)})
	}
	names := writtenHeaders(all)
	slices.SortFunc(all, func(a, b kubeletRequest) int {
		return cmp.Or(cmp.Compare(b.countProbeHeaders(), a.countProbeHeaders()), cmp.Compare(len(b.headers), len(a.headers)),
			cmp.Compare(a.requestRegexp(names, nil), b.requestRegexp(names, nil)))
	})
	return all
}

// countProbeHeaders counts the headers that the kubelet sends only if a probe sets them.
func (r kubeletRequest) countProbeHeaders() (n int) {
	for name := range r.headers {
		if !slices.Contains([]string{"Host", "User-Agent", "Accept", "Accept-Encoding"}, name) {
			n++
		}
	}
	return n
}

// kubeletHeaders returns the headers that the kubelet sends for those of a probe. It leaves
// out headers that the proxy sets, and names with _, which nginx ignores.
func kubeletHeaders(list []corev1.HTTPHeader) map[string][]string {
	sent := map[string][]string{}
	for _, h := range list {
		name := textproto.CanonicalMIMEHeaderKey(h.Name)
		if pattern.HeaderName().MatchString(name) && !slices.Contains(listenersOwn, name) && !hopByHop(name) &&
			!isIdentity(name) {
			sent[name] = append(sent[name], textproto.TrimString(h.Value))
		}
	}
	// Go's client sends only the first value, but all values of Accept
	for _, name := range []string{"Host", "User-Agent", "Accept"} {
		if values := sent[name]; len(values) > 1 && (name != "Accept" || values[0] == "") {
			sent[name] = values[:1]
		}
	}
	if host := sent["Host"]; len(host) > 0 && host[0] == "" {
		delete(sent, "Host")
	}
	return sent
}

// writtenHeaders returns the headers that some request sets, sorted and without duplicates.
func writtenHeaders(requests []kubeletRequest) (names []string) {
	for _, r := range requests {
		for name := range r.headers {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// probeTargets returns the targets of requests, sorted and without duplicates.
func probeTargets(requests []kubeletRequest) (targets []string) {
	for _, r := range requests {
		targets = append(targets, r.target)
	}
	slices.Sort(targets)
	return slices.Compact(targets)
}

// requestRegexp returns a regular expression for a request: the request line and the values
// of the named headers, each after a line feed, which none of them can contain. Any other
// spelling of the target is a different text, such as an absolute URL. The kubelet's client
// uses HTTP/1.1. A header that the request sets is captured under its name.
func (r kubeletRequest) requestRegexp(names []string, captured map[string]string) string {
	text := "~^(?:GET|HEAD) " + regexp.QuoteMeta(r.target) + ` HTTP/1\.1`
	for _, name := range names {
		if values, written := r.headers[name]; written {
			text += `\n(?<` + captured[name] + ">" + quoteExactly(values) + ")"
		} else {
			text += `\n[^\n]*`
		}
	}
	return text + `\z`
}

// quoteExactly returns a regular expression for a header's values, in characters that
// nginx.conf can contain. Of several values, nginx shows the first until 1.22, then all of
// them.
func quoteExactly(values []string) string {
	var b strings.Builder
	for i, value := range values {
		if i > 0 {
			b.WriteString("(?:[,;] ")
		}
		for _, c := range []byte(value) {
			switch one := string(rune(c)); {
			case plainByte().MatchString(one):
				b.WriteString(one)
			case strings.Contains(".*+", one):
				b.WriteString("[" + one + "]")
			default:
				fmt.Fprintf(&b, `\x%02x`, c)
			}
		}
	}
	return b.String() + strings.Repeat(")?", len(values)-1)
}

var plainByte = pattern.LazyRegexp(`^[A-Za-z0-9 _/=,:;@-]$`)

// oddHeaders returns a problem with the headers of requests, or "". It doesn't show values,
// which may be secret.
func oddHeaders(requests []kubeletRequest, listener int32) string {
	h := &nginxHealth{Port: listener}
	h.passRequests(requests, 0)
	if len(h.Sent) > longestWord {
		return "the headers of the probes have too many names for nginx.conf"
	}
	for _, r := range h.Requests {
		if len(r.Sent) > longestWord {
			return "the headers of a probe are too long for nginx.conf"
		}
	}
	for _, name := range writtenHeaders(requests) {
		if len(name) > longestHeader {
			return fmt.Sprintf("the header %.20s... of a probe has a name of %d characters, and nginx accepts %d here", name,
				len(name), longestHeader)
		}
	}
	for _, r := range requests {
		if host := r.headers["Host"]; len(host) > 0 && !sentHost().MatchString(host[0]) {
			return "the Host of a probe has characters that the kubelet doesn't send"
		}
	}
	return ""
}

// sentHost matches a Host that Go's client sends unchanged (golang.org/x/net/http/httpguts,
// ValidHostHeader).
var sentHost = pattern.LazyRegexp("^[A-Za-z0-9!$%&'()*+,.:;=\\[\\]_~-]+$")

const (
	// longestWord is below the 4096 bytes of nginx.conf that nginx reads at once
	// (NGX_CONF_BUFFER).
	longestWord = 4000
	// longestHeader fits into a bucket of nginx's table of headers.
	longestHeader = 64
)

// plainTarget matches a target that nginx accepts and that nginx.conf can contain: a $
// would begin a variable there.
var plainTarget = pattern.LazyRegexp(
	`^/([A-Za-z0-9_.~!&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*(\?([A-Za-z0-9_.~!&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?$`)

// longestTarget keeps a word of nginx.conf, in which each byte may be escaped, below the
// 4096 bytes that nginx reads (NGX_CONF_BUFFER).
const longestTarget = 1000

// oddTarget returns a problem with a probe's target, or "".
func oddTarget(target string) string {
	path, _, _ := strings.Cut(target, "?")
	odd := func(segment string) bool { return segment == "." || segment == ".." }
	switch {
	case len(target) > longestTarget:
		return fmt.Sprintf("has %d bytes, and nginx.conf can contain %d", len(target), longestTarget)
	case !plainTarget().MatchString(target):
		return "has characters that nginx.conf can't contain"
	case strings.Contains(path, "//"), slices.ContainsFunc(strings.Split(path, "/"), odd):
		return "can't be distinguished from others safely"
	}
	return ""
}

// kubeletTarget returns the target that the kubelet sends for a probe's path (kubernetes
// pkg/probe/http/request.go, formatURL and newProbeRequest).
func kubeletTarget(path string) string {
	u, err := url.Parse(path)
	if err != nil {
		u = &url.URL{Path: path}
	}
	u.Scheme, u.Host = "http", "pod"
	sent, err := url.Parse(u.String())
	if err != nil {
		return path // the kubelet sends nothing
	}
	return sent.RequestURI()
}

// listenersOwn are headers that a listener for the kubelet always sets.
var listenersOwn = []string{"X-Forwarded-For", "X-Forwarded-Proto"}

// hopByHop reports whether a header is about a connection or a body (RFC 9110, 7.6.1).
func hopByHop(name string) bool {
	return slices.Contains([]string{"Connection", "Content-Length", "Expect", "Http2-Settings", "Keep-Alive",
		"Proxy-Connection",
		"Te", "Trailer", "Transfer-Encoding", "Upgrade"}, name)
}

// httpProbes returns the HTTP probes and hooks of the pod's containers for these ports of
// the pod itself.
func httpProbes(w *sidecar.Workload, ports ...int32) (all []*corev1.HTTPGetAction) {
	take := func(c *corev1.Container, get *corev1.HTTPGetAction) {
		if get == nil || c.Name == w.Name || get.Host != "" && !pattern.IsLoopback(get.Host) {
			return
		}
		if slices.ContainsFunc(ports, func(p int32) bool { return sidecar.ResolvePort(c, get.Port) == p }) {
			all = append(all, get)
		}
	}
	for _, c := range probeHandlers(w) {
		for _, h := range c.probes {
			take(c.container, h.HTTPGet)
		}
		for _, h := range c.hooks {
			take(c.container, h.HTTPGet)
		}
	}
	return all
}
