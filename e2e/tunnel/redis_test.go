package tunnel

import (
	"bufio"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/certs"
	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/e2e/servers"
)

// A redis is a real one outside of the pod, with TLS only.
type redis struct {
	*servers.Server
	t       *testing.T
	address string // without the port
	dir     string
}

// serve starts one with a certificate, which clients must have too if it's told
// their authority.
func serve(t *testing.T, address string, cert map[string]string, clients *certs.Authority) *redis {
	t.Helper()
	pod.AddAddress(t, address)
	r := &redis{t: t, address: address}
	var err error
	r.dir, err = os.MkdirTemp(pod.Roots, "redis")
	require.NoError(t, err)
	r.write(cert)
	if clients != nil {
		r.write(clients.Bundle())
	}
	r.start()
	return r
}

func (r *redis) write(files map[string]string) {
	for name, text := range maps.All(files) {
		require.NoError(r.t, os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o600))
	}
}

func (r *redis) start() {
	r.t.Helper()
	args := []string{
		"--bind", r.address, "--protected-mode", "no", "--port", "0", "--tls-port", "6380",
		"--dir", r.dir, "--save", "", "--appendonly", "no",
		"--tls-cert-file", "tls.crt", "--tls-key-file", "tls.key",
	}
	if _, err := os.Stat(filepath.Join(r.dir, "ca.crt")); err == nil {
		args = append(args, "--tls-ca-cert-file", "ca.crt", "--tls-auth-clients", "yes")
	} else {
		args = append(args, "--tls-ca-cert-dir", "/etc/ssl/certs", "--tls-auth-clients", "no")
	}
	cmd := exec.Command("/usr/bin/redis-server", args...)
	cmd.Dir = r.dir
	r.Server = servers.Start(r.t, cmd, syscall.SIGKILL)
	pod.WaitForPort(r.t, r.address+":6380")
}

// ask sends one command over a connection of its own through the tunnel and gives
// the first line of the answer.
func ask(command string) (string, error) {
	line, err := exchange(command + "\r\n")
	return strings.TrimSuffix(line, "\r\n"), err
}

// exchange sends a text over a connection of its own through the tunnel, and returns the first line of the answer.
func exchange(text string) (string, error) {
	conn, err := net.DialTimeout("tcp", "127.0.0.1:6379", pod.Patience)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(pod.Patience)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(conn, text); err != nil {
		return "", err
	}
	return bufio.NewReader(conn).ReadString('\n')
}

// works waits until the tunnel leads to a Redis that answers.
func works(t *testing.T) {
	t.Helper()
	pod.Poll(t, "an answer", func() bool { answer, err := ask("PING"); return err == nil && answer == "+PONG" })
}

// fails wants no answer, and a reason in the log.
func fails(t *testing.T, c *pod.Container, reason string) {
	t.Helper()
	answer, err := ask("PING")
	require.Error(t, err, "answered: %s", answer)
	require.Empty(t, answer)
	pod.Poll(t, "the reason: "+reason, func() bool { return strings.Contains(c.Log.String(), reason) })
}
