package nginx

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/e2e/certs"
	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/pattern/proxy"
)

// A stage is nginx between an app and clients that trust its authority.
type stage struct {
	*container
	t       *testing.T
	r       renderedProxy
	ca      *certs.Authority
	certs   *pod.Volume
	address string // where clients dial
}

// set starts an app and nginx before it.
func set(t *testing.T, app http.HandlerFunc, edits ...func(*proxy.TLSProxy)) *stage {
	t.Helper()
	s := &stage{t: t, r: renderProxy(t, edits...), ca: certs.NewAuthority(t, "test authority")}
	s.address = s.r.address()
	s.certs = pod.NewVolume(t, issueServer(t, s.ca, 1))
	if app != nil {
		serve(t, app)
	}
	s.container = start(t, s.r, s.certs)
	return s
}

// issueServer signs a certificate for nginx, with a serial number.
func issueServer(t *testing.T, ca *certs.Authority, serial int64) map[string]string {
	t.Helper()
	template := x509.Certificate{SerialNumber: big.NewInt(serial), DNSNames: []string{serverName}}
	return certs.EncodeSecret(t, ca.Issue(t, template))
}

// serve runs an app where it was moved to.
func serve(t *testing.T, app http.HandlerFunc) {
	t.Helper()
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", appPort))
	require.NoError(t, err)
	serveOn(t, l, app)
}

func serveOn(t *testing.T, l net.Listener, app http.HandlerFunc) {
	server := &http.Server{Handler: app}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
}

func (s *stage) tls() *tls.Config {
	return &tls.Config{
		RootCAs:    certs.Pool(s.ca),
		ServerName: serverName,
		MinVersion: tls.VersionTLS10,
	} // nginx is to refuse, not we
}

// client has connections of its own.
func (s *stage) client(h2 bool) *http.Client {
	transport := &http.Transport{
		TLSClientConfig:   s.tls(),
		ForceAttemptHTTP2: h2,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", s.address)
		},
	}
	s.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport:     transport,
		Timeout:       pod.Patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// conn is a TLS connection that speaks HTTP/1.1, for what http.Client can't say.
func (s *stage) conn() (*tls.Conn, *bufio.Reader) {
	s.t.Helper()
	config := s.tls()
	config.NextProtos = []string{"http/1.1"}
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: pod.Patience}, "tcp", s.address, config)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = conn.Close() })
	require.NoError(s.t, conn.SetDeadline(time.Now().Add(pod.Patience)))
	return conn, bufio.NewReader(conn)
}

// text reads a response to its end.
func text(t *testing.T, r *http.Response, err error) string {
	t.Helper()
	require.NoError(t, err)
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return string(b)
}

// both runs a test with HTTP/1.1 and with HTTP/2.
func (s *stage) both(run func(t *testing.T, c *http.Client, proto string)) {
	for _, h2 := range []bool{false, true} {
		proto := map[bool]string{false: "HTTP/1.1", true: "HTTP/2.0"}[h2]
		s.t.Run(proto, func(t *testing.T) { run(t, s.client(h2), proto) })
	}
}

func hello(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }

func TestHTTPS(t *testing.T) {
	s := set(t, hello)
	s.both(func(t *testing.T, c *http.Client, proto string) {
		r, err := c.Get("https://" + serverName + ":9200/")
		require.Equal(t, "hello", text(t, r, err))
		require.Equal(t, http.StatusOK, r.StatusCode)
		require.Equal(t, proto, r.Proto)
		require.EqualValues(t, tls.VersionTLS13, r.TLS.Version)
	})
	for _, address := range []string{"[::1]:9200", "127.0.0.1:9200"} {
		s.address = address
		r, err := s.client(true).Get("https://" + serverName + "/")
		require.Equal(t, "hello", text(t, r, err))
	}
	stranger := s.client(false)
	stranger.Transport.(*http.Transport).TLSClientConfig.RootCAs = x509.NewCertPool()
	_, err := stranger.Get("https://" + serverName + "/")
	require.ErrorContains(t, err, "unknown authority")
}

// It runs as restricted wants it: the rendered user, no capability, no way to any.
func TestUnprivileged(t *testing.T) {
	s := set(t, hello)
	require.EqualValues(t, 101, *s.r.container.SecurityContext.RunAsUser)
	require.EqualValues(t, 101, *s.r.container.SecurityContext.RunAsGroup)
	for _, pid := range append(s.workers(), s.Cmd.Process.Pid) {
		pod.RequireRestricted(t, pid, "101")
		require.Equal(t, "101 101 101 101", pod.ReadStatus(t, pid, "Gid"))
	}
	require.Error(t, s.Command("touch", "/etc/outrigger/x").Run(), "the root file system is read-only")
	require.NoError(t, s.Command("touch", "/tmp/x").Run())
}

func TestIPFamilies(t *testing.T) {
	s := set(t, hello, func(p *proxy.TLSProxy) { p.IPFamilies = []corev1.IPFamily{corev1.IPv4Protocol} })
	_, err := net.DialTimeout("tcp", "[::1]:9200", pod.Patience)
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	r, err := s.client(true).Get("https://" + serverName + "/")
	require.Equal(t, "hello", text(t, r, err))
}

// A port below 1024 needs the sysctl that the pattern asks for.
func TestPrivilegedPort(t *testing.T) {
	on443 := func(p *proxy.TLSProxy) { p.Port = 443 }
	r := renderProxy(t, on443)
	require.Equal(t, []corev1.Sysctl{{Name: "net.ipv4.ip_unprivileged_port_start", Value: "0"}}, r.sysctls)
	const file = "/proc/sys/net/ipv4/ip_unprivileged_port_start" // of our own network namespace
	require.NoError(t, os.WriteFile(file, []byte("1024"), 0))
	c := launch(t, r, pod.NewVolume(t, issueServer(t, certs.NewAuthority(t, "test authority"), 1)))
	select {
	case <-c.Done:
		pod.Poll(t, "the reason", func() bool {
			return strings.Contains(c.Log.String(), "0.0.0.0:443 failed (13: Permission denied)")
		})
	case <-time.After(pod.Patience):
		require.FailNow(t, "nginx listens on a privileged port", c.Log)
	}
	require.NoError(t, os.WriteFile(file, []byte(r.sysctls[0].Value), 0))
	s := set(t, hello, on443)
	resp, err := s.client(true).Get("https://" + serverName + "/")
	require.Equal(t, "hello", text(t, resp, err))
}

func TestPlainHTTP(t *testing.T) {
	for _, c := range []struct {
		plain    proxy.PlainHTTP
		status   int
		location string
	}{
		{proxy.Reject, http.StatusBadRequest, ""},
		{proxy.Redirect, http.StatusPermanentRedirect, "https://search:9200/a%2Fb?q=1"},
	} {
		t.Run(string(c.plain), func(t *testing.T) {
			s := set(t, func(http.ResponseWriter, *http.Request) { t.Error("plain HTTP came to the app") },
				func(p *proxy.TLSProxy) { p.PlainHTTP = c.plain })
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				r, err := http.NewRequest(method, "http://search:9200/a%2Fb?q=1", nil)
				require.NoError(t, err)
				resp, err := s.client(false).Do(r)
				body := text(t, resp, err)
				require.Equal(t, c.status, resp.StatusCode)
				require.Equal(t, c.location, resp.Header.Get("Location"))
				require.NotContains(t, body, "1.22", "the version is nobody's business")
			}
		})
	}
}

func TestTLSProfiles(t *testing.T) {
	type result map[string]bool
	const (
		cbc  = tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA
		aead = tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
	)
	for profile, want := range map[proxy.TLSProfile]result{
		proxy.Intermediate: {"1.1": false, "1.2 CBC": false, "1.2 GCM": true, "1.2": true, "1.3": true},
		proxy.Modern:       {"1.1": false, "1.2 CBC": false, "1.2 GCM": false, "1.2": false, "1.3": true},
	} {
		t.Run(string(profile), func(t *testing.T) {
			s := set(t, hello, func(p *proxy.TLSProxy) { p.TLSProfile = profile })
			got := result{}
			for name, c := range map[string]struct {
				version uint16
				suites  []uint16
			}{
				"1.1":     {tls.VersionTLS11, nil},
				"1.2 CBC": {tls.VersionTLS12, []uint16{cbc}},
				"1.2 GCM": {tls.VersionTLS12, []uint16{aead}},
				"1.2":     {tls.VersionTLS12, nil},
				"1.3":     {tls.VersionTLS13, nil},
			} {
				config := s.tls()
				config.MinVersion, config.MaxVersion, config.CipherSuites = c.version, c.version, c.suites
				conn, err := tls.DialWithDialer(&net.Dialer{Timeout: pod.Patience}, "tcp", s.address, config)
				if got[name] = err == nil; err == nil {
					require.NoError(t, conn.Close())
				} else {
					require.ErrorContains(t, err, "remote error: tls: ", "it's nginx that must refuse")
				}
			}
			require.Equal(t, want, got)
		})
	}
}

// A renewed certificate is served to new connections without a reload; those
// that are open go on.
func TestRotation(t *testing.T) {
	s := set(t, hello)
	serial := func(c *http.Client) int64 {
		r, err := c.Get("https://" + serverName + "/")
		require.Equal(t, "hello", text(t, r, err))
		return r.TLS.PeerCertificates[0].SerialNumber.Int64()
	}
	open := s.client(true)
	require.EqualValues(t, 1, serial(open))
	pids := s.workers()
	s.certs.WriteFiles(issueServer(t, s.ca, 2))
	pod.Poll(t, "the new certificate", func() bool { return serial(s.client(true)) == 2 })
	require.EqualValues(t, 1, serial(open), "an open connection keeps its certificate")
	require.Equal(t, pids, s.workers())
}

func TestAppNotThereYet(t *testing.T) {
	s := set(t, nil)
	c := s.client(true)
	r, err := c.Get("https://" + serverName + "/")
	text(t, r, err)
	require.Equal(t, http.StatusBadGateway, r.StatusCode)
	serve(t, hello)
	r, err = c.Get("https://" + serverName + "/")
	require.Equal(t, "hello", text(t, r, err))
}
