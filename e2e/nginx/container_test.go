package nginx

import (
	"bytes"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const patience = 20 * time.Second // for everything that is waited for

// A container is an nginx that runs as a kubelet would run it.
type container struct {
	t    *testing.T
	root string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // how; read after done
	log  *output
}

var containers int

// start runs what was rendered, with a directory of certificates mounted, and
// waits until the startup probe would succeed.
func start(t *testing.T, r rendered, certs *secret) *container {
	t.Helper()
	c := launch(t, r, certs)
	poll(t, "nginx to listen", func() bool {
		select {
		case <-c.done:
			require.FailNow(t, "nginx has ended", "%v\n%s", c.err, c.log)
		default:
		}
		conn, err := net.DialTimeout("tcp", r.address(), time.Second)
		if err == nil {
			require.NoError(t, conn.Close())
		}
		return err == nil
	})
	return c
}

// launch is start without the waiting.
func launch(t *testing.T, r rendered, certs *secret) *container {
	t.Helper()
	containers++
	c := &container{t: t, root: filepath.Join(roots, strconv.Itoa(containers)), done: make(chan struct{}), log: new(output)}
	c.lay(r, certs)
	c.cmd = c.command(r.container.Command...)
	c.cmd.Stdout, c.cmd.Stderr = c.pipe(), c.pipe()
	require.NoError(t, c.cmd.Start())
	go func() {
		c.err = c.cmd.Wait()
		close(c.done)
	}()
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		<-c.done
		killGroup(c.cmd.Process.Pid)
		poll(t, "nginx's workers to be gone", func() bool { // a killed process ends in its own time
			conn, err := net.DialTimeout("tcp", r.address(), time.Second)
			if err == nil {
				_ = conn.Close()
			}
			return err != nil
		})
		if t.Failed() {
			t.Logf("nginx wrote:\n%s", c.log)
		}
		_ = syscall.Unmount(c.root, syscall.MNT_DETACH)
	})
	return c
}

// lay builds the container's root: the programs of this machine, the volumes of
// the rendered container at the rendered paths, all read-only but /tmp.
func (c *container) lay(r rendered, certs *secret) {
	t := c.t
	for _, dir := range []string{"usr", "proc", "dev", "tmp", "etc/ssl", strings.TrimPrefix(r.confDir, "/"), strings.TrimPrefix(r.certsDir, "/")} {
		require.NoError(t, os.MkdirAll(filepath.Join(c.root, dir), 0o755))
	}
	mount := func(source, target, kind string, flags uintptr, data string) {
		require.NoError(t, syscall.Mount(source, target, kind, flags, data), "mount %s on %s", source, target)
	}
	readOnly := func(target string) {
		mount("", target, "", syscall.MS_REMOUNT|syscall.MS_BIND|syscall.MS_RDONLY, "")
	}
	mount(c.root, c.root, "", syscall.MS_BIND, "") // a mount of its own, to be made read-only
	for _, name := range []string{"bin", "sbin", "lib", "lib64"} {
		if _, err := os.Stat("/usr/" + name); err == nil {
			require.NoError(t, os.Symlink("usr/"+name, filepath.Join(c.root, name)))
		}
	}
	for name, target := range map[string]string{"stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"} {
		require.NoError(t, os.Symlink(target, filepath.Join(c.root, "dev", name)))
	}
	for _, device := range []string{"dev/null", "dev/urandom"} {
		require.NoError(t, os.WriteFile(filepath.Join(c.root, device), nil, 0o666))
		mount("/"+device, filepath.Join(c.root, device), "", syscall.MS_BIND, "")
	}
	for _, dir := range []string{"/usr", "/etc/ssl"} {
		mount(dir, filepath.Join(c.root, dir), "", syscall.MS_BIND, "")
		readOnly(filepath.Join(c.root, dir))
	}
	mount("/proc", filepath.Join(c.root, "proc"), "", syscall.MS_BIND, "")
	mount("tmpfs", filepath.Join(c.root, "tmp"), "tmpfs", 0, "mode=1777,size=16m")

	volumes := maps.Clone(r.more)
	volumes[r.confDir], volumes[r.certsDir] = newSecret(t, r.files), certs
	for target, volume := range volumes {
		require.NoError(t, os.MkdirAll(filepath.Join(c.root, target), 0o755))
		mount(volume.dir, filepath.Join(c.root, target), "", syscall.MS_BIND, "")
		readOnly(filepath.Join(c.root, target))
	}
	readOnly(c.root)
}

// command is a process in the container: the image's user, no capabilities, no
// way to get any.
func (c *container) command(args ...string) *exec.Cmd {
	cmd := exec.Command("/usr/bin/setpriv", append([]string{
		"--reuid=101", "--regid=101", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"}, args...)...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: c.root, Setpgid: true}
	return cmd
}

// pipe gives nginx a pipe that it owns, as container runtimes do: it opens
// /dev/stdout by name.
func (c *container) pipe() *os.File {
	r, w, err := os.Pipe()
	require.NoError(c.t, err)
	require.NoError(c.t, w.Chown(101, 101))
	c.t.Cleanup(func() { _ = w.Close() })
	go func() {
		_, _ = c.log.ReadFrom(r)
		_ = r.Close()
	}()
	return w
}

// workers are the processes of nginx but the first.
func (c *container) workers() []int {
	var pids []int
	pid := c.cmd.Process.Pid
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	require.NoError(c.t, err)
	for _, word := range strings.Fields(string(raw)) {
		n, err := strconv.Atoi(word)
		require.NoError(c.t, err)
		pids = append(pids, n)
	}
	require.NotEmpty(c.t, pids)
	return pids
}

// status is a field of /proc/PID/status.
func status(t *testing.T, pid int, field string) string {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	for line := range strings.Lines(string(raw)) {
		if value, ok := strings.CutPrefix(line, field+":"); ok {
			return strings.Join(strings.Fields(value), " ")
		}
	}
	require.FailNow(t, "no "+field)
	return ""
}

// ended waits until nginx has ended, and wants it to have done so by itself.
func (c *container) ended() {
	c.t.Helper()
	select {
	case <-c.done:
		require.NoError(c.t, c.err, c.log)
	case <-time.After(patience):
		require.FailNow(c.t, "nginx goes on", c.log)
	}
}

// killGroup ends what the first process has left: workers of a killed master.
func killGroup(pgid int) { _ = syscall.Kill(-pgid, syscall.SIGKILL) }

// poll asks until the answer is yes.
func poll(t *testing.T, what string, yes func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for tick := time.Millisecond; !yes(); tick = min(2*tick, 50*time.Millisecond) {
		if time.Now().After(deadline) {
			require.FailNow(t, "waited in vain for "+what)
		}
		<-time.After(tick)
	}
}

// receive waits for what comes through a channel.
func receive[T any](t *testing.T, what string, ch <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-ch:
	case <-time.After(patience):
		require.FailNow(t, "waited in vain for "+what)
	}
	return v
}

// output is what nginx writes.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) ReadFrom(r *os.File) (total int64, err error) {
	buf := make([]byte, 4096)
	for {
		n, err := r.Read(buf)
		o.mu.Lock()
		o.b.Write(buf[:n])
		o.mu.Unlock()
		if total += int64(n); err != nil {
			return total, err
		}
	}
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}
