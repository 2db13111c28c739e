package tunnel

import (
	"crypto/x509"
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
	"github.com/outrigger-dev/outrigger/pkg/pattern/tunnel"
)

// reverse runs an openssl outside of the pod that sends each line back, reversed.
func reverse(t *testing.T, cert map[string]string, clients *certs.Authority, options ...string) {
	t.Helper()
	pod.AddAddress(t, home)
	dir, err := os.MkdirTemp(pod.Roots, "openssl")
	require.NoError(t, err)
	for _, files := range []map[string]string{cert, clients.Bundle()} {
		for name, text := range files {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		}
	}
	args := []string{
		"s_server", "-accept", home + ":6380", "-cert", "tls.crt", "-key", "tls.key", "-CAfile", "ca.crt",
		"-Verify", "1", "-verify_return_error", "-rev", "-quiet",
	}
	cmd := exec.Command("openssl", append(args, options...)...)
	cmd.Dir = dir
	servers.Start(t, cmd, syscall.SIGKILL)
	pod.WaitForPort(t, home+":6380")
}

// echoed is what comes back through the tunnel.
func echoed(line string) (string, error) {
	return exchange(line + "\n")
}

// A server of another make, with TLS 1.2 alone and with 1.3: both certificates are
// verified, by either side. What is older isn't spoken, and what has expired is no
// certificate.
func TestOpenSSL(t *testing.T) {
	ca, clients := certs.NewAuthority(t, "test authority"), certs.NewAuthority(t, "clients' authority")
	with := func(p *tunnel.Tunnel) { p.ClientCertificate = &tunnel.ClientCertificate{SecretName: "redis-client"} }
	me := issueClientSecret(t, clients, "shop")
	was := time.Now().Add(-time.Minute)
	past := x509.Certificate{DNSNames: []string{serverName}, NotBefore: was.Add(-time.Hour), NotAfter: was}
	expired := certs.EncodeSecret(t, ca.Issue(t, past))
	old := []string{"-no_tls1_3", "-no_tls1_2", "-cipher", "ALL:@SECLEVEL=0"}
	for name, c := range map[string]struct {
		cert    map[string]string
		options []string
		says    string // why it's refused
	}{
		"TLS 1.3":         {ca.IssueServer(t, serverName), []string{"-tls1_3"}, ""},
		"TLS 1.2":         {ca.IssueServer(t, serverName), []string{"-tls1_2"}, ""},
		"older":           {ca.IssueServer(t, serverName), old, "tls: protocol version not supported"},
		"expired":         {expired, nil, "certificate has expired"},
		"of a stranger's": {clients.IssueServer(t, serverName), nil, "certificate signed by unknown authority"},
	} {
		t.Run(name, func(t *testing.T) {
			reverse(t, c.cert, clients, c.options...)
			spec, _ := renderTunnel(t, with)
			tunnel := launch(t, spec, volumes(t, ca.Bundle(), me), outside)
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
