package auth

import (
	"crypto/tls"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/certs"
	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/pattern/proxy"
)

// Authentication and TLS are one nginx.
func TestBasicTLS(t *testing.T) {
	containers, files := renderProxy(t, &proxy.AuthProxy{
		Base:  proxy.Base{SecretName: "reports-tls"},
		Basic: &proxy.Basic{SecretName: "users"},
	})
	require.Len(t, containers, 1)
	ca := certs.NewAuthority(t, "reports")
	serve(t)
	launch(t, containers[0], map[string]*pod.Volume{
		"/etc/outrigger/nginx": pod.NewVolume(t, files), "/tmp": nil,
		"/etc/outrigger/users": pod.NewVolume(t, map[string]string{"htpasswd": "alice:{PLAIN}secret\n"}),
		"/etc/outrigger/certs": pod.NewVolume(t, ca.IssueServer(t, "reports")),
	})
	c := &http.Client{
		Timeout:   pod.Patience,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: certs.Pool(ca), ServerName: "reports"}},
	}
	t.Cleanup(c.CloseIdleConnections)
	for password, want := range map[string]int{"secret": 200, "guess": 401} {
		r, err := http.NewRequest("GET", "https://127.0.0.1:8080/admin", nil)
		require.NoError(t, err)
		r.SetBasicAuth("alice", password)
		resp, err := c.Do(r)
		require.NoError(t, err)
		_ = resp.Body.Close()
		require.Equal(t, want, resp.StatusCode)
	}
	status, _, _ := ask(t, "GET", "/admin", basic("alice", "secret"))
	require.Equal(t, 400, status, "plain HTTP")
}
