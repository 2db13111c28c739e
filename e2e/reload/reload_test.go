package reload

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/pattern/agent"
	"github.com/outrigger-dev/outrigger/pkg/pattern/proxy"
)

// An app is told of changes by requests.
type app struct {
	told   atomic.Int64 // requests that it took
	asked  atomic.Int64 // and all
	status atomic.Int64
	last   atomic.Pointer[string]
}

// serve starts one on 127.0.0.1.
func serve(t *testing.T, port int, tls bool) *app {
	t.Helper()
	a := &app{}
	a.status.Store(http.StatusOK)
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	require.NoError(t, err)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.last.Store(new(r.Method + " " + r.URL.String()))
		status := int(a.status.Load())
		w.WriteHeader(status)
		if status/100 == 2 {
			a.told.Add(1)
		}
		a.asked.Add(1)
	}))
	require.NoError(t, s.Listener.Close())
	s.Listener = listener
	if tls {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return a
}

func (a *app) knows(t *testing.T, times int64) {
	t.Helper()
	pod.Poll(t, "the app to be told", func() bool { return a.told.Load() >= times })
	require.Equal(t, times, a.told.Load(), "once each")
}

// children are the processes below pid that have a name.
func children(t *testing.T, pid int, name string) (pids []int) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	require.NoError(t, err)
	for _, file := range all {
		raw, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		words := strings.Fields(string(raw))
		if words[1] == "("+name+")" && words[3] == strconv.Itoa(pid) {
			n, err := strconv.Atoi(words[0])
			require.NoError(t, err)
			pids = append(pids, n)
		}
	}
	return pids
}

func volumes(t *testing.T) (config, secret *pod.Volume) {
	t.Helper()
	return pod.NewVolume(t, map[string]string{"web.conf": "one"}), pod.NewVolume(t, map[string]string{"password": "one"})
}

// A swap of the volume's link, as the kubelet makes it, is one request; so is one of
// the other volume. The first look is none, and neither is silence.
func TestWebhook(t *testing.T) {
	hook := &agent.ReloadWebhook{URL: "http://127.0.0.1:8080/-/reload?now={all}"}
	w := renderWatcher(t, agent.ConfigReload{Webhook: hook})
	require.Nil(t, w.spec.ShareProcessNamespace)
	a := serve(t, 8080, false)
	config, secret := volumes(t)
	c := w.launch(t, config, secret)
	require.Zero(t, a.asked.Load())

	config.WriteFiles(map[string]string{"web.conf": "two"})
	a.knows(t, 1)
	require.Equal(t, "POST /-/reload?now={all}", *a.last.Load())
	secret.WriteFiles(map[string]string{"password": "two"})
	a.knows(t, 2)
	config.WriteFiles(map[string]string{"web.conf": "three"})
	a.knows(t, 3)
	require.Equal(t, int64(3), a.asked.Load())

	pid := c.Cmd.Process.Pid
	require.Equal(t, "100 100 100 100", pod.ReadStatus(t, pid, "Uid"))
	require.Equal(t, "0000000000000000", pod.ReadStatus(t, pid, "CapEff"))
	c.Terminate()
	c.RequireSuccess()
}

// An app that another sidecar has moved is told where it is.
func TestWebhookFollows(t *testing.T) {
	hook := &agent.ReloadWebhook{URL: "http://localhost:8080/reload", Method: agent.Put}
	moved := &proxy.TLSProxy{Base: proxy.Base{
		Port:       8080,
		SecretName: "tls",
		Rebind:     &proxy.Rebind{Port: 8081, Args: []string{"--listen=127.0.0.1:8081"}},
	}}
	w := renderWatcher(t, agent.ConfigReload{Webhook: hook}, config.Entry{TLSProxy: moved})
	a := serve(t, 8081, false)
	config, secret := volumes(t)
	w.launch(t, config, secret)
	config.WriteFiles(map[string]string{"web.conf": "two"})
	a.knows(t, 1)
	require.Equal(t, "PUT /reload", *a.last.Load())
}

// An app may speak TLS itself: no certificate is for 127.0.0.1.
func TestWebhookTLS(t *testing.T) {
	w := renderWatcher(t, agent.ConfigReload{Webhook: &agent.ReloadWebhook{URL: "https://127.0.0.1:8443/reload"}})
	a := serve(t, 8443, true)
	config, secret := volumes(t)
	w.launch(t, config, secret)
	secret.WriteFiles(map[string]string{"password": "two"})
	a.knows(t, 1)
}

// An app that isn't there yet, or refuses, is told later, and of a new change at once.
func TestWebhookTriesAgain(t *testing.T) {
	w := renderWatcher(t, agent.ConfigReload{Webhook: &agent.ReloadWebhook{URL: "http://127.0.0.1:8080/-/reload"}})
	config, secret := volumes(t)
	c := w.launch(t, config, secret)
	config.WriteFiles(map[string]string{"web.conf": "two"})
	pod.Poll(t, "it to say so", func() bool { return strings.Contains(c.Log.String(), "couldn't be told") })

	a := serve(t, 8080, false)
	a.status.Store(http.StatusInternalServerError)
	pod.Poll(t, "the app to be asked", func() bool { return a.asked.Load() > 0 })
	pod.Poll(t, "it to say so", func() bool { return strings.Contains(c.Log.String(), "the app answered 500") })
	require.Zero(t, a.told.Load())

	a.status.Store(http.StatusNoContent)
	config.WriteFiles(map[string]string{"web.conf": "three"})
	a.knows(t, 1)
}
