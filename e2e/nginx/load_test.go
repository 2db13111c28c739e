package nginx

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
)

// A crowd is streams that are held open: the app has answered a first line, and will write a second one.
type crowd struct {
	*stage
	held   []io.ReadCloser
	failed atomic.Int32
	leave  chan struct{}
}

// gather starts an app and nginx before it, for a crowd.
func gather(t *testing.T) *crowd {
	t.Helper()
	crowd := &crowd{leave: make(chan struct{})}
	crowd.stage = set(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "held\n")
		_ = http.NewResponseController(w).Flush()
		<-crowd.leave
		_, _ = io.WriteString(w, "kept\n")
	})
	return crowd
}

// open opens so many streams, 32 at a time, until more than tolerated have failed.
func (s *crowd) open(c *http.Client, streams int, tolerated int32) {
	c.Timeout = 0
	transport := c.Transport.(*http.Transport)
	transport.TLSHandshakeTimeout, transport.ResponseHeaderTimeout = pod.Patience, pod.Patience
	var lock sync.Mutex
	var next atomic.Int32
	var all sync.WaitGroup
	s.held = nil
	for range 32 {
		all.Go(func() {
			for int(next.Add(1)) <= streams && s.failed.Load() <= tolerated {
				resp, err := c.Get("https://search:9200/events")
				if err != nil {
					s.failed.Add(1)
					continue
				}
				first := make([]byte, 5)
				if _, err := io.ReadFull(resp.Body, first); err != nil || string(first) != "held\n" {
					s.failed.Add(1)
					_ = resp.Body.Close()
					continue
				}
				lock.Lock()
				s.held = append(s.held, resp.Body)
				lock.Unlock()
			}
		})
	}
	all.Wait()
}

// As many streams are held open as a soft limit of 1024 files would forbid.
func TestHeldStreams(t *testing.T) {
	s := gather(t)
	s.both(func(t *testing.T, c *http.Client, _ string) {
		s.open(c, 1500, 0)
		require.Zero(t, s.failed.Load())
		require.Less(t, s.anonymousMemory(), s.memoryLimit())
		for _, stream := range s.held {
			_ = stream.Close()
		}
		c.CloseIdleConnections()
	})
	close(s.leave)
}

// More clients come than the container has memory for. Some are refused; nginx lives, and those who are there keep
// their streams.
func TestMoreStreamsThanMemory(t *testing.T) {
	s := gather(t)
	s.open(s.client(false), 3000, 1500)
	require.Greater(t, len(s.held), 1500)
	require.NotZero(t, s.failed.Load())
	require.Less(t, s.anonymousMemory(), s.memoryLimit())
	close(s.leave)
	for _, stream := range s.held {
		rest, err := io.ReadAll(stream)
		require.NoError(t, err)
		require.Equal(t, "kept\n", string(rest))
	}
}

func (s *stage) memoryLimit() int64 { return s.r.container.Resources.Limits.Memory().Value() }

// anonymousMemory is what the workers hold, in bytes; pages of files can be taken from them.
func (s *stage) anonymousMemory() (sum int64) {
	for _, pid := range s.workers() {
		kib, err := strconv.ParseInt(strings.TrimSuffix(pod.ReadStatus(s.t, pid, "RssAnon"), " kB"), 10, 64)
		require.NoError(s.t, err)
		sum += kib << 10
	}
	return sum
}

// Clients that can't send a request again, as uploads, lose none: no connection ends while they use it.
func TestManyUploads(t *testing.T) {
	s := set(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusNoContent)
	})
	s.both(func(t *testing.T, c *http.Client, proto string) {
		clients, requests := 50, 30_000
		if proto == "HTTP/1.1" { // where each has a connection: more than a thousand on one
			clients, requests = 4, 6000
		}
		var sent, failed atomic.Int32
		var all sync.WaitGroup
		for range clients {
			all.Go(func() {
				for int(sent.Add(1)) <= requests {
					body := struct{ io.Reader }{strings.NewReader("once")} // of no known type, so that it isn't sent twice
					resp, err := c.Post("https://search:9200/upload", "text/plain", body)
					if err != nil {
						failed.Add(1)
						continue
					}
					_ = resp.Body.Close()
					if resp.StatusCode != http.StatusNoContent {
						failed.Add(1)
					}
				}
			})
		}
		all.Wait()
		require.Zero(t, failed.Load(), "of %d", requests)
	})
}
