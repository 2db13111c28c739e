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
// pkg/probe/http/request.go): its target, and the headers that the probe writes, by
// names in their canonical form.
type kubeletRequest struct {
	target  string
	headers map[string][]string
}

// kubeletRequests are those that the kubelet sends to a port, for probes and hooks that
// name the app's or, after an earlier run, the listener's. Those that write the most
// headers come first: a request with them is one without them as well. Headers that the
// kubelet itself may write in the same way count less.
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

// countProbeHeaders is how many headers the request has that the kubelet writes for probes alone.
func (r kubeletRequest) countProbeHeaders() (n int) {
	for name := range r.headers {
		if !slices.Contains([]string{"Host", "User-Agent", "Accept", "Accept-Encoding"}, name) {
			n++
		}
	}
	return n
}

// kubeletHeaders are the headers that the kubelet sends for those of a probe, but for
// those that are the proxy's affair, and those with a _, which nginx doesn't take.
func kubeletHeaders(list []corev1.HTTPHeader) map[string][]string {
	sent := map[string][]string{}
	for _, h := range list {
		name := textproto.CanonicalMIMEHeaderKey(h.Name)
		if pattern.HeaderName().MatchString(name) && !slices.Contains(listenersOwn, name) && !hopByHop(name) &&
			!isIdentity(name) {
			sent[name] = append(sent[name], textproto.TrimString(h.Value))
		}
	}
	// Go's client sends the first one, or by default all of Accept
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

// writtenHeaders are the headers that some request writes, in order and each once.
func writtenHeaders(requests []kubeletRequest) (names []string) {
	for _, r := range requests {
		for name := range r.headers {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// probeTargets are the targets of requests, in order and each once.
func probeTargets(requests []kubeletRequest) (targets []string) {
	for _, r := range requests {
		targets = append(targets, r.target)
	}
	slices.Sort(targets)
	return slices.Compact(targets)
}

// requestRegexp is a regular expression for what is sent: the request line and, each after
// a line feed, which none of them can have, the values of the named headers. No other
// spelling of the target is the same text, an absolute one neither. The kubelet's own
// client speaks HTTP/1.1. A header that the request writes is captured by its name.
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

// quoteExactly is a regular expression for a header's values, in characters that nginx.conf
// can hold. Of several, nginx shows the first one until 1.22, then all of them.
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

// oddHeaders says what is wrong with the headers of requests, if anything is. Values
// aren't named: they may be secret.
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
			return fmt.Sprintf("the header %.20s... of a probe has a name of %d characters; nginx takes %d here", name,
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

// sentHost is a Host that Go's client sends as it is (golang.org/x/net/http/httpguts,
// ValidHostHeader); others it leaves out or writes in another way.
var sentHost = pattern.LazyRegexp("^[A-Za-z0-9!$%&'()*+,.:;=\\[\\]_~-]+$")

const (
	// longestWord is below the 4096 bytes of nginx.conf that nginx reads at once
	// (NGX_CONF_BUFFER).
	longestWord = 4000
	// longestHeader fits into a bucket of nginx's table of headers.
	longestHeader = 64
)

// plainTarget is a target that nginx takes, and that its configuration can hold: a $
// would begin a variable there.
var plainTarget = pattern.LazyRegexp(
	`^/([A-Za-z0-9_.~!&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*(\?([A-Za-z0-9_.~!&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?$`)

// longestTarget keeps a word of nginx.conf, where each byte may be escaped, below
// the 4096 bytes that nginx reads (NGX_CONF_BUFFER).
const longestTarget = 1000

// oddTarget says what is wrong with a probe's target, if anything is.
func oddTarget(target string) string {
	path, _, _ := strings.Cut(target, "?")
	odd := func(segment string) bool { return segment == "." || segment == ".." }
	switch {
	case len(target) > longestTarget:
		return fmt.Sprintf("has %d bytes; nginx.conf can hold %d", len(target), longestTarget)
	case !plainTarget().MatchString(target):
		return "has characters that nginx.conf can't hold"
	case strings.Contains(path, "//"), slices.ContainsFunc(strings.Split(path, "/"), odd):
		return "can't be told from others safely"
	}
	return ""
}

// kubeletTarget is what the kubelet writes into its request for a probe's path
// (kubernetes pkg/probe/http/request.go, formatURL and newProbeRequest).
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

// listenersOwn are headers that a listener for the kubelet writes in any case.
var listenersOwn = []string{"X-Forwarded-For", "X-Forwarded-Proto"}

// hopByHop reports whether a header is about a connection or a body (RFC 9110, 7.6.1).
func hopByHop(name string) bool {
	return slices.Contains([]string{"Connection", "Content-Length", "Expect", "Http2-Settings", "Keep-Alive",
		"Proxy-Connection",
		"Te", "Trailer", "Transfer-Encoding", "Upgrade"}, name)
}

// httpProbes are the HTTP probes and hooks of the pod's containers that ask these ports of
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
