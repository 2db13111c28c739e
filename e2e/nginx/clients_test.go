package nginx

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/certs"
	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/e2e/servers"
	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/proxy"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

const healthPort = 16000

// issueClient signs a certificate for a client.
func issueClient(t *testing.T, ca *certs.Authority, subject pkix.Name) tls.Certificate {
	t.Helper()
	return ca.Issue(t, x509.Certificate{Subject: subject, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
}

// A guard is an nginx that asks clients for certificates of an authority.
type guard struct {
	*stage
	clients *certs.Authority
	ca      *pod.Volume
}

func setClients(t *testing.T, app http.HandlerFunc, clients proxy.Clients, edits ...func(*proxy.TLSProxy)) *guard {
	t.Helper()
	clients.CA = pattern.CABundle{SecretName: "clients-ca"}
	edits = append(edits, func(p *proxy.TLSProxy) { p.Clients = &clients })
	g := &guard{
		stage:   &stage{t: t, r: renderProxy(t, edits...), ca: certs.NewAuthority(t, "test authority")},
		clients: certs.NewAuthority(t, "test authority"),
	}
	g.address = g.r.address()
	g.certs, g.stage.certs = g.stage.certs, pod.NewVolume(t, issueServer(t, g.stage.ca, 1))
	g.ca = pod.NewVolume(t, g.clients.Bundle())
	g.r.more[g.r.mount("tls-proxy-clients")] = g.ca
	if app != nil {
		serve(t, app)
	}
	g.container = start(t, g.r, g.stage.certs)
	return g
}

// as is a client with a certificate, or without one.
func (g *guard) as(certs ...tls.Certificate) *http.Client {
	c := g.client(false)
	c.Transport.(*http.Transport).TLSClientConfig.Certificates = certs
	return c
}

// ask gives status and body of a request.
func ask(t *testing.T, c *http.Client, method, url string, header http.Header) (int, string) {
	t.Helper()
	r, err := http.NewRequest(method, url, nil)
	require.NoError(t, err)
	if header != nil {
		r.Header = header
	}
	resp, err := c.Do(r)
	body := text(t, resp, err)
	return resp.StatusCode, body
}

const there = "https://" + serverName + ":9200/"

func TestClientsRequired(t *testing.T) {
	g := setClients(t, headers, proxy.Clients{
		AllowedCommonNames: []string{"alice", "a.b"},
		AllowedSubjects:    []string{"CN=robot,OU=ops,O=Example"},
		ForwardIdentity:    true,
	})
	of := func(organisation string) []string { return []string{organisation} }
	both := func(names ...string) (all []pkix.AttributeTypeAndValue) {
		for _, name := range names {
			all = append(all, pkix.AttributeTypeAndValue{Type: []int{2, 5, 4, 3}, Value: name})
		}
		return all
	}
	robot := pkix.Name{CommonName: "robot", OrganizationalUnit: []string{"ops"}}
	whole := robot
	whole.Organization = of("Example")
	for name, c := range map[string]struct {
		subject pkix.Name
		want    int
	}{
		"alice":                   {pkix.Name{CommonName: "alice"}, 200},
		"alice of an O":           {pkix.Name{CommonName: "alice", Organization: of("x")}, 200},
		"a dot is a dot":          {pkix.Name{CommonName: "aXb"}, 403},
		"another case":            {pkix.Name{CommonName: "Alice"}, 403},
		"a beginning":             {pkix.Name{CommonName: "alice2"}, 403},
		"an end":                  {pkix.Name{CommonName: "malice"}, 403},
		"a line break":            {pkix.Name{CommonName: "alice\n"}, 403},
		"bob":                     {pkix.Name{CommonName: "bob"}, 403},
		"a whole subject":         {whole, 200},
		"a part of it":            {robot, 403},
		"a name in an O":          {pkix.Name{CommonName: "bob", Organization: of("x,CN=alice")}, 403},
		"one in an O, none":       {pkix.Name{Organization: of("x,CN=alice")}, 403},
		"behind a backslash":      {pkix.Name{Organization: of(`x\,CN=alice`)}, 403},
		"with a plus":             {pkix.Name{Organization: of("x+CN=alice")}, 403},
		"two names":               {pkix.Name{ExtraNames: both("alice", "bob")}, 403},
		"and the other way":       {pkix.Name{ExtraNames: both("bob", "alice")}, 403},
		"an empty name isn't one": {pkix.Name{Organization: of("x")}, 403},
	} {
		t.Run(name, func(t *testing.T) {
			got, body := ask(t, g.as(issueClient(t, g.clients, c.subject)), "GET", there, nil)
			require.Equal(t, c.want, got, body)
		})
	}
	alice := pkix.Name{CommonName: "alice"}
	for name, certs := range map[string][]tls.Certificate{
		"nobody":              nil,
		"a foreign authority": {issueClient(t, certs.NewAuthority(t, "test authority"), alice)},
		"the server's own":    {issueClient(t, g.stage.ca, alice)},
	} {
		t.Run(name, func(t *testing.T) {
			got, body := ask(t, g.as(certs...), "GET", there, nil)
			require.Equal(t, 400, got, body)
		})
	}

	spoofed := http.Header{}
	for _, name := range []string{"X-Client-Verify", "X-Client-CN", "X-Client-Subject", "X-Client-Cert", "X_Client_CN"} {
		spoofed[name] = []string{"root"}
	}
	_, body := ask(t, g.as(issueClient(t, g.clients, pkix.Name{CommonName: "alice", Organization: []string{"x,y"}})),
		"GET", there, spoofed)
	var seen http.Header
	require.NoError(t, json.Unmarshal([]byte(body), &seen))
	require.NotContains(t, body, "root")
	require.Equal(t, []string{"SUCCESS"}, seen["X-Client-Verify"])
	require.Equal(t, []string{"alice"}, seen["X-Client-Cn"])
	require.Equal(t, []string{`CN=alice,O=x\,y`}, seen["X-Client-Subject"])
	cert, err := url.QueryUnescape(seen.Get("X-Client-Cert"))
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(cert, "-----BEGIN CERTIFICATE-----\n"), cert)
}

// headers answers with those of the request.
func headers(w http.ResponseWriter, r *http.Request) {
	_ = json.NewEncoder(w).Encode(r.Header)
}

func TestClientsOptional(t *testing.T) {
	g := setClients(t, headers, proxy.Clients{
		Mode:               proxy.OptionalClients,
		AllowedCommonNames: []string{"alice"},
		ForwardIdentity:    true,
	})
	seen := func(c *http.Client) http.Header {
		status, body := ask(t, c, "GET", there, http.Header{"X-Client-Cn": {"root"}})
		require.Equal(t, 200, status)
		var h http.Header
		require.NoError(t, json.Unmarshal([]byte(body), &h))
		return h
	}
	h := seen(g.as())
	require.Equal(t, []string{"NONE"}, h["X-Client-Verify"])
	require.Empty(t, h["X-Client-Cn"])
	h = seen(g.as(issueClient(t, g.clients, pkix.Name{CommonName: "alice"})))
	require.Equal(t, []string{"alice"}, h["X-Client-Cn"])
	for want, cert := range map[int]tls.Certificate{
		403: issueClient(t, g.clients, pkix.Name{CommonName: "bob"}),
		400: issueClient(t, certs.NewAuthority(t, "test authority"), pkix.Name{CommonName: "alice"}), // not as one without
	} {
		status, _ := ask(t, g.as(cert), "GET", there, nil)
		require.Equal(t, want, status)
	}
}

// Without a wish for it no identity arrives, whoever writes it.
func TestClientsUntold(t *testing.T) {
	g := setClients(t, headers, proxy.Clients{})
	_, body := ask(t, g.as(issueClient(t, g.clients, pkix.Name{CommonName: "alice"})), "GET", there,
		http.Header{"X-Client-Cn": {"root"}})
	require.NotContains(t, strings.ToLower(body), "x-client")
}

func TestHealthListener(t *testing.T) {
	app := func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Method+" "+r.RequestURI+" "+r.Host) }
	g := setClients(t, app, proxy.Clients{})
	at := fmt.Sprintf("127.0.0.1:%d", healthPort)
	kubelet := g.as()
	kubelet.Transport.(*http.Transport).DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", at)
	}
	for request, want := range map[string]string{
		"GET /-/outrigger/ready":           "204 ",
		"GET /healthz?full=1":              "200 GET /healthz?full=1 127.0.0.1:9200",
		"HEAD /healthz?full=1":             "200 ",
		"POST /healthz?full=1":             "405",
		"GET /healthz":                     "404",
		"GET /healthz?full=1&x":            "404",
		"GET /":                            "404",
		"GET /healthz/":                    "404",
		"GET /healthz/../admin?full=1":     "404",
		"GET /admin/..;/healthz?full=1":    "404",
		"GET /healthz%2f..%2fadmin?full=1": "404",
	} {
		method, path, _ := strings.Cut(request, " ")
		status, body := ask(t, kubelet, method, "https://"+serverName+path, nil)
		if status >= 400 {
			body = ""
		}
		require.Equal(t, strings.TrimSpace(want), strings.TrimSpace(fmt.Sprintf("%d %s", status, body)), request)
	}
	// The app sees the address that the kubelet has dialled, as that would write it.
	six := g.as()
	six.Transport.(*http.Transport).DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", fmt.Sprintf("[::1]:%d", healthPort))
	}
	_, body := ask(t, six, "GET", "https://"+serverName+"/healthz?full=1", nil)
	require.Equal(t, "GET /healthz?full=1 [::1]:9200", body)
	// A session that began there, without a certificate, lets nobody in elsewhere.
	sessions := tls.NewLRUClientSessionCache(8)
	for range 3 {
		for _, address := range []string{at, g.address} {
			config := g.tls()
			config.ClientSessionCache, config.MaxVersion = sessions, tls.VersionTLS12
			conn, err := tls.Dial("tcp", address, config)
			require.NoError(t, err)
			require.NoError(t, conn.SetDeadline(time.Now().Add(pod.Patience)))
			_, err = io.WriteString(conn, "GET /healthz?full=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			require.NoError(t, err)
			answer, err := io.ReadAll(conn)
			require.NoError(t, err)
			want := map[bool]string{true: "HTTP/1.1 200 ", false: "HTTP/1.1 400 "}[address == at]
			require.True(t, strings.HasPrefix(string(answer), want), string(answer))
			require.NoError(t, conn.Close())
		}
	}
	// What is another way to write the same path stays that path for the app.
	status, body := ask(t, kubelet, "GET", "https://"+serverName+"/x/../healthz?full=1", nil)
	require.Contains(t, []int{200, 404}, status)
	require.NotContains(t, body, "admin")
}

// A new authority counts without a restart, and requests under way survive; what
// is no certificate changes nothing.
func TestClientsRotation(t *testing.T) {
	slow := make(chan struct{})
	g := setClients(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-slow
		}
		hello(w, r)
	}, proxy.Clients{})
	alice := issueClient(t, g.clients, pkix.Name{CommonName: "alice"})
	under := make(chan string)
	go func() {
		c := g.as(alice)
		c.Timeout = 3 * pod.Patience
		resp, err := c.Get(there + "slow")
		if err != nil {
			under <- err.Error()
			return
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		under <- string(b)
	}()
	g.ca.WriteFiles(map[string]string{"ca.crt": "no certificate"})
	pod.Poll(t, "nginx to refuse it", func() bool { return strings.Contains(g.Log.String(), "test failed") })
	status, _ := ask(t, g.as(alice), "GET", there, nil)
	require.Equal(t, 200, status)

	session := g.tls()
	session.Certificates, session.ClientSessionCache = []tls.Certificate{alice}, tls.NewLRUClientSessionCache(8)
	require.Equal(t, "HTTP/1.1 200", g.begins(session))

	other := certs.NewAuthority(t, "test authority") // of the same name
	g.ca.WriteFiles(other.Bundle())
	bob := issueClient(t, other, pkix.Name{CommonName: "bob"})
	pod.Poll(t, "the new authority", func() bool {
		status, _ := ask(t, g.as(bob), "GET", there, nil)
		return status == 200
	})
	pod.Poll(t, "the old one to be gone", func() bool {
		status, _ := ask(t, g.as(alice), "GET", there, nil)
		return status == 400
	})
	for range 3 {
		require.Equal(t, "HTTP/1.1 400", g.begins(session), "a session that began before is no way in")
	}
	close(slow)
	require.Equal(t, "hello", pod.Receive(t, "the slow request", under))
}

// begins is how the answer to a request on a connection of its own begins.
func (g *guard) begins(config *tls.Config) string {
	g.t.Helper()
	config.NextProtos = nil
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: pod.Patience}, "tcp", g.address, config)
	require.NoError(g.t, err)
	defer conn.Close()
	require.NoError(g.t, conn.SetDeadline(time.Now().Add(pod.Patience)))
	_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	require.NoError(g.t, err)
	answer, err := io.ReadAll(conn)
	require.NoError(g.t, err)
	return string(answer[:min(len(answer), len("HTTP/1.1 200"))])
}

// TCP is passed on as it is, for those with a certificate.
func TestStream(t *testing.T) {
	servers.StartEcho(t, fmt.Sprintf("127.0.0.1:%d", appPort))
	g := setClients(t, nil, proxy.Clients{}, func(p *proxy.TLSProxy) { p.Protocol = sidecar.TCP })
	config := g.tls()
	config.Certificates = []tls.Certificate{issueClient(t, g.clients, pkix.Name{CommonName: "alice"})}
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: pod.Patience}, "tcp", g.address, config)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(pod.Patience)))
	_, err = conn.Write([]byte("PING\r\n"))
	require.NoError(t, err)
	answer := make([]byte, 6)
	_, err = io.ReadFull(conn, answer)
	require.NoError(t, err)
	require.Equal(t, "PING\r\n", string(answer))

	config = g.tls()
	bare, err := tls.DialWithDialer(&net.Dialer{Timeout: pod.Patience}, "tcp", g.address, config)
	if err == nil { // TLS 1.3: the refusal comes after the client's part of the handshake
		defer bare.Close()
		require.NoError(t, bare.SetDeadline(time.Now().Add(pod.Patience)))
		_, _ = bare.Write([]byte("PING\r\n"))
		_, err = io.ReadFull(bare, answer)
	}
	require.Error(t, err)
	require.NotContains(t, pod.Exchange(t, g.address, "PING\r\n\r\n"), "PING")
}
