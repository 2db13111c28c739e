package tunnel

import (
	"bufio"
	"crypto/x509"
	"encoding/pem"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/pattern/tunnel"
)

// reverse runs an openssl outside of the pod that sends each line back, reversed.
func reverse(t *testing.T, cert map[string]string, clients *authority, options ...string) {
	t.Helper()
	own(t, home)
	dir, err := os.MkdirTemp(pod.Roots, "openssl")
	require.NoError(t, err)
	for name, text := range map[string]string{"tls.crt": cert["tls.crt"], "tls.key": cert["tls.key"], "ca.crt": clients.bundle()["ca.crt"]} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	cmd := exec.Command("openssl", append([]string{"s_server", "-accept", home + ":6380", "-cert", "tls.crt", "-key", "tls.key", "-CAfile", "ca.crt",
		"-Verify", "1", "-verify_return_error", "-rev", "-quiet"}, options...)...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	log := new(pod.Output)
	r, w, err := os.Pipe()
	require.NoError(t, err)
	cmd.Stdout, cmd.Stderr = w, w
	require.NoError(t, cmd.Start())
	require.NoError(t, w.Close())
	go func() { _, _ = log.ReadFrom(r); _ = r.Close() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("openssl wrote:\n%s", log)
		}
	})
	pod.Poll(t, "openssl to listen", func() bool { return connects(home + ":6380") })
}

// echoed is what comes back through the tunnel.
func echoed(line string) (string, error) {
	conn, err := net.DialTimeout("tcp", "127.0.0.1:6379", pod.Patience)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(pod.Patience)); err != nil {
		return "", err
	}
	if _, err := conn.Write([]byte(line + "\n")); err != nil {
		return "", err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	return answer, err
}

// A server of another make, with TLS 1.2 alone and with 1.3: both certificates are
// verified, by either side. What is older isn't spoken, and what has expired is no
// certificate.
func TestOpenSSL(t *testing.T) {
	ca, clients := newAuthority(t, "test authority"), newAuthority(t, "clients' authority")
	with := func(p *tunnel.Tunnel) { p.ClientCertificate = &tunnel.ClientCertificate{SecretName: "redis-client"} }
	me := clients.issue(t, "shop", x509.ExtKeyUsageClientAuth)
	was := time.Now().Add(-time.Minute)
	old := ca.client(t, x509.Certificate{DNSNames: []string{serverName}, NotBefore: was.Add(-time.Hour), NotAfter: was, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	key, err := x509.MarshalPKCS8PrivateKey(old.PrivateKey)
	require.NoError(t, err)
	expired := map[string]string{
		"tls.crt": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: old.Certificate[0]})),
		"tls.key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))}
	for name, c := range map[string]struct {
		cert    map[string]string
		options []string
		says    string // why it's refused
	}{
		"TLS 1.3":         {server(t, ca, serverName), []string{"-tls1_3"}, ""},
		"TLS 1.2":         {server(t, ca, serverName), []string{"-tls1_2"}, ""},
		"older":           {server(t, ca, serverName), []string{"-no_tls1_3", "-no_tls1_2", "-cipher", "ALL:@SECLEVEL=0"}, "tls: protocol version not supported"},
		"expired":         {expired, nil, "certificate has expired"},
		"of a stranger's": {server(t, clients, serverName), nil, "certificate signed by unknown authority"},
	} {
		t.Run(name, func(t *testing.T) {
			reverse(t, c.cert, clients, c.options...)
			spec, _ := renderTunnel(t, with)
			tunnel := launch(t, spec, volumes(t, ca.bundle(), me), outside)
			if c.says != "" {
				answer, err := echoed("abc")
				require.Error(t, err, answer)
				pod.Poll(t, "the reason", func() bool { return strings.Contains(tunnel.Log.String(), c.says) })
				return
			}
			pod.Poll(t, "an answer", func() bool { answer, err := echoed("abc"); return err == nil && answer == "cba\n" })
		})
	}
}
