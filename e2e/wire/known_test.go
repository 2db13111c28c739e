package wire

import (
	"bufio"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
)

// one returns the setup of an entry; all have the same public paths and probes.
func one(entry int) setup {
	e := entries[entry]
	set := setup{name: e.name, tls: e.tls, probes: probed[1]}
	public := ""
	if e.public {
		set.public = []string{"/static/*", "/open"}
		public = `, publicPaths: ["/static/*", "/open", "/open"]`
	}
	set.entry = fmt.Sprintf(e.entry, public)
	return set
}

// raw sends a text and returns the status of the first answer, or 0 without one.
func (s *stand) raw(t *testing.T, socket, text string) int {
	t.Helper()
	conn, err := s.dial(socket)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(pod.Patience)))
	if _, err = io.WriteString(conn, text); err != nil {
		return 0
	}
	r, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: text[:max(0, strings.IndexByte(text, ' '))]})
	if err != nil {
		return 0
	}
	_ = r.Body.Close()
	return r.StatusCode
}

func get(target string, headers ...string) string {
	return "GET " + target + " HTTP/1.1\r\nHost: search\r\n" + strings.Join(append(headers, ""), "\r\n") + "\r\n"
}

var mine = "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("alice:"+password))

// The kubelet's listener forwards the requests of all probes, also if they differ in the query only. It doesn't forward
// other spellings of them.
func TestHealthListener(t *testing.T) {
	for i := range entries {
		s := open(t, one(i))
		t.Run(s.name, func(t *testing.T) {
			const a, b = "/_cluster/health?local=true", "/_cluster/health?wait_for_status=yellow"
			for _, target := range []string{a, b} {
				request := get(target, "Cookie: a=b", "X-Original-URL: /admin", "X-Remote-User: root")
				require.Equal(t, 200, s.raw(t, health, request))
				seen := s.app[health].take()
				require.Len(t, seen, 1)
				require.Empty(t, s.wrong(health, seen[0]), "%q", seen[0])
			}
			require.Equal(t, 204, s.raw(t, health, get("/-/outrigger/ready")))
			others := []string{
				"/admin/..T", "/admin/%2e%2eT", "/admin/./..T", "/admin/x/..//../..T", "http://evil/admin/..T",
				"http://searchT", "/admin/..;T", "//T", "/.T", "T&x", "T#x", "T%00", "/_cluster%2fhealth?local=true",
				"/_cluster/health", "/_cluster/health?", "/_CLUSTER/health?local=true", "/_cluster/health/?local=true",
				"/_cluster/health?local=true?", "/", "/admin", "*",
			}
			for _, target := range others {
				status := s.raw(t, health, get(strings.ReplaceAll(target, "T", a)))
				require.Contains(t, []int{400, 404}, status, target)
			}
			for text, want := range map[string]int{
				strings.Replace(get(a), "GET", "POST", 1):                       405,
				strings.Replace(get(a), "GET", "TRACE", 1):                      405,
				strings.Replace(get(a), "GET ", "GET  ", 1):                     404,
				strings.Replace(get(a), "HTTP/1.1", "HTTP/1.0", 1):              404,
				get(a, "Content-Length: 5") + "hello":                           400,
				get(a, "Transfer-Encoding: chunked") + "0\r\n\r\n":              400,
				get("/admin", "Upgrade: h2c", "Connection: Upgrade, X"):         404,
				"CONNECT search:8080 HTTP/1.1\r\nHost: search\r\n\r\n":          400,
				"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n":                              400,
				"GET " + a + "\r\n":                                             0,
				get(a, "X-Remote-User: root\r\n", "GET /admin HTTP/1.1") + "\n": 200,
			} {
				got := s.raw(t, health, text)
				if want == 400 {
					require.Contains(t, []int{400, 405}, got, text)
					continue
				}
				require.Equal(t, want, got, text)
			}
			for _, raw := range s.app[health].take() {
				require.Empty(t, s.wrong(health, raw), "%q", raw)
			}
		})
	}
}

// A public path is public in its own spelling only. A path that some app could take for another one needs credentials,
// or is refused.
func TestPublicPaths(t *testing.T) {
	for i, e := range entries {
		if !e.public {
			continue
		}
		s := open(t, one(i))
		t.Run(s.name, func(t *testing.T) {
			public := []string{
				"/open", "/open?a=%2F..%2F", "/open?u=https://x/y", "/static/", "/static/x.css", "/static/a/b~c!d",
				"/static/.well-known/x", "/static/a..b", "/static/c++.png?v=1;2",
			}
			for _, target := range public {
				require.Equal(t, 200, s.raw(t, front, get(target)), target)
				seen := s.app[front].take()
				require.Len(t, seen, 1)
				require.True(t, strings.HasPrefix(string(seen[0]), "GET "+target+" HTTP/1.1\r\n"), "%q", seen[0])
				require.Empty(t, s.wrong(front, seen[0]), "%q", seen[0])
			}
			disguised := []string{
				"/static/../admin", "/static/%2e%2e/admin", "/static/..%2fadmin", "/static%2f..%2fadmin",
				"/static/%252e%252e/admin", "/static/..%252fadmin", "/static/..;/admin", "/static;/x", "/static/x;y",
				"/static/x%3by", "/static//x", "//static/x", "/static/./x", "/static/..\\admin", "/static\\..\\admin",
				"/static/%5c..%5cadmin", "/static/x%00", "/static/x%20y", "/static/...", "/static/../static/x",
				"/static/..+/admin", "/static/x#y", "/static/x#/../admin", "/static", "/STATIC/x", "/Open", "/open/", "/open;x",
				"/open%00", "/open%20", "/open.", "/open#", "/%6fpen", "/admin/../open", "/admin/%2e%2e/open",
				"http://search/open", "http://evil/static/x", "/static/\x80", "/static/x\x7f", "/static/x\x01",
				"/open?/../admin", "/open?x#y", "/open?x\\y", "/admin", "/admin#/open", "/admin?/open", "*",
			}
			for _, target := range disguised {
				require.Contains(t, []int{400, 401}, s.raw(t, front, get(target)), target)
			}
			require.Empty(t, s.app[front].take())
			for _, method := range []string{"TRACE", "CONNECT"} {
				request := strings.Replace(get("/open", mine), "GET", method, 1)
				require.Contains(t, []int{400, 405}, s.raw(t, front, request))
			}
			require.Empty(t, s.app[front].take())
		})
	}
}

// WebSocket is the only protocol to which a connection can be upgraded, and it takes credentials.
func TestUpgrades(t *testing.T) {
	s := open(t, one(1))
	const settings = "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"
	for upgrade, passed := range map[string]bool{
		"websocket": true, "WebSocket": true, "websocket/13": false, "websocket, h2c": false,
		"h2c": false, "H2C": false, "h2c, websocket": false, "TLS/1.0": false, "foo": false,
		"websocket\r\nUpgrade: h2c": image(t) < "docker.io/library/nginx:1.23", // the first one counts there, else both do
		"h2c\r\nUpgrade: websocket": false,
	} {
		for _, connection := range []string{"Upgrade", "upgrade, HTTP2-Settings", "keep-alive, Upgrade"} {
			for _, target := range []string{"/ws", "/static/x"} {
				request := get(target, mine, "Connection: "+connection, settings, "Upgrade: "+upgrade)
				require.Equal(t, 200, s.raw(t, front, request))
				r, rest, err := whole(s.app[front].take()[0])
				require.NoError(t, err)
				require.Empty(t, rest)
				require.Empty(t, r.Header["Http2-Settings"])
				if passed && target == "/ws" {
					require.Equal(t, []string{"websocket"}, r.Header["Upgrade"], upgrade)
					require.Equal(t, []string{"upgrade"}, r.Header["Connection"], upgrade)
					continue
				}
				require.Empty(t, r.Header["Upgrade"], "%s on %s", upgrade, target)
				require.Empty(t, r.Header["Connection"], "%s on %s", upgrade, target)
			}
		}
	}
	post := strings.Replace(get("/ws", mine, "Connection: upgrade", "Upgrade: websocket"), "GET", "POST", 1)
	require.Equal(t, 200, s.raw(t, front, post))
	r, _, err := whole(s.app[front].take()[0])
	require.NoError(t, err)
	require.Empty(t, r.Header["Upgrade"], "a WebSocket begins with GET (RFC 6455)")
}

// Headers that name the user come from the proxy alone, on every path, however a client spells and repeats them.
func TestIdentity(t *testing.T) {
	for _, i := range []int{1, 3} {
		s := open(t, one(i))
		t.Run(s.name, func(t *testing.T) {
			for _, path := range []string{"/admin", "/open"} {
				c := &client{dial: func() (net.Conn, error) { return s.dial(front) }}
				n := 0
				for _, name := range documented() {
					spellings := []string{
						name, strings.ToLower(name), strings.ToUpper(name), strings.ReplaceAll(name, "-", "_"),
						strings.ReplaceAll(name, "-", "."),
					}
					for _, spelt := range spellings {
						twice := []string{mine, spelt + ": root", spelt + ":root", "Connection: " + spelt + ", keep-alive"}
						require.NoError(t, c.send([]byte(get(path, twice...))))
						n++
					}
				}
				c.hangUp()
				all := s.app[front].take()
				require.Len(t, all, n)
				for _, raw := range all {
					r, _, err := whole(raw)
					require.NoError(t, err)
					for name, values := range r.Header {
						if path == "/admin" && rerouting(name) {
							continue
						}
						require.NotContains(t, strings.Join(values, " "), "root", "%s: %s", path, name)
					}
					user := r.Header.Get("X-Forwarded-User")
					require.Equal(t, map[string]string{"/admin": "alice", "/open": ""}[path], user)
				}
			}
		})
	}
}

// rerouting reports whether a header may change the path of a request. Clients with credentials may send it.
func rerouting(name string) bool {
	parts := []string{
		"Url", "Uri", "Path", "Method", "Script-Name", "Prefix", "Destination", "Copy", "Rename",
	}
	for _, part := range parts {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// A proxy that authenticates nobody keeps such headers: something in front of it may have set them.
func TestIdentityUntouched(t *testing.T) {
	entry := "tlsProxy: {secretName: certs, " + moved + "}"
	s := open(t, setup{name: "TLS", tls: true, probes: probed[0], entry: entry}, front)
	for _, name := range documented() {
		require.Equal(t, 200, s.raw(t, front, get("/", name+": bob")))
		r, _, err := whole(s.app[front].take()[0])
		require.NoError(t, err)
		require.Equal(t, []string{"bob"}, r.Header[name])
	}
}

// A text that could be one request for nginx and two for an app, or the other way round, is one for both, or refused.
func TestSmuggling(t *testing.T) {
	s := open(t, one(1))
	const (
		chunked = "Transfer-Encoding: chunked"
		second  = "GET /smuggled HTTP/1.1\r\nHost: search\r\n\r\n"
	)
	post := func(headers ...string) string {
		return strings.Replace(get("/upload", append([]string{mine}, headers...)...), "GET", "POST", 1)
	}
	as10 := func(request string) string { return strings.Replace(request, "HTTP/1.1", "HTTP/1.0", 1) }
	for name, text := range map[string]string{
		"TE and CL":          post("Content-Length: 4", chunked) + "0\r\n\r\n" + second,
		"CL and TE":          post(chunked, "Content-Length: 4") + "0\r\n\r\n" + second,
		"two CL":             post("Content-Length: 0", "Content-Length: 43") + second,
		"a list of CL":       post("Content-Length: 0, 43") + second,
		"a signed CL":        post("Content-Length: +43") + second,
		"a hexadecimal CL":   post("Content-Length: 0x2b") + second,
		"no CL":              post("Content-Length:") + second,
		"a large CL":         post("Content-Length: 18446744073709551616") + second,
		"odd TE":             post("Transfer-Encoding: xchunked") + "0\r\n\r\n" + second,
		"two TE":             post(chunked, "Transfer-Encoding: identity") + "0\r\n\r\n" + second,
		"a list of TE":       post("Transfer-Encoding: identity, chunked") + "0\r\n\r\n" + second,
		"TE with VT":         post("Transfer-Encoding:\vchunked") + "0\r\n\r\n" + second,
		"TE with a blank":    post("Transfer-Encoding : chunked", "Content-Length: 4") + "0\r\n\r\n" + second,
		"TE folded":          post("X: y\r\n Transfer-Encoding: chunked", "Content-Length: 4") + "0\r\n\r\n" + second,
		"TE with underscore": post("Transfer_Encoding: chunked", "Content-Length: 5") + "0\r\n\r\n" + second,
		"TE of 1.0":          as10(post(chunked)) + "0\r\n\r\n" + second,
		"chunk extension":    post(chunked) + "0;x=\"\r\n\r\n" + second,
		"chunk, bare LF":     post(chunked) + "2\nhi\n0\n\n" + second,
		"chunk, LF in one":   post(chunked) + "1;\nx\r\n0\r\n\r\n" + second,
		"chunk, negative":    post(chunked) + "-1\r\nx\r\n0\r\n\r\n" + second,
		"chunk, large":       post(chunked) + "10000000000000000\r\nx\r\n0\r\n\r\n" + second,
		"trailer": post(chunked, "Trailer: X-Remote-User") +
			"0\r\nX-Remote-User: root\r\n\r\n" + second,
		"folded":               get("/x", mine, "X: y\r\n Content-Length: 43") + second,
		"bare LF":              strings.ReplaceAll(get("/x", mine), "\r\n", "\n") + second,
		"bare CR":              get("/x", mine, "X: y\rX-Remote-User: root") + second,
		"NUL":                  get("/x", mine, "X: y\x00") + second,
		"a blank before colon": get("/x", mine, "X-Remote-User : root") + second,
		"HTTP/0.9":             "GET /x\r\n" + second,
		"HTTP/0.9 with more":   "GET /x\r\nAuthorization: x\r\n\r\n" + second,
		"a body of GET":        get("/x", mine, "Content-Length: 43") + second,
		"two Hosts":            get("/x", mine, "Host: other") + second,
		"Expect":               post("Expect: 100-continue", "Content-Length: 43") + second,
	} {
		t.Run(name, func(t *testing.T) {
			s.raw(t, front, text)
			for _, raw := range s.app[front].take() {
				r, rest, err := whole(raw)
				require.NoError(t, err, "%q", raw)
				require.Empty(t, rest, "%q", raw)
				require.NotEqual(t, "/smuggled", r.URL.Path)
				require.NotEqual(t, "root", r.Header.Get("X-Remote-User"))
				require.NotEqual(t, "root", r.Trailer.Get("X-Remote-User"))
			}
		})
	}
}

// frame is one of HTTP/2 (RFC 9113, section 4.1).
func frame(kind, flags byte, stream uint32, payload []byte) []byte {
	n := len(payload)
	head := []byte{byte(n >> 16), byte(n >> 8), byte(n), kind, flags}
	return append(binary.BigEndian.AppendUint32(head, stream), payload...)
}

// call is a request of HTTP/2, each field written out (RFC 7541, section 6.2.2).
func call(method, path string) []byte {
	var fields []byte
	headers := [][2]string{
		{":method", method}, {":scheme", "http"}, {":path", path}, {":authority", "search"},
		{"content-type", "application/grpc"}, {"te", "trailers"},
	}
	for _, f := range headers {
		fields = append(fields, 0, byte(len(f[0])))
		fields = append(fields, f[0]...)
		fields = append(fields, byte(len(f[1])))
		fields = append(fields, f[1]...)
	}
	out := append([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(4, 0, 0, nil)...)
	return append(out, frame(1, 5, 1, fields)...)
}

// The only call for the kubelet's gRPC probes is the one with their exact path.
func TestHealthGRPC(t *testing.T) {
	const check = "/grpc.health.v1.Health/Check"
	entry := "tlsProxy: {protocol: grpc, secretName: certs, " + moved + ", " +
		"clients: {ca: {secretName: ca}, forwardIdentity: true}}"
	s := open(t, setup{name: "gRPC", tls: true, grpc: true, entry: entry})
	for text, want := range map[string]int{
		string(call("POST", check)): 1, string(call("GET", check)): 0, string(call("PUT", check)): 0,
		"POST " + check + " HTTP/1.1\r\nHost: search\r\n\r\n": 0,
	} {
		require.Equal(t, want, s.asked(t, text), "%q", text)
	}
	others := []string{
		"/admin.Admin/../grpc.health.v1.Health/Check", "/admin.Admin/%2e%2e" + check, "/." + check, "/" + check,
		check + "/", check + "?x", check + "?", check + "#x", check + "%00", "/grpc.health.v1.Health%2fCheck",
		"/grpc.health.v1.health/check", "/grpc.health.v1.Health/Watch", "http://evil" + check,
		check + "/../../admin.Admin/Drop", "/grpc.health.v1.Health/./Check", "/", "*", "", check + " HTTP/2.0",
	}
	for _, path := range others {
		require.Zero(t, s.asked(t, string(call("POST", path))), path)
	}
}

// asked sends a text to the kubelet's listener without TLS, and returns how many requests reached the app.
func (s *stand) asked(t *testing.T, text string) int {
	t.Helper()
	conn, err := net.Dial("unix", filepath.Join(s.dir, health))
	require.NoError(t, err)
	s.frames(t, conn, text)
	return len(s.app[front].take())
}

// frames sends a text, and reads until a call is answered.
func (s *stand) frames(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(pod.Patience)))
	_, err := io.WriteString(conn, text)
	require.NoError(t, err)
	for head := make([]byte, 9); ; {
		if _, err := io.ReadFull(conn, head); err != nil || head[0] == 'H' {
			break // nginx has hung up, or speaks HTTP/1.1
		}
		if kind := head[3]; kind == 1 || kind == 3 || kind == 7 { // HEADERS, RST_STREAM, GOAWAY
			break
		}
		_, err := io.CopyN(io.Discard, conn, int64(head[0])<<16|int64(head[1])<<8|int64(head[2]))
		require.NoError(t, err)
	}
}

// HTTP/2 has no request line: nginx writes one, which is compared in the same way.
func TestPublicPathsHTTP2(t *testing.T) {
	s := open(t, one(2))
	requests := map[string]int{
		"/static/x": 1, "/open?x": 1, "/static/../admin": 0, "/static/%2e%2e/admin": 0, "/admin/../static/x": 0,
		"/static/..;/admin": 0, "/static//x": 0, "/static/x HTTP/1.1": 0, "/admin /static/x": 0,
		"http://evil/static/x": 0, "//static/x": 0, "/static/x#y": 0, "/static/x\r\nX-Remote-User: root": 0,
		"/static/\x00": 0, "/admin": 0, "*": 0, "": 0,
	}
	for path, want := range requests {
		conn, err := s.dial(front, "h2")
		require.NoError(t, err)
		s.frames(t, conn, string(call("GET", path)))
		seen := s.app[front].take()
		require.Len(t, seen, want, path)
		for _, raw := range seen {
			require.Empty(t, s.wrong(front, raw), "%q", raw)
		}
	}
}
