package wire

import (
	"bytes"
	"flag"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var lines = flag.Int("lines", 6_000, "how many request lines TestRequestLines sends")

// Whatever requests come to the kubelet's listener and to public paths, only those that probes and public paths allow
// reach the app.
// A million takes some minutes: go test ./wire -run RequestLines -lines 1000000 -v
func TestRequestLines(t *testing.T) {
	all := setups()
	require.Len(t, all, 60)
	weight := 0
	for _, set := range all {
		weight += set.weight()
	}
	var sum client
	seen := 0
	for i, set := range all {
		t.Run(set.name, func(t *testing.T) {
			s := open(t, set)
			for _, socket := range []string{health, front} {
				c := &client{dial: func() (net.Conn, error) { return s.dial(socket) }}
				seen += s.attack(t, c, newWriter(set, uint64(i)), socket, *lines*set.weight()/weight/2+1)
				c.hangUp()
				sum.Sent += c.Sent
				sum.Answered += c.Answered
				sum.Unanswered += c.Unanswered
				sum.Connections += c.Connections
			}
		})
	}
	t.Logf("%d configurations, %d requests over %d connections, %d answers, %d without; the app saw %d, each allowed",
		len(all), sum.Sent, sum.Connections, sum.Answered, sum.Unanswered, seen)
	require.Positive(t, seen)
	require.Less(t, sum.Unanswered, sum.Sent/100+10)
}

// attack sends requests to a listener, and returns how many reached the app.
func (s *stand) attack(t *testing.T, c *client, w writer, socket string, n int) (seen int) {
	for left := n; left > 0; left -= 64 {
		var requests [][]byte
		for range min(left, 64) {
			requests = append(requests, w.request())
		}
		require.NoError(t, c.send(requests...))
		for _, raw := range s.app[socket].take() {
			seen++
			if wrong := s.wrong(socket, raw); wrong != "" {
				require.FailNow(t, wrong, "%s, %s: the app got %q of one of %q", s.name, socket, raw, requests)
			}
		}
	}
	return seen
}

// weight is the share of requests that a setup gets: fewer with TLS, since handshakes take time.
func (set setup) weight() int {
	if set.tls {
		return 1
	}
	return 20
}

// FuzzRequests sends any bytes to the kubelet's listener or to the one for clients.
func FuzzRequests(f *testing.F) {
	all := setups()
	var some []setup
	for i := 6; i < len(all); i += 8 { // of each kind
		some = append(some, all[i])
	}
	for i, disguise := range disguises {
		w := newWriter(some[i%len(some)], uint64(i))
		target := strings.ReplaceAll(disguise, "T", w.targets[0])
		f.Add(uint8(i), i%2 == 0, []byte("GET "+target+" HTTP/1.1\r\nHost: search\r\n\r\n"))
		f.Add(uint8(i), i%3 == 0, w.request())
	}
	var stands []*stand
	for _, set := range some {
		stands = append(stands, open(f, set))
	}
	f.Fuzz(func(t *testing.T, number uint8, kubelet bool, request []byte) {
		s, socket := stands[int(number)%len(stands)], front
		if kubelet {
			socket = health
		}
		c := &client{patience: 50 * time.Millisecond, dial: func() (net.Conn, error) { return s.dial(socket) }}
		defer c.hangUp()
		if !bytes.HasSuffix(request, []byte("\n\r\n")) {
			request = append(bytes.Clone(request), "\r\n\r\n"...)
		}
		require.NoError(t, c.send(request))
		for _, raw := range s.app[socket].take() {
			if wrong := s.wrong(socket, raw); wrong != "" {
				require.FailNow(t, wrong, "%s, %s: the app got %q", s.name, socket, raw)
			}
		}
	})
}
