// Package servers runs real servers of this machine outside of the pod.
package servers

import (
	"io"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
)

// A Server is a program that runs until the test ends. If the test fails, what the program wrote is shown.
type Server struct {
	Log *pod.Output

	t    testing.TB
	cmd  *exec.Cmd
	stop syscall.Signal
}

// Start runs a program; stop is the signal that ends it.
func Start(t testing.TB, cmd *exec.Cmd, stop syscall.Signal) *Server {
	t.Helper()
	s := &Server{Log: new(pod.Output), t: t, cmd: cmd, stop: stop}
	r, w, err := os.Pipe()
	require.NoError(t, err)
	cmd.Stdout, cmd.Stderr = w, w
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	require.NoError(t, cmd.Start())
	require.NoError(t, w.Close())
	go func() {
		_, _ = s.Log.ReadFrom(r)
		_ = r.Close()
	}()
	t.Cleanup(s.Stop)
	return s
}

// Stop ends the program, if it runs, and waits for it.
func (s *Server) Stop() {
	if s.cmd.ProcessState != nil {
		return
	}
	_ = s.cmd.Process.Signal(s.stop)
	_ = s.cmd.Wait()
	if s.t.Failed() {
		s.t.Logf("%s wrote:\n%s", s.cmd.Path, s.Log)
	}
}

// StartEcho sends back whatever comes in at an address, until the test ends.
func StartEcho(t testing.TB, address string) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	Accept(l, func(c net.Conn) {
		go func() {
			defer c.Close()
			_, _ = io.Copy(c, c)
		}()
	})
}

// Accept serves all connections of a listener, until it is closed.
func Accept(l net.Listener, serve func(net.Conn)) {
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serve(c)
		}
	}()
}
