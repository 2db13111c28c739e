// Package pod runs what outrigger renders as a kubelet would: the real programs in
// namespaces of their own, under the image's user, without capabilities or a way
// to get any, on a read-only root, with volumes that change as Secrets do.
package pod

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/outrigger-dev/outrigger/e2e/made"
)

const (
	// Roots is a tmpfs in the namespaces of the tests, for all that they write.
	Roots = "/mnt"

	inside = "OUTRIGGER_E2E_INSIDE" // set in the process that has namespaces of its own
	built  = "OUTRIGGER_E2E_BUILT"  // the folder of what was made for it
)

// packages are the Debian packages of the programs that tests need.
var packages = map[string]string{
	"/usr/bin/busybox":          "busybox-static",
	"/usr/bin/curl":             "curl",
	"/usr/bin/memcached":        "memcached",
	"/usr/bin/pg_ctlcluster":    "postgresql",
	"/usr/bin/rclone":           "rclone",
	"/usr/bin/redis-server":     "redis-server",
	"/usr/sbin/iptables-legacy": "iptables",
	"/usr/sbin/nginx":           "nginx-light libnginx-mod-stream",
	"/usr/sbin/pgbouncer":       "pgbouncer",

	"/usr/bin/prometheus-elasticsearch-exporter": "prometheus-elasticsearch-exporter",
	"/usr/bin/prometheus-nginx-exporter":         "prometheus-nginx-exporter",
	"/usr/bin/prometheus-postgres-exporter":      "prometheus-postgres-exporter",
	"/usr/bin/prometheus-redis-exporter":         "prometheus-redis-exporter",

	"/usr/lib/nginx/modules/ngx_http_js_module.so": "libnginx-mod-http-js",
}

// Main runs the tests in namespaces of their own: network, so that ports are the real ones and never taken; mounts and
// processes, so that all of them are gone when the tests are, however they end. Before that, it checks what the tests
// need: programs are files of Debian packages, such as /usr/sbin/nginx; others, such as bin/migrate, are targets of the
// Makefile, and are made.
func Main(m *testing.M, needs ...string) {
	if os.Getenv(inside) != "" {
		if err := isolate(); err != nil {
			exitWith(err.Error())
		}
		os.Exit(m.Run())
	}
	if os.Geteuid() != 0 {
		exitWith("these tests build containers by hand and need root for it: sudo, or any container with CAP_SYS_ADMIN")
	}
	if err := prepareMachine(needs); err != nil {
		exitWith(err.Error())
	}
	os.Exit(runInNamespaces())
}

func prepareMachine(needs []string) error {
	var targets []string
	for _, program := range needs {
		if !filepath.IsAbs(program) {
			targets = append(targets, program)
		} else if _, err := os.Stat(program); err != nil {
			return fmt.Errorf("these tests need the real %s: make install (it's in %s)", program, packages[program])
		}
	}
	if len(targets) == 0 {
		return nil
	}
	bin, err := made.Make(targets...)
	if err != nil {
		return err
	}
	return os.Setenv(built, bin)
}

// Built returns the folder of the programs that Main has made.
func Built() string { return os.Getenv(built) }

// runInNamespaces runs this program with the same arguments in new namespaces.
func runInNamespaces() int {
	runtime.LockOSThread() // Pdeathsig is for the thread
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID,
		Pdeathsig:  syscall.SIGKILL,
	}
	if err := cmd.Start(); err != nil {
		exitWith("namespaces are needed, which this machine refuses: " + err.Error())
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-stop
		_ = cmd.Process.Kill() // the first process of a namespace ignores the others
	}()
	if err := cmd.Wait(); err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() {
			return exit.ExitCode()
		}
		exitWith(err.Error())
	}
	return 0
}

func isolate() error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("making mounts private: %w", err)
	}
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("proc: %w", err)
	}
	if err := syscall.Mount("tmpfs", Roots, "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("tmpfs on %s: %w", Roots, err)
	}
	// Connections come from ports above those that programs listen on.
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", []byte("50000 65000"), 0o644); err != nil {
		return fmt.Errorf("ports of connections: %w", err)
	}
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		return fmt.Errorf("ip link set lo up: %w: %s", err, out)
	}
	return nil
}

func exitWith(why string) {
	fmt.Fprintln(os.Stderr, "e2e:", why)
	os.Exit(1)
}
