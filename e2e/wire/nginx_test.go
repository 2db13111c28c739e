package wire

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
)

// program is the nginx that is attacked.
func program() string {
	if p := os.Getenv("NGINX"); p != "" {
		return p
	}
	return debian
}

const debian = "/usr/sbin/nginx"

// image returns an image name with the version of the program, which decides what is rendered.
func image(t testing.TB) string {
	t.Helper()
	out, err := exec.Command(program(), "-v").CombinedOutput()
	require.NoError(t, err, "these tests need the real nginx: apt-get install -y --no-install-recommends nginx-light")
	_, version, ok := strings.Cut(strings.TrimSpace(string(out)), "nginx/")
	require.True(t, ok, string(out))
	return "docker.io/library/nginx:" + version
}

var (
	listening = regexp.MustCompile(`listen ([^; ]+)`)
	dialling  = regexp.MustCompile(`(proxy_pass http://|grpc_pass grpc://)127\.0\.0\.1:(\d+)([$/][^;]*)?;`)
	streams   = regexp.MustCompile(`(?m)^ *stream \{`)
	streaming = regexp.MustCompile(`proxy_pass 127\.0\.0\.1:(\d+);`)
)

// podIP is where clients reach the pod.
const podIP = "10.1.2.3"

// here rewrites a configuration for a folder: ports become sockets in it, and paths of the pod's mounts become paths in
// it. Listeners of IPv6 get sockets that nobody uses.
func here(dir, conf string) string {
	conf = strings.ReplaceAll(conf, " /tmp/", " "+dir+"/")
	conf = strings.ReplaceAll(conf, "/etc/outrigger/", dir+"/")
	conf = listening.ReplaceAllStringFunc(conf, func(s string) string {
		address := strings.TrimPrefix(s, "listen ")
		if port, v6 := strings.CutPrefix(address, "[::]:"); v6 {
			return "listen unix:" + dir + "/" + port + ".v6"
		}
		return "listen unix:" + dir + "/" + address
	})
	conf = dialling.ReplaceAllStringFunc(conf, func(s string) string {
		m := dialling.FindStringSubmatch(s)
		socket := dir + "/" + m[2]
		if strings.HasPrefix(m[3], "$") {
			socket = dir + "/" + probing // so that one sees who has let a request in, however late
		}
		if m[3] != "" {
			m[3] = ":" + m[3]
		}
		return m[1] + "unix:" + socket + m[3] + ";"
	})
	conf = strings.ReplaceAll(conf, "$server_addr", podIP) // of a socket, it would be a path
	conf = streaming.ReplaceAllString(conf, "proxy_pass unix:"+dir+"/$1;")
	conf = regexp.MustCompile(`worker_processes \d+;`).ReplaceAllString(conf, "worker_processes 1;")
	if os.Geteuid() == 0 {
		conf = "user root;\n" + conf // the folder is root's
	}
	if program() != debian { // it has njs in it, or is asked about no tokens
		conf = strings.Replace(conf, "load_module /usr/lib/nginx/modules/ngx_http_js_module.so;\n", "", 1)
	}
	if streams.MatchString(conf) && program() == debian { // a module of its own there
		conf = "load_module /usr/lib/nginx/modules/ngx_stream_module.so;\n" + conf
	}
	return conf
}

// folder makes a folder whose path is short enough for sockets (unix(7), 108 bytes).
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "wire")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// write writes a file into a folder.
func write(t testing.TB, dir, name, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
}

// launch runs nginx with a configuration until the test ends.
func launch(t testing.TB, dir, conf, socket string) {
	t.Helper()
	write(t, dir, "nginx.conf", here(dir, conf))
	var log bytes.Buffer
	oneProcess := "daemon off; master_process off;" // it ends with the test, however that ends
	cmd := exec.Command(program(), "-e", "stderr", "-c", filepath.Join(dir, "nginx.conf"), "-g", oneProcess)
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	require.NoError(t, cmd.Start())
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(done)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-done:
		case <-time.After(pod.Patience):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-done
		}
		if t.Failed() {
			t.Logf("nginx wrote:\n%s", tail(log.String()))
		}
	})
	for deadline := time.Now().Add(pod.Patience); ; <-time.After(5 * time.Millisecond) {
		conn, err := net.Dial("unix", filepath.Join(dir, socket))
		if err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-done:
			require.FailNow(t, "nginx has ended", "%s\n%s", log.String(), conf)
		default:
		}
		require.True(t, time.Now().Before(deadline), "nginx doesn't listen on %s", fmt.Sprint(socket))
	}
}

func tail(s string) string { return s[max(0, len(s)-4000):] }
