package migrate

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
)

const password = "a password"

// postgres runs a real one with an empty database.
func postgres(t *testing.T) {
	t.Helper()
	u, err := user.Lookup("postgres") // it refuses to run as root
	require.NoError(t, err)
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	require.NoError(t, err)
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	require.NoError(t, err)
	dir, err := os.MkdirTemp(pod.Roots, "postgres")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "password"), []byte(password), 0o644))
	require.NoError(t, os.Chown(dir, int(uid), int(gid)))
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	require.NoError(t, err)
	require.NotEmpty(t, found)
	command := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(found[len(found)-1], name), args...)
		cmd.Dir = dir
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, Pdeathsig: syscall.SIGKILL}
		return cmd
	}
	out, err := command("initdb", "-D", "data", "-U", "shop", "-A", "scram-sha-256", "--pwfile=password", "--no-sync").CombinedOutput()
	require.NoError(t, err, string(out))
	log := new(pod.Output)
	r, w, err := os.Pipe()
	require.NoError(t, err)
	server := command("postgres", "-D", "data", "-k", "", "-h", "127.0.0.1", "-p", "5432", "-c", "fsync=off")
	server.Stdout, server.Stderr = w, w
	require.NoError(t, server.Start())
	require.NoError(t, w.Close())
	go func() { _, _ = log.ReadFrom(r); _ = r.Close() }()
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGQUIT) // at once, with all of its processes
		_ = server.Wait()
		if t.Failed() {
			t.Logf("postgres wrote:\n%s", log)
		}
	})
	pod.Poll(t, "postgres to be ready", func() bool { return strings.Contains(log.String(), "ready to accept connections") })
}

// query asks the database.
func query(t *testing.T, sql string) string {
	t.Helper()
	cmd := exec.Command("psql", "-h", "127.0.0.1", "-p", "5432", "-U", "shop", "-d", "postgres", "-w", "-Atc", sql)
	cmd.Env = append(os.Environ(), "PGCONNECT_TIMEOUT=5", "PGPASSWORD="+password)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return strings.TrimSpace(string(out))
}
