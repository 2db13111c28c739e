package nginx

import (
	"context"
	"crypto/tls"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/outrigger-dev/outrigger/e2e/certs"
	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/pattern/proxy"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// calls is an app of gRPC. It answers with what it's told, or with the status that
// it's asked for; seen has the headers of the last call.
type calls struct {
	grpc_testing.UnimplementedTestServiceServer
	seen chan metadata.MD
}

func (s *calls) UnaryCall(ctx context.Context, r *grpc_testing.SimpleRequest) (*grpc_testing.SimpleResponse, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	select {
	case s.seen <- md:
	default:
	}
	if r.ResponseStatus != nil {
		_ = grpc.SetTrailer(ctx, metadata.Pairs("why", "asked for"))
		return nil, status.Error(codes.Code(r.ResponseStatus.Code), r.ResponseStatus.Message)
	}
	return &grpc_testing.SimpleResponse{Payload: r.Payload}, nil
}

func (s *calls) FullDuplexCall(stream grpc_testing.TestService_FullDuplexCallServer) error {
	for {
		r, err := stream.Recv()
		if err != nil {
			return nil
		}
		if err := stream.Send(&grpc_testing.StreamingOutputCallResponse{Payload: r.Payload}); err != nil {
			return err
		}
	}
}

// serveCalls runs one where the app was moved to.
func serveCalls(t *testing.T) *calls {
	t.Helper()
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", appPort))
	require.NoError(t, err)
	return serveCallsOn(t, l)
}

func serveCallsOn(t *testing.T, l net.Listener) *calls {
	s, app := grpc.NewServer(), &calls{seen: make(chan metadata.MD, 1)}
	grpc_testing.RegisterTestServiceServer(s, app)
	healthpb.RegisterHealthServer(s, health.NewServer())
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	return app
}

func dial(t *testing.T, address string, c credentials.TransportCredentials) *grpc.ClientConn {
	t.Helper()
	large := grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(16 << 20))
	conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(c), large)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

const grpcProbes = `          readinessProbe:
            grpc: {port: 9200}
`

func overGRPC(p *proxy.TLSProxy) { p.Protocol = sidecar.GRPC }

// Calls, streams, statuses and trailers come through. Without a certificate nothing does, except the kubelet's call.
func TestGRPC(t *testing.T) {
	g := setClients(t, nil, proxy.Clients{AllowedCommonNames: []string{"alice"}, ForwardIdentity: true}, overGRPC)
	ctx, cancel := context.WithTimeout(t.Context(), 3*pod.Patience)
	defer cancel()
	as := func(names ...string) grpc_testing.TestServiceClient {
		config := g.tls()
		for _, name := range names {
			config.Certificates = append(config.Certificates, issueClient(t, g.clients, pkix.Name{CommonName: name}))
		}
		return grpc_testing.NewTestServiceClient(dial(t, g.address, credentials.NewTLS(config)))
	}
	alice := as("alice")
	call := func(c grpc_testing.TestServiceClient) error {
		_, err := c.UnaryCall(ctx, &grpc_testing.SimpleRequest{})
		return err
	}
	kubelet := healthpb.NewHealthClient(dial(t, fmt.Sprintf("127.0.0.1:%d", healthPort), insecure.NewCredentials()))
	require.Equal(t, codes.Unavailable, status.Code(call(alice)), "the app isn't there yet")
	_, err := kubelet.Check(ctx, &healthpb.HealthCheckRequest{})
	require.Equal(t, codes.Unavailable, status.Code(err))

	code, _ := ask(t, g.as(issueClient(t, g.clients, pkix.Name{CommonName: "alice"})), "GET", there, nil)
	require.Equal(t, 502, code, "who doesn't speak gRPC isn't told 200")

	app := serveCalls(t)
	large := &grpc_testing.Payload{Body: make([]byte, 3<<20)}
	outgoing := metadata.AppendToOutgoingContext(ctx, "x-client-cn", "root", "x-mine", "kept")
	answer, err := alice.UnaryCall(outgoing, &grpc_testing.SimpleRequest{Payload: large})
	require.NoError(t, err)
	require.Len(t, answer.Payload.Body, 3<<20)
	seen := pod.Receive(t, "the headers", app.seen)
	require.Equal(t, []string{"alice"}, seen["x-client-cn"])
	require.Equal(t, []string{"kept"}, seen["x-mine"])
	require.Equal(t, []string{"https"}, seen["x-forwarded-proto"])

	var trailer metadata.MD
	loss := &grpc_testing.EchoStatus{Code: int32(codes.DataLoss), Message: "ü %"}
	_, err = alice.UnaryCall(ctx, &grpc_testing.SimpleRequest{ResponseStatus: loss}, grpc.Trailer(&trailer))
	require.Equal(t, status.Error(codes.DataLoss, "ü %").Error(), err.Error())
	require.Equal(t, []string{"asked for"}, trailer["why"])

	stream, err := alice.FullDuplexCall(ctx)
	require.NoError(t, err)
	for i := range 50 { // each waits for its answer: nothing is held back
		payload := &grpc_testing.Payload{Body: []byte{byte(i)}}
		require.NoError(t, stream.Send(&grpc_testing.StreamingOutputCallRequest{Payload: payload}))
		got, err := stream.Recv()
		require.NoError(t, err)
		require.Equal(t, []byte{byte(i)}, got.Payload.Body)
	}
	require.NoError(t, stream.CloseSend())

	short, stop := context.WithTimeout(ctx, 2*time.Second)
	defer stop()
	silent, err := alice.FullDuplexCall(short)
	require.NoError(t, err)
	_, err = silent.Recv()
	require.Contains(t, []codes.Code{codes.DeadlineExceeded, codes.Unavailable}, status.Code(err),
		"the app gives up at that time, too")

	require.Equal(t, codes.PermissionDenied, status.Code(call(as("bob"))))
	require.Error(t, call(as()))

	up, err := kubelet.Check(ctx, &healthpb.HealthCheckRequest{})
	require.NoError(t, err)
	require.Equal(t, healthpb.HealthCheckResponse_SERVING, up.Status)
	watch, err := kubelet.Watch(ctx, &healthpb.HealthCheckRequest{})
	require.NoError(t, err)
	_, err = watch.Recv()
	require.Equal(t, codes.Unimplemented, status.Code(err), "only Check")
	inPlain := func(address string) error {
		return call(grpc_testing.NewTestServiceClient(dial(t, address, insecure.NewCredentials())))
	}
	require.Equal(t, codes.Unimplemented, status.Code(inPlain(fmt.Sprintf("127.0.0.1:%d", healthPort))))
	require.Error(t, inPlain(g.address))
}

// Several ports are one nginx: HTTP and TCP, each with TLS.
func TestSeveralPorts(t *testing.T) {
	s := &stage{t: t, ca: certs.NewAuthority(t, "test authority"), r: renderProxy(t, func(p *proxy.TLSProxy) {
		p.MorePorts = []proxy.MorePort{{Port: 9300, AppPort: 9301, Protocol: sidecar.TCP}}
	})}
	s.address = s.r.address()
	s.certs = pod.NewVolume(t, issueServer(t, s.ca, 1))
	serve(t, hello)
	l, err := net.Listen("tcp", "127.0.0.1:9301")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		c, err := l.Accept()
		if err == nil {
			_, _ = c.Write([]byte("raw"))
			_ = c.Close()
		}
	}()
	s.container = start(t, s.r, s.certs)
	_, body := ask(t, s.client(false), "GET", there, nil)
	require.Equal(t, "hello", body)
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: pod.Patience}, "tcp", "127.0.0.1:9300", s.tls())
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(pod.Patience)))
	var b strings.Builder
	buf := make([]byte, 8)
	for err == nil {
		var n int
		n, err = conn.Read(buf)
		b.Write(buf[:n])
	}
	require.Equal(t, "raw", b.String())
}

// In mode front, nginx has a port of its own, and the app stays on its own.
func TestFront(t *testing.T) {
	s := &stage{
		t:  t,
		ca: certs.NewAuthority(t, "test authority"),
		r:  renderProxy(t, func(p *proxy.TLSProxy) { p.Mode, p.Rebind = proxy.ModeFront, nil }),
	}
	require.EqualValues(t, 8443, s.r.container.Ports[0].ContainerPort)
	s.address = s.r.address()
	s.certs = pod.NewVolume(t, issueServer(t, s.ca, 1))
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	require.NoError(t, err)
	serveOn(t, l, hello)
	s.container = start(t, s.r, s.certs)
	_, body := ask(t, s.client(false), "GET", there, nil)
	require.Equal(t, "hello", body)
}
