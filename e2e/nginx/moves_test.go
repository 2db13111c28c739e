package nginx

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/interop/grpc_testing"

	"github.com/outrigger-dev/outrigger/e2e/certs"
	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/pattern/proxy"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A service is two pods. New connections go to one that is ready: at first the first.
type service struct {
	*stage              // the first pod
	ready  atomic.Value // the address of a pod
	second string

	identity []tls.Certificate // of clients
}

// deploy starts the pods, each with an app.
func deploy(t *testing.T, protocol sidecar.Protocol, edit func(*proxy.TLSProxy)) *service {
	t.Helper()
	s, ca := &service{}, certs.NewAuthority(t, "test authority")
	for _, number := range []int32{port + 10, port} {
		one := &stage{t: t, ca: ca, r: renderProxy(t, func(p *proxy.TLSProxy) {
			p.Port, p.Protocol, p.AccessLog = number, protocol, proxy.NoAccessLog
			p.Rebind = &proxy.Rebind{Port: number + 1, Args: []string{"--listen=127.0.0.1"}}
			edit(p)
		})}
		one.address = one.r.address()
		one.certs = pod.NewVolume(t, issueServer(t, ca, 1))
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", number+1))
		require.NoError(t, err)
		if protocol == sidecar.GRPC {
			serveCallsOn(t, l)
		} else {
			serveOn(t, l, swallow)
		}
		one.container = start(t, one.r, one.certs)
		if s.stage != nil {
			s.second = s.address
		}
		s.stage = one
	}
	s.ready.Store(s.address)
	return s
}

func swallow(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.WriteHeader(http.StatusNoContent)
}

func (s *service) dial(ctx context.Context) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", s.ready.Load().(string))
}

// upload is one request that can't be sent again.
type upload func() error

// uploader is a client that looks, and knows when its connections end. Its requests can't be sent again, unless they're
// replayable: Go's client of HTTP sends those again whose bodies it can read again, that of gRPC whatever the server
// hasn't looked at.
func (s *service) uploader(kind sidecar.Protocol, h2, replayable bool) upload {
	if kind == sidecar.GRPC {
		dialer := grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return s.dial(ctx) })
		secure := grpc.WithTransportCredentials(credentials.NewTLS(s.tls()))
		conn, err := grpc.NewClient("passthrough:///service", secure, dialer)
		require.NoError(s.t, err)
		s.t.Cleanup(func() { _ = conn.Close() })
		client := grpc_testing.NewTestServiceClient(conn)
		return func() error {
			ctx, cancel := context.WithTimeout(context.Background(), pod.Patience)
			defer cancel()
			_, err := client.UnaryCall(ctx, &grpc_testing.SimpleRequest{})
			return err
		}
	}
	client := s.client(h2)
	transport := client.Transport.(*http.Transport)
	transport.MaxIdleConnsPerHost, transport.TLSClientConfig.Certificates = 50, s.identity
	transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return s.dial(ctx) }
	return func() error {
		body := io.Reader(strings.NewReader("again"))
		if !replayable {
			body = struct{ io.Reader }{body} // of no type that the client knows
		}
		resp, err := client.Post("https://search:9200/upload", "text/plain", body)
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusNoContent {
				err = errors.New(resp.Status)
			}
		}
		return err
	}
}

// A crew sends over and over until it's told to stop.
type crew struct {
	sent, failed atomic.Int32
	why          sync.Map
	stop         chan struct{}
	all          sync.WaitGroup
}

// hire starts clients, each of which may wait after each request.
func hire(clients int, wait time.Duration, sender func() upload) *crew {
	c := &crew{stop: make(chan struct{})}
	for i := range clients {
		send, pause := sender(), wait*time.Duration(clients+i)/time.Duration(clients)
		c.all.Go(func() {
			for {
				if err := send(); err != nil {
					c.failed.Add(1)
					c.why.Store(err.Error(), nil)
				}
				c.sent.Add(1)
				select {
				case <-c.stop:
					return
				case <-time.After(pause):
				}
			}
		})
	}
	return c
}

// goOn waits until so many more requests have come to an end.
func (c *crew) goOn(t *testing.T, more int32) {
	until := c.sent.Load() + more
	pod.Poll(t, "more requests", func() bool { return c.sent.Load() >= until })
}

// requireFew stops all, and fails where more have failed.
func (c *crew) requireFew(t *testing.T, tolerated int32) {
	close(c.stop)
	c.all.Wait()
	t.Logf("%d of %d failed", c.failed.Load(), c.sent.Load())
	c.why.Range(func(why, _ any) bool { t.Log(why); return true })
	require.LessOrEqual(t, c.failed.Load(), tolerated)
}

// drain does what the kubelet does with the first pod, while those who balance load hear of it.
func (s *service) drain() {
	told := time.AfterFunc(500*time.Millisecond, func() { s.ready.Store(s.second) })
	defer told.Stop()
	out, err := s.Command(s.r.container.Lifecycle.PreStop.Exec.Command...).CombinedOutput()
	require.NoError(s.t, err, string(out))
}

// reload makes nginx read its files again, as it does where the CA of clients has changed.
func (s *service) reload() {
	old := s.workers()
	require.NoError(s.t, s.Cmd.Process.Signal(syscall.SIGHUP))
	s.waitForWorkers(old)
}

func (s *service) waitForWorkers(old []int) {
	pod.Poll(s.t, "other workers", func() bool {
		return !slices.ContainsFunc(s.workers(), func(pid int) bool { return slices.Contains(old, pid) })
	})
}

// renew gives nginx another certificate.
func (s *service) renew() {
	s.certs.WriteFiles(issueServer(s.t, s.ca, 2))
	pod.Poll(s.t, "the new certificate", func() bool {
		conn, err := tls.Dial("tcp", s.address, s.tls())
		require.NoError(s.t, err)
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64() == 2
	})
}

// While pods move, clients that can't send a request again lose next to none, and those that can, none. With HTTP/2,
// what is on its way at a drain or a reload is lost to the first ones: see TestGoAway.
func TestUploadsWhilePodsMove(t *testing.T) {
	type client struct {
		name           string
		kind           sidecar.Protocol
		h2, replayable bool
	}
	one := client{"HTTP/1.1", sidecar.HTTP, false, false}
	off := client{"HTTP/2 turned off", sidecar.HTTP, true, false}
	two := client{"HTTP/2", sidecar.HTTP, true, false}
	again := client{"HTTP/2 again", sidecar.HTTP, true, true}
	rpc := client{"gRPC", sidecar.GRPC, true, false}
	for _, c := range []struct {
		move    string
		perform func(s *service)
		clients []client
	}{
		{"drain", (*service).drain, []client{one, off, again, rpc}},
		{"reload", (*service).reload, []client{again, rpc}}, // HTTP/1.1: TestUploadsAtANewAuthority
		{"certificate", (*service).renew, []client{one, two, rpc}},
	} {
		for _, client := range c.clients {
			t.Run(c.move+" "+client.name, func(t *testing.T) {
				s := deploy(t, client.kind, func(p *proxy.TLSProxy) {
					if client == off {
						p.HTTP2 = new(false)
					}
				})
				send := s.uploader(client.kind, client.h2, client.replayable)
				crew := hire(50, 0, func() upload { return send })
				crew.goOn(t, 500)
				c.perform(s)
				crew.goOn(t, 500)
				crew.requireFew(t, 5)
			})
		}
	}
}

// Where clients show certificates, nginx reloads for a new authority. Those with HTTP/1.1 are told before.
func TestUploadsAtANewAuthority(t *testing.T) {
	g := setClients(t, swallow, proxy.Clients{}, func(p *proxy.TLSProxy) { p.AccessLog = proxy.NoAccessLog })
	s := &service{stage: g.stage}
	s.ready.Store(s.address)
	s.identity = []tls.Certificate{issueClient(t, g.clients, pkix.Name{CommonName: "alice"})}
	send := s.uploader(sidecar.HTTP, false, false)
	looking := hire(50, 0, func() upload { return send })
	blind := hire(50, time.Second/2, s.blindUploader)
	blind.goOn(t, 50)
	old := s.workers()
	both := g.clients.Bundle()["ca.crt"] + certs.NewAuthority(t, "another").Bundle()["ca.crt"]
	g.ca.WriteFiles(map[string]string{"ca.crt": both})
	s.waitForWorkers(old)
	blind.goOn(t, 100)
	looking.requireFew(t, 5)
	blind.requireFew(t, 5)
}

// blindUploader is a client of HTTP/1.1 that writes without looking whether its connection was closed.
func (s *service) blindUploader() upload {
	var conn net.Conn
	var in *bufio.Reader
	config := s.tls()
	config.Certificates = s.identity
	return func() error {
		if conn == nil {
			raw, err := s.dial(context.Background())
			if err != nil {
				return err
			}
			conn = tls.Client(raw, config)
			in = bufio.NewReader(conn)
		}
		resp, err := func() (*http.Response, error) {
			_, err := io.WriteString(conn, "POST /upload HTTP/1.1\r\nHost: search\r\nContent-Length: 4\r\n\r\nonce")
			if err != nil {
				return nil, err
			}
			return http.ReadResponse(in, nil)
		}()
		if err != nil || resp.Close {
			_ = conn.Close()
			conn = nil
		}
		if err == nil && resp.StatusCode != http.StatusNoContent {
			err = errors.New(resp.Status)
		}
		return err
	}
}

// Clients with a connection that they've kept, who write without looking, are told in time that it ends.
func TestBlindClientsAtARollout(t *testing.T) {
	s := deploy(t, sidecar.HTTP, func(*proxy.TLSProxy) {})
	crew := hire(150, time.Second, s.blindUploader) // one to two seconds
	crew.goOn(t, 150)
	s.drain()
	crew.goOn(t, 300)
	crew.requireFew(t, 10)
}
