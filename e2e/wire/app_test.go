package wire

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/servers"
)

// An app records all bytes that reach it, one record for each connection. It doesn't parse them: tests do.
type app struct {
	mu   sync.Mutex
	seen [][]byte
	busy sync.WaitGroup
}

const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"

// record listens on a socket of a folder until the test ends.
func record(t testing.TB, dir, socket string) *app {
	t.Helper()
	a := new(app)
	l, err := net.Listen("unix", filepath.Join(dir, socket))
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	servers.Accept(l, func(conn net.Conn) {
		a.busy.Add(1)
		go a.serve(conn)
	})
	return a
}

// serve answers after the head of a request, and records until nginx closes the connection.
func (a *app) serve(conn net.Conn) {
	defer a.busy.Done()
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	var all []byte
	buf := make([]byte, 64<<10)
	for answered := false; ; {
		n, err := conn.Read(buf)
		all = append(all, buf[:n]...)
		if !answered && bytes.Contains(all, []byte("\r\n\r\n")) {
			answered = true
			_, _ = io.WriteString(conn, answer)
			if c, ok := conn.(*net.UnixConn); ok {
				_ = c.CloseWrite()
			}
		}
		if err != nil {
			a.mu.Lock()
			a.seen = append(a.seen, all)
			a.mu.Unlock()
			return
		}
	}
}

// take waits until all connections have ended, and returns what they brought.
func (a *app) take() [][]byte {
	a.busy.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	all := a.seen
	a.seen = nil
	return all
}

// whole parses what a connection has brought as one request, and returns the rest, too. Go's parser refuses control
// characters, others don't: they are replaced before.
func whole(raw []byte) (*http.Request, []byte, error) {
	raw = bytes.Map(func(r rune) rune {
		if r == 0x7f || r < ' ' && r != '\r' && r != '\n' && r != '\t' {
			return '?'
		}
		return r
	}, raw)
	in := bufio.NewReader(bytes.NewReader(raw))
	r, err := http.ReadRequest(in)
	if err != nil {
		return nil, nil, err
	}
	if _, err = io.Copy(io.Discard, r.Body); err != nil && err != io.ErrUnexpectedEOF {
		return r, nil, err
	}
	rest, err := io.ReadAll(in)
	return r, rest, err
}
