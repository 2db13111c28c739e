package nginx

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/pattern/proxy"
)

// drain of so many seconds.
func drain(seconds int64) func(*proxy.TLSProxy) {
	return func(p *proxy.TLSProxy) { p.DrainSeconds = &seconds }
}

// The rendered preStop hook lets nginx answer what it has, take nothing new and
// end.
func TestQuitDrains(t *testing.T) {
	release := make(chan struct{})
	arrived := make(chan struct{}, 2)
	s := set(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			arrived <- struct{}{}
			<-release
		}
		fmt.Fprint(w, r.URL.Path)
	}, drain(2)) // the hook takes a second

	idle, in := s.conn()
	_, err := io.WriteString(idle, "GET /idle HTTP/1.1\r\nHost: search\r\n\r\n")
	require.NoError(t, err)
	resp, err := http.ReadResponse(in, nil)
	require.Equal(t, "/idle", text(t, resp, err))

	type answer struct {
		resp *http.Response
		err  error
	}
	answers := make(chan answer, 2)
	for _, h2 := range []bool{false, true} {
		go func() {
			resp, err := s.client(h2).Get("https://search:9200/slow")
			answers <- answer{resp, err}
		}()
		pod.Receive(t, "the request", arrived)
	}

	hook := s.Command(s.r.container.Lifecycle.PreStop.Exec.Command...)
	out, err := hook.CombinedOutput()
	require.NoError(t, err, string(out))
	pod.Poll(t, "new connections to be refused", func() bool {
		conn, err := net.DialTimeout("tcp", s.address, pod.Patience)
		if err == nil {
			_ = conn.Close()
		}
		return errors.Is(err, syscall.ECONNREFUSED)
	})
	_, err = in.ReadByte()
	require.ErrorIs(t, err, io.EOF, "an idle connection is closed")
	close(release)
	for range 2 {
		a := pod.Receive(t, "the answer", answers)
		require.Equal(t, "/slow", text(t, a.resp, a.err))
		require.Equal(t, http.StatusOK, a.resp.StatusCode)
	}
	s.RequireSuccess()
}

// A connection that nobody closes doesn't keep nginx longer than the grace
// period, which was raised to 38 seconds, of which the hook has taken 26.
func TestQuitEnds(t *testing.T) {
	s := set(t, echo, drain(28))
	_, in := s.webSocket()
	begin := time.Now()
	require.NoError(t, s.Cmd.Process.Signal(syscall.SIGQUIT)) // STOPSIGNAL of the images
	_, err := in.ReadByte()
	require.Error(t, err)
	s.RequireSuccess()
	require.Less(t, time.Since(begin), 30*time.Second, "nginx gives up after ten seconds")
}
