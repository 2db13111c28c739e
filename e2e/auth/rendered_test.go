package auth

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/e2e/rendered"
	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/pattern/proxy"
)

var app = rendered.Deployment("reports", `          ports: [{containerPort: 8080}]
          readinessProbe:
            httpGet: {path: "/ready?db=1", port: 8080}
`)

// renderProxy is what a pod gets: its containers in their order, and its ConfigMap.
func renderProxy(t *testing.T, p *proxy.AuthProxy) ([]corev1.Container, map[string]string) {
	t.Helper()
	p.Port, p.AccessLog = 8080, proxy.JSONAccessLog
	p.Rebind = &proxy.Rebind{Port: 8081, Env: map[string]string{"ADDR": "127.0.0.1:8081"}}
	debian12 := &corev1.Container{Image: "docker.io/library/nginx:1.22.1"}
	entry := config.Entry{AuthProxy: p, Override: debian12}
	out := rendered.Render(t, app, entry)
	require.Len(t, out, 2)
	return out.Pod(t).InitContainers, out.Data(t)
}

// launch runs a container and waits until its startup probe succeeds.
func launch(t *testing.T, spec corev1.Container, mounts map[string]*pod.Volume) *pod.Container {
	t.Helper()
	port := 0
	if h := spec.StartupProbe.HTTPGet; h != nil {
		port = h.Port.IntValue()
	} else {
		port = spec.StartupProbe.TCPSocket.Port.IntValue()
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	pod.ReleasePort(t, address)
	c := pod.Launch(t, spec, mounts)
	c.WaitForPort(address)
	return c
}

// slow counts requests for /slow that the app has and that aren't whole yet.
var slow atomic.Int32

func mountOf(dir string) corev1.VolumeMount { return corev1.VolumeMount{Name: "test", MountPath: dir} }

// serve runs the app where it was moved to. It tells what it got, with a status of
// 200 or, for /status/N, N; /slow waits for the whole body, /ws is a WebSocket.
func serve(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:8081")
	require.NoError(t, err)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/slow":
			slow.Add(1)
			defer slow.Add(-1)
			_, _ = io.Copy(io.Discard, r.Body)
		case "/ws":
			w.Header().Set("Connection", "Upgrade")
			w.Header().Set("Upgrade", "websocket")
			w.WriteHeader(http.StatusSwitchingProtocols)
			return
		}
		if status, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/status/")); err == nil {
			w.WriteHeader(status)
		}
		_ = json.NewEncoder(w).Encode(seen{r.Method, r.RequestURI, r.Header})
	})}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
}

type seen struct {
	Method, URI string
	Header      http.Header
}

// ask sends a request whose target stays as it's written.
func ask(t *testing.T, method, target string, header map[string]string) (int, http.Header, seen) {
	t.Helper()
	r, err := http.NewRequest(method, "http://127.0.0.1:8080/", nil)
	require.NoError(t, err)
	if r.URL.Opaque = target; strings.HasPrefix(target, "//") {
		r.URL.Opaque = "//127.0.0.1:8080" + target // else it would be taken for a host
	}
	r.URL.Opaque, r.URL.RawQuery, _ = strings.Cut(r.URL.Opaque, "?")
	for name, value := range header {
		r.Header[name] = []string{value}
	}
	c := &http.Client{
		Timeout:       pod.Patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := c.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	var s seen
	if resp.StatusCode == 200 {
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&s))
	}
	return resp.StatusCode, resp.Header, s
}

// pretended are the headers by which a client might call itself somebody.
func pretended(with map[string]string) map[string]string {
	for _, prefix := range []string{"X-Forwarded-", "X-Auth-Request-"} {
		for _, field := range []string{"User", "Email", "Groups", "Preferred-Username"} {
			with[prefix+field] = "root"
		}
	}
	for _, name := range []string{"X-Remote-User", "Remote-User", "X_Forwarded_User", "Remote_User"} {
		with[name] = "root"
	}
	return with
}

// tricks are ways to write paths that might be taken for public ones, with /open
// and all of /static/ public.
var tricks = []string{
	"/static/../admin",
	"/static/%2e%2e/admin",
	"/static/..%2fadmin",
	"/static%2f..%2fadmin",
	"/static//../admin",
	"/static/./../admin",
	"//static/../admin",
	"/admin/../static/x",
	"/admin/..%2fstatic/x",
	"/static/..;/admin",
	"/open/",
	"/open/x",
	"/open%2f..%2fadmin",
	"/open;/../admin",
	"/OPEN",
	"/staticx",
	"/static",
	"/%6fpen",
}
