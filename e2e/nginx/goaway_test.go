package nginx

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
)

// A frame of HTTP/2 (RFC 9113, 4.1).
type frame struct {
	kind, flags byte
	stream      uint32
	payload     []byte
}

const (
	frameData, frameHeaders, frameSettings, frameGoAway = 0, 1, 4, 7

	flagEndStream, flagEndHeaders = 1, 4
)

func (f frame) bytes() []byte {
	n := len(f.payload)
	out := []byte{byte(n >> 16), byte(n >> 8), byte(n), f.kind, f.flags}
	return append(binary.BigEndian.AppendUint32(out, f.stream), f.payload...)
}

// A frames is a connection of HTTP/2 by hand.
type frames struct {
	t *testing.T
	*tls.Conn
}

func (s *stage) dialFrames() *frames {
	config := s.tls()
	config.NextProtos = []string{"h2"}
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: pod.Patience}, "tcp", s.address, config)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = conn.Close() })
	require.NoError(s.t, conn.SetDeadline(time.Now().Add(pod.Patience)))
	f := &frames{s.t, conn}
	_, err = io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	require.NoError(s.t, err)
	f.send(frame{kind: frameSettings})
	return f
}

func (f *frames) send(one frame) {
	f.t.Helper()
	_, err := f.Write(one.bytes())
	require.NoError(f.t, err)
}

// post begins a request of a stream with a body that follows.
func (f *frames) post(stream uint32, path string) {
	f.t.Helper()
	var block []byte // fields that are neither indexed nor compressed (RFC 7541, 6.2.2)
	for i, word := range []string{":method", "POST", ":scheme", "https", ":authority", "search", ":path", path} {
		if i%2 == 0 {
			block = append(block, 0)
		}
		block = append(append(block, byte(len(word))), word...)
	}
	f.send(frame{frameHeaders, flagEndHeaders, stream, block})
}

// next is the next frame; none: nginx has closed the connection.
func (f *frames) next() *frame {
	head := make([]byte, 9)
	if _, err := io.ReadFull(f, head); err != nil {
		return nil
	}
	one := &frame{kind: head[3], flags: head[4], stream: binary.BigEndian.Uint32(head[5:])}
	one.payload = make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
	_, err := io.ReadFull(f, one.payload)
	require.NoError(f.t, err)
	return one
}

// Why uploads may fail in HTTP/2 when nginx quits or reloads. RFC 9113, 6.8: "A server that is attempting to
// gracefully shut down a connection SHOULD send an initial GOAWAY frame with the last stream identifier set to
// 2^31-1", and another one a round trip later, which "ensures that a connection can be cleanly shut down without
// losing requests". nginx sends the second one only, and skips the requests behind it that the client has sent by
// then. If it ever sends both, this fails, and http2: false has no use.
func TestGoAway(t *testing.T) {
	release := make(chan struct{})
	arrived := make(chan string, 2)
	s := set(t, func(_ http.ResponseWriter, r *http.Request) {
		arrived <- r.URL.Path
		<-release
	})
	f := s.dialFrames()
	f.post(1, "/first")
	require.Equal(t, "/first", pod.Receive(t, "the first request", arrived))

	// What a client sends before it can know anything: nginx reads it after it was told to quit.
	workers := s.workers()
	for _, pid := range workers {
		require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
		pod.Poll(t, "a worker to stop", func() bool { return pod.ReadStatus(t, pid, "State") == "T (stopped)" })
	}
	f.post(3, "/second")
	f.send(frame{frameData, flagEndStream, 3, []byte("once")})
	for _, pid := range workers {
		require.NoError(t, syscall.Kill(pid, syscall.SIGQUIT))
		require.NoError(t, syscall.Kill(pid, syscall.SIGCONT))
	}

	f.send(frame{frameData, flagEndStream, 1, []byte("once")})
	var last []uint32
	answered := map[uint32]bool{}
	for one := f.next(); one != nil; one = f.next() {
		switch one.kind {
		case frameGoAway:
			last = append(last, binary.BigEndian.Uint32(one.payload))
			close(release)
		case frameHeaders:
			answered[one.stream] = true
		}
	}
	require.Equal(t, []uint32{1}, last, "the last stream that was looked at; 2^31-1 would come first")
	require.Equal(t, map[uint32]bool{1: true}, answered)
	require.Empty(t, arrived, "the app has never seen the second one")
}
