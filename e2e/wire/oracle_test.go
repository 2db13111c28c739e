package wire

import (
	"fmt"
	"maps"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// wrong returns why a request without credentials must not reach the app from a listener, or "" if it may.
func (set setup) wrong(socket string, raw []byte) string {
	line, _, _ := strings.Cut(string(raw), "\r\n")
	r, rest, err := whole(raw)
	switch {
	case err != nil:
		return fmt.Sprintf("no request: %v", err)
	case len(rest) > 0:
		return "more than one request"
	case upgrades(r.Header):
		return "an upgrade"
	}
	for name, values := range r.Header {
		if hidden(name) {
			return fmt.Sprintf("header %s: %q", name, values)
		}
	}
	if socket == health {
		return set.wrongProbe(line, r)
	}
	method, target, _ := strings.Cut(line, " ")
	target, version, _ := strings.Cut(target, " ")
	if strings.ToUpper(method) != method || version != "HTTP/1.1" {
		return "an odd request line"
	}
	bare, _, _ := strings.Cut(target, "?")
	for name, habit := range habits {
		if got := habit(bare); !set.isPublic(got) && !(name == "knows no upper case" && set.isPublicLower(got)) {
			return fmt.Sprintf("who %s goes to %q", name, got)
		}
	}
	if got := clean(target); strings.HasPrefix(got, "/admin") {
		return fmt.Sprintf("who cleans the query too goes to %q", got)
	}
	return ""
}

// upgrades reports whether a request asks for another protocol.
func upgrades(h http.Header) bool {
	connection := h.Get("Connection")
	return h.Get("Upgrade") != "" || h.Get("Http2-Settings") != "" || connection != "" && connection != "close"
}

// wrongProbe compares a request with those that the kubelet sends for the probes (kubernetes
// pkg/probe/http/request.go). It must be one of them, byte for byte.
func (set setup) wrongProbe(line string, r *http.Request) string {
	if r.ContentLength != 0 || len(r.TransferEncoding) > 0 {
		return "a body"
	}
	got := r.Header.Clone()
	got.Set("Host", r.Host)
	got.Del("Connection")
	if agent := got.Get("User-Agent"); kubeletAgent.MatchString(agent) {
		got.Del("User-Agent")
	}
	problem := "no probe asks that"
	for _, p := range set.probes {
		u, err := url.Parse("http://pod/" + strings.TrimPrefix(p.path, "/"))
		if err != nil {
			return err.Error()
		}
		if line != "GET "+u.RequestURI()+" HTTP/1.1" && line != "HEAD "+u.RequestURI()+" HTTP/1.1" {
			continue
		}
		want := p.sends()
		if maps.EqualFunc(want, got, slices.Equal) {
			return ""
		}
		problem = fmt.Sprintf("no probe sends these headers: %q, but %q", got, want)
	}
	return problem
}

var kubeletAgent = regexp.MustCompile(`^kube-(probe|lifecycle)/[0-9]+\.[0-9]+\+?$`)

// sends returns the headers that an app gets from a probe: those of the probe and those that the kubelet adds. Headers
// that the proxy removes, and the kubelet's User-Agent, aren't among them.
func (p probe) sends() http.Header {
	h := http.Header{}
	for _, text := range p.headers {
		name, value, _ := strings.Cut(text, ": ")
		if name = textproto.CanonicalMIMEHeaderKey(name); !hidden(name) && name != "Upgrade" && value != "" {
			h.Add(name, textproto.TrimString(value))
		}
	}
	for name, value := range map[string]string{"Host": podIP + ":8080", "Accept": "*/*"} {
		if h.Get(name) == "" {
			h.Set(name, value)
		}
	}
	h.Set("X-Forwarded-Proto", "https")
	h.Set("X-Forwarded-For", "unix:")
	return h
}

func (set setup) isPublic(p string) bool { return among(p, set.public) }

func (set setup) isPublicLower(p string) bool {
	var lower []string
	for _, path := range set.public {
		lower = append(lower, strings.ToLower(path))
	}
	return among(p, lower)
}

func among(p string, public []string) bool {
	return slices.ContainsFunc(public, func(path string) bool {
		prefix, all := strings.CutSuffix(path, "*")
		return p == path || all && strings.HasPrefix(p, prefix)
	})
}

// habits are what apps and their servers do to a path before they route it.
var habits = map[string]func(string) string{
	"takes it as it is":          func(p string) string { return p },
	"cleans it":                  clean,
	"decodes and cleans it":      func(p string) string { return clean(decode(p)) },
	"decodes it twice":           func(p string) string { return clean(decode(decode(p))) },
	"takes backslashes for /":    func(p string) string { return clean(strings.ReplaceAll(decode(p), `\`, "/")) },
	"takes parameters out":       func(p string) string { return clean(parameter.ReplaceAllString(decode(p), "")) },
	"takes ends of segments off": func(p string) string { return clean(blanks.ReplaceAllString(decode(p), "$1$2")) },
	"takes + for a blank": func(p string) string {
		return clean(blanks.ReplaceAllString(strings.ReplaceAll(decode(p), "+", " "), "$1$2"))
	},
	"takes empty segments out": func(p string) string { return clean(slashes.ReplaceAllString(p, "/")) },
	"ends at a NUL":            func(p string) string { p, _, _ = strings.Cut(decode(p), "\x00"); return clean(p) },
	"ends at a #":              func(p string) string { p, _, _ = strings.Cut(decode(p), "#"); return clean(p) },
	"knows no upper case":      func(p string) string { return strings.ToLower(clean(p)) },
	"takes control characters out": func(p string) string {
		return clean(strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f {
				return -1
			}
			return r
		}, decode(p)))
	},
}

var (
	parameter = regexp.MustCompile(`;[^/]*`)
	blanks    = regexp.MustCompile(`([^/. ])[. ]+(/|$)`)
	slashes   = regexp.MustCompile(`/+`)
)

// clean is path.Clean, except that a slash at the end stays.
func clean(p string) string {
	c := path.Clean(p)
	if strings.HasSuffix(p, "/") && c != "/" {
		c += "/"
	}
	return c
}

func decode(p string) string {
	if d, err := url.PathUnescape(p); err == nil {
		return d
	}
	return p
}

// hidden reports whether a header is in the documented table of those that name the user or change the path.
func hidden(name string) bool { return slices.Contains(documented(), name) }

var documented = sync.OnceValue(func() (names []string) {
	text, err := os.ReadFile("../../docs/identity-headers.md")
	if err != nil {
		panic(err)
	}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, " | ")
		if len(cells) != 2 || !strings.HasPrefix(line, "| ") {
			continue
		}
		for _, word := range regexp.MustCompile("`([A-Za-z0-9-]+)`").FindAllStringSubmatch(cells[1], -1) {
			names = append(names, textproto.CanonicalMIMEHeaderKey(word[1]))
		}
	}
	if len(names) < 100 {
		panic("the table of docs/identity-headers.md isn't what this reads")
	}
	return names
})
