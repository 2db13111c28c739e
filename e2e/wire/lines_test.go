package wire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A writer makes wrong requests out of right ones.
type writer struct {
	*rand.Rand
	targets []string // of probes and public paths
	headers []string // of probes
}

func newWriter(set setup, seed uint64) writer {
	w := writer{Rand: rand.New(rand.NewPCG(seed, 25))}
	for _, p := range set.probes {
		w.targets = append(w.targets, "/"+strings.TrimPrefix(strings.ReplaceAll(p.path, " ", "%20"), "/"))
		w.headers = append(w.headers, p.headers...)
	}
	for _, p := range set.public {
		w.targets = append(w.targets, strings.Replace(p, "*", "x.css", 1))
	}
	return w
}

// disguises are paths that some program could take for path T, though they are others.
var disguises = []string{
	"T?x=1", "/admin", "/admin/..T", "/admin/%2e%2eT", "/admin/.%2eT", "/admin/./..T", "/admin/x/..//..T",
	"http://evil/admin/..T", "http://evilT", "HTTP://evil:80T", "/admin/..;T", "/admin/..;/..T", "/admin%2f..T",
	"/admin%2f..%2fT", "/admin/%252e%252eT", "/admin\\..T", "/admin%5c..T", "//T", "//evilT", "///T", "/.T", "/..T",
	"/../..T", "T/../admin", "T/%2e%2e/admin", "T/%2E%2E/admin", "T%2f..%2fadmin", "T/..%2fadmin", "T/..;/admin",
	"T;/../admin", "T;x=1", "T%3b/../admin", "T/%252e%252e/admin", "T/..%252fadmin", "T\\..\\admin", "T/..\\admin",
	"T%5c..%5cadmin", "T/..%5cadmin", "T%00", "T%00/../admin", "T%2500", "T\x00", "T#", "T#/../admin", "T%23/../admin",
	"T%3f/../admin", "T?/../admin", "T?x#/../admin", "T/", "T//", "T/.", "T/./", "T/...", "T/.../admin", "T/..+/admin",
	"T/.+/admin", "T/.. /admin", "T/..%20/admin", "T/..%09/admin", "T/..\t/admin", "T.", "T..", "T%20", "T+",
	"T::$DATA", "T~1", "T%0d%0aX-Remote-User:%20root", "T HTTP/1.1\r\nX-Remote-User: root\r\nX: ",
	"T%c0%ae%c0%ae/admin", "T/\xc0\xae\xc0\xae/admin", "T/%u002e%u002e/admin", "T/..%ef%bc%8fadmin", "T/..%c0%afadmin",
	"*", "", "admin", "search:8080", "https://x/T", "T?" + "a=%2F..%2F..%2Fadmin", "/adminT", "/admin?T", "/admin#T",
	"/admin;T", "/%61dmin/..T", "/admin/%2e%2e/%2e%2eT", "T/%2e/%2e%2e/admin",
}

// spices are headers that could change who a client is, or what it requests.
var spices = []string{
	"X-Remote-User: root", "x-remote-group: system:masters", "X_Remote_User: root", "Remote-User: root",
	"REMOTE_USER: root", "X-Forwarded-User: root", "X-Forwarded-User:root\r\nX-Forwarded-User: root2",
	"X-Forwarded-Groups: admin", "X-Auth-Request-User: root", "X-Auth-Request-Access-Token: x", "X-WEBAUTH-USER: root",
	"X-Goog-Iap-Jwt-Assertion: x.y.z", "X-Forwarded-Client-Cert: By=x", "X-Client-CN: root", "X-Remote-User : root",
	" X-Remote-User: root", "X-Remote-User\t: root", "X: y\r\n X-Remote-User: root", "X: y\n\tX-Remote-User: root",
	"X.Remote.User: root", "X-Original-URL: /admin", "X-Rewrite-URL: /admin", "X-HTTP-Method-Override: DELETE",
	"Upgrade: h2c", "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
	"Upgrade: websocket\r\nConnection: Upgrade", "Upgrade: websocket, h2c\r\nConnection: upgrade",
	"Upgrade: WebSocket\r\nUpgrade: h2c\r\nConnection: upgrade", "Upgrade: TLS/1.0\r\nConnection: upgrade",
	"Connection: X-Forwarded-For, close", "Connection: keep-alive, Host", "Content-Length: 0", "Content-Length: 5",
	"Content-Length: 5\r\nContent-Length: 6", "Content-Length: +5", "Content-Length: 0x5", "Content-Length: 5, 5",
	"Transfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5", "Transfer-Encoding: xchunked",
	"Transfer-Encoding: chunked, chunked", "Transfer-Encoding:\vchunked", "Transfer-Encoding: identity",
	"Transfer-Encoding : chunked", "Expect: 100-continue", "Expect: 200-ok", "TE: trailers", "Host: evil", "Host: a@b",
	"Host: a/b", "Host:", "Range: bytes=0-1", "If-None-Match: *", "Cookie: _oauth2_proxy=x",
	"Authorization: Basic cm9vdDo=", "Authorization: Bearer a.b.c", "Proxy-Connection: keep-alive",
	"Accept: text/html", "X-Accel-Redirect: /admin", "Keep-Alive: 9", "Trailer: X-Remote-User",
	"X-Forwarded-For: 127.0.0.1", "X-Probe: y", "\x00: y", "X: \x00", "X: \x7f\x01", ": y", "noColon",
	"X-Forwarded-Uri: /admin",
}

var hosts = []string{
	"Host: search", "Host: search", "Host: " + podIP + ":16000", "Host: a.example", "Host: A.example",
	"Host: a.example.", "HOST: search.example", "Host: search.example:8080", "Host:b.example:8080 ",
	"Host: a.example\r\nHost: b.example:8080", "Host: " + podIP + "\r\nhost: evil", "Host: [::1]:80",
	"Host: evil/a.example", "X-Host: a.example", "Host : a.example",
}

var methods = []string{
	"GET", "GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PRI", "get", "Get",
	"G_T", "M-SEARCH", "PROPFIND", "",
}

var versions = []string{
	"HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/1.2",
	"HTTP/1.10", "http/1.1", "HTTP/1.1 ", " HTTP/1.1", "HTTP/11", "", "HTTP/1.1\t",
}

var bodies = []string{
	"", "", "hello", "5\r\nhello\r\n0\r\n\r\n", "5;x=y\r\nhello\r\n0\r\n\r\n", "5\nhello\n0\n\n",
	"0\r\n\r\nGET /admin HTTP/1.1\r\nHost: x\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n",
	"5\r\nhello\r\n0\r\nX-Remote-User: root\r\n\r\n", "GET /admin HTTP/1.1\r\nHost: x\r\n\r\n", "ffffffffffffffff\r\n",
	"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}

func choose[T any](w writer, all []T) T { return all[w.IntN(len(all))] }

// request returns one.
func (w writer) request() []byte {
	target := choose(w, w.targets)
	if w.IntN(3) > 0 {
		target = strings.ReplaceAll(choose(w, disguises), "T", target)
	}
	if w.IntN(400) == 0 {
		target += strings.Repeat(choose(w, []string{"a", "/", "/..", "%2e", "?"}), 1+w.IntN(12000))
	}
	if w.IntN(5) == 0 {
		target = w.garble(target)
	}
	var b bytes.Buffer
	end := "\r\n"
	if w.IntN(30) == 0 {
		end = choose(w, []string{"\n", "\r", "\r\r\n", "\n\r"})
	}
	method, version, blank := "GET", "HTTP/1.1", " "
	if w.IntN(6) == 0 {
		method = choose(w, methods)
	}
	if w.IntN(12) == 0 {
		version = choose(w, versions)
	}
	if w.IntN(40) == 0 {
		blank = choose(w, []string{"  ", "\t", "", "\v", " \t "})
	}
	fmt.Fprintf(&b, "%s%s%s %s%s", method, blank, target, version, end)
	if w.IntN(30) > 0 {
		b.WriteString(choose(w, hosts) + end)
	}
	for _, h := range w.headers {
		if w.IntN(2) == 0 {
			if w.IntN(12) == 0 {
				h = w.garble(h)
			}
			b.WriteString(h + end)
		}
	}
	spiced := w.IntN(3)
	for range spiced {
		spice := choose(w, spices)
		if w.IntN(12) == 0 {
			spice = w.garble(spice)
		}
		b.WriteString(spice + end)
	}
	b.WriteString(end)
	if spiced > 0 && w.IntN(6) == 0 {
		b.WriteString(choose(w, bodies))
	}
	if !bytes.HasSuffix(b.Bytes(), []byte("\r\n\r\n")) && !bytes.HasSuffix(b.Bytes(), []byte("\n\n")) {
		b.WriteString("\r\n\r\n") // so that it ends
	}
	return b.Bytes()
}

// scraps are put into texts by garble.
var scraps = []string{
	"/", "..", "%2e", "%2f", "%", ";", "\\", "//", "?", "#", " ", ".", "%00", "%25", "+", ":", "@", "/../", "/./", "\t",
	"\x80",
}

// garble changes a text a little.
func (w writer) garble(s string) string {
	b := []byte(s)
	for range 1 + w.IntN(3) {
		at := w.IntN(len(b) + 1)
		switch w.IntN(5) {
		case 0:
			b = slices.Insert(b, at, []byte(choose(w, scraps))...)
		case 1:
			b = slices.Insert(b, at, byte(w.IntN(256)))
		case 2:
			if at < len(b) {
				b = slices.Delete(b, at, at+1)
			}
		case 3:
			if at < len(b) {
				b[at] ^= 0x20
			}
		default:
			to := min(len(b), at+w.IntN(8))
			b = slices.Insert(b, at, bytes.Clone(b[at:to])...)
		}
	}
	return string(b)
}

// A client sends requests over connections that it keeps as long as nginx does.
type client struct {
	dial func() (net.Conn, error)
	conn net.Conn
	in   *bufio.Reader
	left int // requests until a new connection

	patience time.Duration // for an answer

	Sent, Answered, Unanswered, Connections int
}

// send writes requests one after the other and reads their answers. nginx is done with a request when it has answered,
// or when the connection ends.
func (c *client) send(requests ...[]byte) error {
	for len(requests) > 0 {
		batch := requests[:min(len(requests), 16)]
		if i := slices.IndexFunc(batch, several); i == 0 {
			batch = batch[:1]
		} else if i > 0 {
			batch = batch[:i]
		}
		if c.conn == nil || c.left <= 0 {
			if err := c.connect(); err != nil {
				return err
			}
		}
		done, err := c.exchange(batch)
		if err != nil {
			return err
		}
		c.Sent += done
		requests = requests[done:]
	}
	return nil
}

// several reports whether a text may be more than one request.
func several(request []byte) bool {
	return bytes.Count(request, []byte("\n\r\n"))+bytes.Count(request, []byte("\n\n")) > 1 ||
		bytes.Contains(bytes.ToLower(request), []byte("\r\ntransfer-encoding")) ||
		bytes.Contains(bytes.ToLower(request), []byte("content-length: "))
}

func (c *client) connect() (err error) {
	c.hangUp()
	if c.conn, err = c.dial(); err == nil {
		c.in = bufio.NewReader(c.conn)
		c.left = 900 // nginx ends connections after 1000
		c.Connections++
	}
	return err
}

func (c *client) hangUp() {
	if c.conn != nil {
		_ = c.conn.Close()
	}
	c.conn = nil
}

// exchange sends requests, and returns how many of them are done: at least one.
func (c *client) exchange(batch [][]byte) (done int, err error) {
	patience := max(c.patience, 30*time.Millisecond) // for a body that never comes
	if !several(batch[0]) && c.patience == 0 {
		patience = 20 * time.Second
	}
	_ = c.conn.SetDeadline(time.Now().Add(patience))
	if _, err := c.conn.Write(bytes.Join(batch, nil)); err != nil && c.in.Buffered() == 0 {
		defer c.hangUp() // it may have been answered all the same
	}
	c.left -= len(batch)
	for i, request := range batch {
		method, _, _ := bytes.Cut(bytes.TrimLeft(request, "\r\n"), []byte(" "))
		r, err := http.ReadResponse(c.in, &http.Request{Method: string(method)})
		if err == nil {
			_, err = io.Copy(io.Discard, r.Body)
		}
		if err != nil {
			var late net.Error
			if errors.As(err, &late) && late.Timeout() && !several(request) {
				c.Unanswered++
			}
			c.hangUp()
			return i + 1, nil
		}
		c.Answered++
		if r.Close || several(request) || r.StatusCode == http.StatusSwitchingProtocols {
			c.hangUp()
			return i + 1, nil
		}
	}
	return len(batch), nil
}
