package reload

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/pattern/agent"
)

func nginxConf(answer string) map[string]string {
	return map[string]string{"nginx.conf": `daemon off;
pid /tmp/nginx.pid;
error_log stderr notice;
worker_processes 2;
events {}
http {
    access_log off;
    client_body_temp_path /tmp/body;
    proxy_temp_path /tmp/proxy;
    fastcgi_temp_path /tmp/fastcgi;
    uwsgi_temp_path /tmp/uwsgi;
    scgi_temp_path /tmp/scgi;
    server {
        listen 127.0.0.1:8080;
        location / { return 200 ` + answer + `; }
    }
}
`}
}

// nginx runs a real one, as a user, on a volume.
func nginx(t *testing.T, user int64, config *pod.Volume) *pod.Container {
	t.Helper()
	return pod.Launch(t, corev1.Container{
		Name: "web", Command: []string{"nginx", "-e", "stderr", "-c", "/etc/web/nginx.conf"},
		SecurityContext: &corev1.SecurityContext{RunAsUser: new(user), RunAsGroup: new(user)},
	}, map[string]*pod.Volume{"/etc/web": config, "/tmp": nil})
}

func get() string {
	r, err := http.Get("http://127.0.0.1:8080/")
	if err != nil {
		return err.Error()
	}
	defer r.Body.Close()
	b, _ := io.ReadAll(r.Body)
	return string(b)
}

// A real nginx, of the same user in the same namespace of processes, reads its changed
// configuration: its first process is told, and none of its workers.
func TestSignal(t *testing.T) {
	w := renderWatcher(t, agent.ConfigReload{Signal: &agent.ReloadSignal{Process: "nginx"}})
	require.True(t, *w.spec.ShareProcessNamespace)
	require.Equal(t, int64(3000), *w.SecurityContext.RunAsUser)
	config, secret := pod.NewVolume(t, nginxConf("one")), pod.NewVolume(t, map[string]string{"password": "one"})
	app := nginx(t, 3000, config)
	pod.Poll(t, "nginx", func() bool { return get() == "one" })
	c := w.launch(t, config, secret)
	for _, answer := range []string{"two", "three"} {
		config.WriteFiles(nginxConf(answer))
		pod.Poll(t, "nginx to read it", func() bool { return get() == answer })
	}
	require.Equal(t, 2, strings.Count(app.Log.String(), "(SIGHUP) received"), app.Log)
	require.NotContains(t, app.Log.String(), "ignoring")
	require.Equal(t, "0000000000000000", pod.ReadStatus(t, c.Cmd.Process.Pid, "CapEff"))
	c.Terminate()
	c.RequireSuccess()
}

// A process that isn't there reads the files when it starts: nothing is due. One of
// another user is left alone, and that is said.
func TestSignalReachesNobody(t *testing.T) {
	w := renderWatcher(t, agent.ConfigReload{Signal: &agent.ReloadSignal{Process: "nginx"}})
	config, secret := pod.NewVolume(t, nginxConf("one")), pod.NewVolume(t, map[string]string{"password": "one"})
	c := w.launch(t, config, secret)
	config.WriteFiles(nginxConf("two"))
	pod.Poll(t, "it to say so", func() bool {
		return strings.Contains(c.Log.String(), "there is no process nginx: it reads the files when it starts")
	})
	require.NotContains(t, c.Log.String(), "couldn't be told")

	app := nginx(t, 4000, config)
	pod.Poll(t, "nginx", func() bool { return get() == "two" })
	config.WriteFiles(nginxConf("three"))
	pod.Poll(t, "it to say so", func() bool {
		return strings.Contains(c.Log.String(), "the processes nginx are of another user than 3000")
	})
	pod.Poll(t, "it to say so", func() bool { return strings.Contains(c.Log.String(), "couldn't be told") })
	require.NotContains(t, app.Log.String(), "SIGHUP")
	require.Equal(t, "two", get())
}
