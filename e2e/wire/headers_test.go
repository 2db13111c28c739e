package wire

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// asking is a setup whose probes send headers, some of them to the same path.
func asking() setup {
	set := one(1)
	set.probes = []probe{
		{"/healthz", []string{"Host: search.example", "X-Probe: a.c", "Cookie: a=1"}},
		{"/healthz", []string{"Host: other.example", "Authorization: Basic cHJvYmU6K3M="}},
		{"/live", []string{"X-Probe: live"}},
	}
	return set
}

// Only whole requests of probes come through the kubelet's listener, with all of their headers, whatever headers a
// client sends.
func TestHealthHeaders(t *testing.T) {
	const (
		line = "GET /healthz HTTP/1.1\r\n"
		a    = line + "Host: search.example\r\nX-Probe: a.c\r\nCookie: a=1\r\n"
		b    = line + "Host: other.example\r\nAuthorization: Basic cHJvYmU6K3M=\r\n"
		live = "GET /live HTTP/1.1\r\nX-Probe: live\r\n"
	)
	swap := strings.NewReplacer
	s := open(t, asking())
	for text, want := range map[string]string{ // the app's Host; empty: it isn't asked
		a: "search.example", b: "other.example",
		live + "Host: 10.1.2.3:16000\r\n":                                             "10.1.2.3:8080",
		live + "Host: search.example\r\n":                                             "10.1.2.3:8080",
		live + "Host: [2001:db8::1]:16000\r\nAuthorization: Basic cm9vdDo=\r\n":       "10.1.2.3:8080",
		a + "Authorization: Basic cm9vdDo=\r\nAccept: ${jndi:x}\r\n":                  "search.example",
		a + "User-Agent: ${jndi:x}\r\nAccept: text/html\r\nRange: bytes=0-0\r\n":      "search.example",
		a + "User-Agent: kube-probe/1.37\r\nX_Probe: x\r\nx.probe: x\r\n":             "search.example",
		b + "X-Probe: a.c\r\n":                                                        "other.example",
		line + "Host: evil\r\n":                                                       "",
		line + "Host: 10.1.2.3:16000\r\n":                                             "",
		swap("Host: search", "Host: other").Replace(a):                                "",
		swap("Host: search", "Host: Search").Replace(a):                               "",
		swap("example\r\n", "example.\r\n").Replace(a):                                "",
		swap("example\r\n", "example:16000\r\n").Replace(a):                           "",
		swap("a.c", "abc").Replace(a):                                                 "",
		swap("a.c", "A.c").Replace(a):                                                 "",
		swap("a.c", "a.c, b").Replace(a):                                              "",
		swap("X-Probe", "X_Probe").Replace(a):                                         "",
		swap("a=1", "a=1; admin=1").Replace(a):                                        "",
		swap("K3M", "k3m").Replace(b):                                                 "",
		swap("Authorization: Basic cHJvYmU6K3M=\r\n", "").Replace(b):                  "",
		swap("GET /healthz", "GET http://search.example/healthz").Replace(a):          "",
		swap("HTTP/1.1", "HTTP/1.0").Replace(a):                                       "",
		swap("Host: search.example\r\n", "").Replace(a):                               "",
		"GET /healthz HTTP/1.1\na=1\nsearch.example\na.c\r\nHost: evil\r\n":           "",
		swap("Host: search.example", "Host: evil\r\nHost: search.example").Replace(a): "",
		live + "Host: 10.1.2.3\r\n\r\n" + line + "Host: evil\r\n":                     "10.1.2.3:8080",
		swap("live\r\n", "lives\r\n").Replace(live) + "Host: 10.1.2.3\r\n":            "",
	} {
		s.raw(t, health, text+"Connection: close\r\n\r\n")
		seen := s.app[health].take()
		if want == "" {
			require.Empty(t, seen, "%q", text)
			continue
		}
		require.Len(t, seen, 1, "%q", text)
		require.Contains(t, string(seen[0]), "\r\nHost: "+want+"\r\n", "%q", text)
		require.Empty(t, s.wrong(health, seen[0]), "%q: %q", text, seen[0])
	}
	// Releases of nginx differ in which of two Host headers they use. None of them lets the request in.
	s.raw(t, health, a[:len(line)]+"Host: search.example\r\nHost: evil\r\nX-Probe: a.c\r\nCookie: a=1\r\n\r\n")
	for _, raw := range s.app[health].take() {
		require.Empty(t, s.wrong(health, raw), "%q", raw)
	}
}

// Each probe sends its own request to the app, even if another probe has the same path, or headers that the kubelet
// sends with all probes.
func TestKubelet(t *testing.T) {
	for name, probes := range map[string][]probe{
		"one path": asking().probes, "odd values": probed[3], "headers of the proxy": probed[2],
		"none": probed[1], "spelled": probed[4], "escaped": probed[5],
		"defaults": {
			{"/healthz", []string{"User-Agent: kube-probe/1.37", "Accept: */*"}},
			{"/healthz", []string{"X-Probe: a"}},
			{"/healthz", nil},
		},
		"more": {
			{"/healthz", []string{"X-Probe: a"}},
			{"/healthz", []string{"X-Probe: a", "X-B: b"}},
			{"/healthz", []string{"X-B: b"}},
		},
		"same":       {{"/healthz", []string{"X-Probe: a"}}, {"/healthz", []string{"x-probe:  a\t"}}, {"/healthz?", nil}},
		"none of it": {{"/healthz", []string{"Accept: ", "Host: "}}, {"/live", []string{"X-B: b"}}},
		"long":       {{"/healthz", []string{"X-" + strings.Repeat("a", 62) + ": " + strings.Repeat("a.b-", 500)}}},
		"bytes":      {{"/healthz", []string{"X-Probe: \u00e9\u2028 \t!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~${request}\\n"}}},
	} {
		set := one(1)
		set.probes = probes
		t.Run(name, func(t *testing.T) {
			s := open(t, set)
			for _, p := range probes {
				var text strings.Builder
				require.NoError(t, p.request(t).Write(&text))
				require.Equal(t, 200, s.raw(t, health, text.String()), "%q", text.String())
				seen := s.app[health].take()
				require.Len(t, seen, 1)
				r, _, err := whole(seen[0])
				require.NoError(t, err)
				r.Header.Set("Host", r.Host)
				want := p.sends()
				if want.Get("User-Agent") == "" {
					want.Set("User-Agent", "kube-probe/1.37")
				}
				require.Equal(t, want, r.Header, "%q", text.String())
				require.Equal(t, p.request(t).URL.RequestURI(), r.RequestURI)
			}
		})
	}
}

// request is the kubelet's (kubernetes 1.37, pkg/probe/http/request.go).
func (p probe) request(t *testing.T) *http.Request {
	t.Helper()
	r, err := http.NewRequest("GET", "http://"+podIP+":16000/"+strings.TrimPrefix(p.path, "/"), nil)
	require.NoError(t, err)
	for _, text := range p.headers {
		name, value, _ := strings.Cut(text, ": ")
		r.Header.Add(name, value)
	}
	if _, written := r.Header["User-Agent"]; !written {
		r.Header.Set("User-Agent", "kube-probe/1.37")
	}
	if _, written := r.Header["Accept"]; !written {
		r.Header.Set("Accept", "*/*")
	}
	r.Host = r.Header.Get("Host")
	r.Close = true
	return r
}
