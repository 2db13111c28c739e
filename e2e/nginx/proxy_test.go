package nginx

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
)

// What the app sees is what the client sent, and who it was.
func TestRequestHeaders(t *testing.T) {
	var seen *http.Request
	s := set(t, func(_ http.ResponseWriter, r *http.Request) { seen = r })
	s.both(func(t *testing.T, c *http.Client, _ string) {
		r, err := http.NewRequest(http.MethodGet, "https://search:9200/a%2Fb//c/../d?x=%20y", nil)
		require.NoError(t, err)
		r.Header.Set("X-Forwarded-For", "9.9.9.9")
		r.Header.Set("X-Forwarded-Proto", "gopher")
		r.Header.Set("Cookie", "a="+strings.Repeat("x", 20_000))
		resp, err := c.Do(r)
		text(t, resp, err)
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.Equal(t, "/a%2Fb//c/../d?x=%20y", seen.RequestURI)
		require.Equal(t, "search:9200", seen.Host)
		require.Equal(t, []string{"9.9.9.9, 127.0.0.1"}, seen.Header["X-Forwarded-For"])
		require.Equal(t, []string{"https"}, seen.Header["X-Forwarded-Proto"])
		require.Len(t, seen.Header.Get("Cookie"), 20_002)
		require.Equal(t, "HTTP/1.1", seen.Proto)
		require.NotContains(t, seen.Header, "Upgrade")
		require.NotContains(t, seen.Header, "Connection")
		require.True(t, strings.HasPrefix(seen.RemoteAddr, "127.0.0.1:"))
	})

	conn, in := s.conn() // as health checks of old load balancers
	_, err := io.WriteString(conn, "GET /health HTTP/1.0\r\n\r\n")
	require.NoError(t, err)
	resp, err := http.ReadResponse(in, nil)
	text(t, resp, err)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Equal(t, "localhost", seen.Host)
}

// What the client sees is what the app sent, but for redirects that lead nowhere.
func TestResponseHeaders(t *testing.T) {
	const date = "Mon, 02 Jan 2006 15:04:05 GMT"
	s := set(t, func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Server", "app/1")
		h.Set("Date", date)
		h.Set("X-Accel-Redirect", "/internal")
		h.Set("X-Accel-Buffering", "no")
		h.Set("Set-Cookie", "a="+strings.Repeat("x", 12_000))
		h.Set("Location", r.URL.Query().Get("to"))
		w.WriteHeader(http.StatusFound)
		fmt.Fprint(w, r.URL.Path)
	})
	s.both(func(t *testing.T, c *http.Client, _ string) {
		for to, want := range map[string]string{
			"http://search:9200/x":      "https://search:9200/x",
			"http://127.0.0.1:9201/x/y": "/x/y", // the client puts its own host before it
			"https://search:9200/x":     "https://search:9200/x",
			"http://elsewhere:9200/x":   "http://elsewhere:9200/x",
			"/x":                        "/x",
		} {
			r, err := c.Get("https://search:9200/public?to=" + to)
			require.Equal(t, "/public", text(t, r, err))
			require.Equal(t, http.StatusFound, r.StatusCode)
			require.Equal(t, "app/1", r.Header.Get("Server"))
			require.Equal(t, date, r.Header.Get("Date"))
			require.Equal(t, "no", r.Header.Get("X-Accel-Buffering"))
			require.Len(t, r.Header.Get("Set-Cookie"), 12_002)
			require.Equal(t, want, r.Header.Get("Location"), to)
		}
	})
}

// Uploads stream, however large: the app has their beginning before the client
// has sent more, and nginx keeps nothing.
func TestUpload(t *testing.T) {
	const size = 200 << 20
	began := make(chan struct{}, 1)
	s := set(t, func(w http.ResponseWriter, r *http.Request) {
		first := make([]byte, 1)
		if _, err := io.ReadFull(r.Body, first); err != nil {
			t.Error(err)
			return
		}
		began <- struct{}{}
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			t.Error(err)
		}
		fmt.Fprint(w, n+1)
	})
	s.both(func(t *testing.T, c *http.Client, _ string) {
		for _, length := range []int64{size, -1} { // with Content-Length and without
			r, w := io.Pipe()
			go func() {
				chunk := make([]byte, 1<<20)
				_, _ = w.Write(chunk[:1])
				select {
				case <-began: // the app has it; only now comes the rest
				case <-time.After(pod.Patience / 2):
					_ = w.CloseWithError(errors.New("nothing came to the app"))
					return
				}
				_, _ = w.Write(chunk[1:])
				for range size>>20 - 1 {
					_, _ = w.Write(chunk)
				}
				_ = w.Close()
			}()
			request, err := http.NewRequest(http.MethodPut, "https://search:9200/", r)
			require.NoError(t, err)
			request.ContentLength = length
			resp, err := c.Do(request)
			require.Equal(t, fmt.Sprint(size), text(t, resp, err))
			require.Equal(t, http.StatusOK, resp.StatusCode)
		}
	})
	for _, pid := range s.workers() {
		require.Less(t, pod.PeakMemory(t, pid), int64(32<<20))
	}
}

// Server-sent events come one by one.
func TestEvents(t *testing.T) {
	next := make(chan struct{}, 1)
	s := set(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := 1; i <= 3; i++ {
			fmt.Fprintf(w, "data: %d\n\n", i)
			w.(http.Flusher).Flush()
			select {
			case <-next:
			case <-r.Context().Done():
				return
			}
		}
	})
	s.both(func(t *testing.T, c *http.Client, _ string) {
		r, err := c.Get("https://search:9200/events")
		require.NoError(t, err)
		defer r.Body.Close()
		in := bufio.NewReader(r.Body)
		for i := 1; i <= 3; i++ {
			line, err := in.ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf("data: %d\n", i), line)
			_, err = in.ReadString('\n')
			require.NoError(t, err)
			next <- struct{}{} // only now the app goes on
		}
	})
}

// echo takes a connection over, as a WebSocket server does, and sends back what
// comes.
func echo(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "websocket" || !strings.EqualFold(r.Header.Get("Connection"), "upgrade") {
		http.Error(w, "no upgrade", http.StatusBadRequest)
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"+
		"Upgrade: websocket\r\nSec-WebSocket-Accept: %s\r\n\r\n", r.Header.Get("Sec-WebSocket-Key"))
	_, _ = io.Copy(conn, buffered)
}

// webSocket opens one.
func (s *stage) webSocket() (io.ReadWriter, *bufio.Reader) {
	conn, in := s.conn()
	_, err := io.WriteString(conn, "GET /ws HTTP/1.1\r\nHost: search:9200\r\nConnection: Upgrade\r\n"+
		"Upgrade: websocket\r\nSec-WebSocket-Key: eHl6\r\n\r\n")
	require.NoError(s.t, err)
	r, err := http.ReadResponse(in, nil)
	require.NoError(s.t, err)
	require.Equal(s.t, http.StatusSwitchingProtocols, r.StatusCode)
	require.Equal(s.t, "eHl6", r.Header.Get("Sec-WebSocket-Accept"))
	return conn, in
}

func TestWebSocket(t *testing.T) {
	s := set(t, echo)
	conn, in := s.webSocket()
	for _, message := range []string{"one\n", "two\n"} {
		_, err := io.WriteString(conn, message)
		require.NoError(t, err)
		line, err := in.ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, message, line)
	}
}
