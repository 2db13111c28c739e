package steps

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/step"
)

// waiting runs an entry that waits.
func waiting(t *testing.T, p *step.WaitFor, mounts map[string]*pod.Volume) *pod.Container {
	t.Helper()
	if p.IntervalSeconds == 0 {
		p.IntervalSeconds = 1
	}
	return launch(t, expanded(renderStep(t, config.Entry{WaitFor: p}, "")), mounts)
}

// listen answers at an address from now on, by taking connections.
func listen(t *testing.T, address string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// A server that comes late is waited for, by name and by IPv6 address, after one that
// is there.
func TestWaitForAddress(t *testing.T) {
	listen(t, "127.0.0.1:5432")
	c := waiting(t, &step.WaitFor{Targets: []string{"localhost:5432", "127.0.0.1:6379", "[::1]:5672"}}, nil)
	c.SetHosts("127.0.0.1 localhost")
	says(t, c, "localhost:5432 answers")
	says(t, c, "waiting for 127.0.0.1:6379 since ")
	says(t, c, " seconds: nc: can't connect to remote host (127.0.0.1): Connection refused")
	listen(t, "127.0.0.1:6379")
	says(t, c, "127.0.0.1:6379 answers")
	listen(t, "[::1]:5672")
	c.RequireSuccess()
	says(t, c, "[::1]:5672 answers")
}

// A server that never comes is given up, in time, with a word about why; so is one
// that never says anything, and a name that nobody knows.
func TestWaitForNobody(t *testing.T) {
	silent := listen(t, "127.0.0.1:8081") // takes connections and leaves them alone
	began := time.Now()
	for target, why := range map[string]string{
		"127.0.0.1:1":                            "Connection refused",
		"http://" + silent.Addr().String() + "/": "curl: (28)",
		"http://127.0.0.1:1/":                    "curl: (7)",
		"nobody.example:5432":                    "nc: bad address 'nobody.example'",
	} {
		c := waiting(t, &step.WaitFor{Targets: []string{target}, TimeoutSeconds: 3}, nil)
		defer func() { // all of them wait at once
			c.RequireFailure()
			took := time.Since(began)
			require.Greater(t, took, 2*time.Second)
			require.Less(t, took, time.Minute)
			says(t, c, "gave up after ")
			says(t, c, why)
		}()
	}
}

// A URL answers by its status, through TLS from whom is to be trusted only.
func TestWaitForURL(t *testing.T) {
	var status atomic.Int32
	status.Store(http.StatusServiceUnavailable)
	var query atomic.Value
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query.Store(r.URL.RawQuery)
		w.WriteHeader(int(status.Load()))
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that don't trust it are meant to be there
	s.StartTLS()
	t.Cleanup(s.Close)
	mounts := map[string]*pod.Volume{"/etc/outrigger/ca": bundle(t, s)}
	ca := &pattern.CABundle{ConfigMapName: "ca"}
	target := s.URL + "/health?a=[1-2]&b=$(HOME)'*"

	c := waiting(t, &step.WaitFor{Targets: []string{target}, CA: ca}, mounts)
	says(t, c, "seconds: status 503")
	status.Store(http.StatusFound)
	c.RequireSuccess()
	require.Equal(t, "a=[1-2]&b=$(HOME)'*", query.Load())

	status.Store(http.StatusOK)
	c = waiting(t, &step.WaitFor{Targets: []string{target}, CA: ca, Status: 204}, mounts)
	says(t, c, "seconds: status 200")
	status.Store(http.StatusNoContent)
	c.RequireSuccess()

	c = waiting(t, &step.WaitFor{Targets: []string{target}, TimeoutSeconds: 2}, nil)
	c.RequireFailure()
	says(t, c, "curl: (60)")
	require.False(t, strings.Contains(c.Log.String(), "answers"))
}
