package pod

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

// A Container is a program that runs as a kubelet would run it.
type Container struct {
	T    *testing.T
	Cmd  *exec.Cmd
	Done chan struct{} // closed when it has ended
	Err  error         // how; read after Done
	Log  *Output

	spec    corev1.Container
	root    string
	writers []*os.File     // of what it writes
	readers sync.WaitGroup // until nobody can write any more
}

var containers atomic.Int32

// Programs is a folder in a container whose programs come first, if it's mounted.
const Programs = "/programs"

// Launch runs a rendered container, with directories mounted by their paths in
// it; nil is an empty one in memory. Its command is one of this machine.
func Launch(t *testing.T, spec corev1.Container, mounts map[string]*Volume) *Container {
	t.Helper()
	return launchIn(t, spec, mounts, 0)
}

// LaunchFirst is Launch for what must know that it's the first process of its
// container: signals that it doesn't handle are lost on it.
func LaunchFirst(t *testing.T, spec corev1.Container, mounts map[string]*Volume) *Container {
	t.Helper()
	return launchIn(t, spec, mounts, syscall.CLONE_NEWPID)
}

func launchIn(t *testing.T, spec corev1.Container, mounts map[string]*Volume, namespaces uintptr) *Container {
	t.Helper()
	c := &Container{
		T:    t,
		Done: make(chan struct{}),
		Log:  new(Output),
		spec: spec,
		root: filepath.Join(Roots, strconv.Itoa(int(containers.Add(1)))),
	}
	for _, m := range spec.VolumeMounts {
		require.Contains(t, mounts, m.MountPath, "the container mounts %s there", m.Name)
	}
	c.buildRoot(mounts)
	c.Cmd = c.Command(slices.Concat(spec.Command, spec.Args)...)
	c.Cmd.Stdout, c.Cmd.Stderr = c.openPipe(), c.openPipe()
	c.Cmd.SysProcAttr.Cloneflags = namespaces
	require.NoError(t, c.Cmd.Start())
	for _, w := range c.writers {
		require.NoError(t, w.Close()) // it's the program's
	}
	go func() {
		c.Err = c.Cmd.Wait()
		close(c.Done)
	}()
	t.Cleanup(func() {
		_ = c.Cmd.Process.Kill()
		<-c.Done
		c.killAll()
		if t.Failed() {
			t.Logf("%s wrote:\n%s", spec.Name, c.Log)
		}
		_ = syscall.Unmount(c.root, syscall.MNT_DETACH)
	})
	return c
}

// killAll kills what the first process has left, as nginx's workers, and waits until
// nothing of it runs: it would have the ports that the next test needs.
func (c *Container) killAll() {
	_ = syscall.Kill(-c.Cmd.Process.Pid, syscall.SIGKILL)
	for deadline := time.Now().Add(Patience); groupRuns(c.Cmd.Process.Pid); <-time.After(time.Millisecond) {
		if time.Now().After(deadline) {
			c.T.Errorf("%s: processes of the container don't end", c.spec.Name)
			return
		}
	}
}

// groupRuns reports whether a group has processes that haven't ended; those that have may
// wait for somebody to ask (proc(5), stat).
func groupRuns(group int) bool {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range stats {
		text, _ := os.ReadFile(name) // it may have ended since
		_, rest, _ := strings.Cut(string(text), ") ")
		if f := strings.Fields(rest); len(f) > 2 && f[2] == strconv.Itoa(group) && f[0] != "Z" && f[0] != "X" {
			return true
		}
	}
	return false
}

// buildRoot builds the container's root: the programs of this machine and the volumes
// at the rendered paths, all read-only but /tmp, where that is mounted.
func (c *Container) buildRoot(mounts map[string]*Volume) {
	t := c.T
	for _, dir := range append(slices.Collect(maps.Keys(mounts)), "usr", "proc", "dev", "tmp", "etc/ssl") {
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
	bind := func(source, name string) {
		require.NoError(t, os.WriteFile(filepath.Join(c.root, name), nil, 0o666))
		mount(source, filepath.Join(c.root, name), "", syscall.MS_BIND, "")
	}
	bind("/dev/null", "dev/null")
	bind("/dev/urandom", "dev/urandom")
	require.NoError(t, os.WriteFile(c.hostsFile(), nil, 0o644))
	bind(c.hostsFile(), "etc/hosts")
	for _, dir := range []string{"/usr", "/etc/ssl"} {
		mount(dir, filepath.Join(c.root, dir), "", syscall.MS_BIND, "")
		readOnly(filepath.Join(c.root, dir))
	}
	mount("/proc", filepath.Join(c.root, "proc"), "", syscall.MS_BIND, "")
	for path, volume := range mounts {
		target := filepath.Join(c.root, path)
		if volume == nil {
			mount("tmpfs", target, "tmpfs", 0, "mode=1777,size=16m")
			continue
		}
		mount(volume.Dir, target, "", syscall.MS_BIND, "")
		if !volume.Writable {
			readOnly(target)
		}
	}
	readOnly(c.root)
}

func (c *Container) hostsFile() string { return c.root + ".hosts" }

// SetHosts says what names mean in the container from now on: lines of /etc/hosts.
func (c *Container) SetHosts(lines ...string) {
	c.T.Helper()
	require.NoError(c.T, os.WriteFile(c.hostsFile(), []byte(strings.Join(lines, "\n")+"\n"), 0o644))
}

// Command is a process in the container: the rendered user and plain variables, the
// rendered capabilities, mostly none, and no way to get any.
func (c *Container) Command(args ...string) *exec.Cmd {
	user := c.spec.SecurityContext
	setpriv := []string{
		fmt.Sprintf("--reuid=%d", *user.RunAsUser),
		fmt.Sprintf("--regid=%d", *user.RunAsGroup),
		"--clear-groups",
	}
	if user.Privileged == nil || !*user.Privileged {
		bounds := "-all"
		if user.Capabilities != nil {
			for _, capability := range user.Capabilities.Add {
				bounds += ",+" + strings.ToLower(string(capability))
			}
		}
		setpriv = append(setpriv, "--bounding-set="+bounds, "--inh-caps=-all", "--no-new-privs")
	}
	// Nodes with containerd 2 start containers with this soft limit of files, and leave the hard one high.
	limited := append([]string{"--nofile=1024:", "/usr/bin/setpriv"}, setpriv...)
	cmd := exec.Command("/usr/bin/prlimit", append(limited, args...)...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + Programs + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	for _, v := range c.spec.Env {
		cmd.Env = append(cmd.Env, v.Name+"="+v.Value)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: c.root, Setpgid: true}
	return cmd
}

// openPipe gives the program a pipe that it owns, as container runtimes do: some open
// /dev/stdout by name.
func (c *Container) openPipe() *os.File {
	r, w, err := os.Pipe()
	require.NoError(c.T, err)
	require.NoError(c.T, w.Chown(int(*c.spec.SecurityContext.RunAsUser), int(*c.spec.SecurityContext.RunAsGroup)))
	c.T.Cleanup(func() { _ = w.Close() })
	c.writers = append(c.writers, w)
	c.readers.Go(func() {
		_, _ = c.Log.ReadFrom(r)
		_ = r.Close()
	})
	return w
}

// drainLog waits until all is in Log that was written before the program ended. What it
// has left may go on writing: that isn't waited for.
func (c *Container) drainLog() {
	all := make(chan struct{})
	go func() {
		c.readers.Wait()
		close(all)
	}()
	select {
	case <-all:
	case <-time.After(time.Second):
	}
}

// RequireSuccess waits until the program has ended, and wants it to have done so by
// itself.
func (c *Container) RequireSuccess() {
	c.T.Helper()
	select {
	case <-c.Done:
		c.drainLog()
		require.NoError(c.T, c.Err, c.Log)
	case <-time.After(Patience):
		require.FailNow(c.T, c.spec.Name+" goes on", c.Log)
	}
}

// RequireFailure waits until the program has ended, and wants it to have failed by itself.
func (c *Container) RequireFailure() {
	c.T.Helper()
	select {
	case <-c.Done:
		c.drainLog()
		exit, ok := errors.AsType[*exec.ExitError](c.Err)
		require.True(c.T, ok && exit.Exited(), "%v: %s", c.Err, c.Log)
	case <-time.After(Patience):
		require.FailNow(c.T, c.spec.Name+" goes on", c.Log)
	}
}

// ReadStatus is a field of /proc/PID/status.
func ReadStatus(t *testing.T, pid int, field string) string {
	t.Helper()
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

// Terminate asks the program to end, as the kubelet does.
func (c *Container) Terminate() {
	c.T.Helper()
	require.NoError(c.T, c.Cmd.Process.Signal(syscall.SIGTERM))
}
