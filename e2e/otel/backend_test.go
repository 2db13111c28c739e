package otel

import (
	"bytes"
	"compress/gzip"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
)

const (
	home = "10.2.0.1" // where the backend is
	name = "example.com"
)

// A backend takes OTLP by gRPC and by HTTP: what has come, by path.
type backend struct {
	ca  string // that its certificate is from
	got chan message
}

type message struct {
	path string
	head http.Header
	body string
}

// serve starts one with a certificate for example.com.
func serve(t *testing.T, port string) *backend {
	t.Helper()
	pod.AddAddress(t, home)
	b := &backend{got: make(chan message, 100)}
	listener, err := net.Listen("tcp", net.JoinHostPort(home, port))
	require.NoError(t, err)
	s := httptest.NewUnstartedServer(b)
	require.NoError(t, s.Listener.Close())
	s.Listener, s.EnableHTTP2 = listener, true
	s.StartTLS()
	t.Cleanup(s.CloseClientConnections)
	t.Cleanup(func() { _ = listener.Close() })
	b.ca = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	return b
}

func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	packed := r.Header.Get("Content-Encoding") == "gzip"
	grpc := strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc")
	if grpc && len(raw) > 5 { // one message: a byte that says whether it's packed, and its length
		packed, raw = raw[0] == 1, raw[5:]
	}
	if packed && err == nil {
		var z *gzip.Reader
		if z, err = gzip.NewReader(bytes.NewReader(raw)); err == nil {
			raw, err = io.ReadAll(z)
		}
	}
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	b.got <- message{r.URL.Path, r.Header, string(raw)}
	if !grpc {
		w.Header().Set("Content-Type", "application/x-protobuf")
		return
	}
	w.Header().Set("Content-Type", "application/grpc")
	w.Header().Set("Trailer", "Grpc-Status")
	_, _ = w.Write(make([]byte, 5)) // an empty message
	w.Header().Set("Grpc-Status", "0")
}
