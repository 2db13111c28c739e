package tunnel

import (
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/pattern/tunnel"
)

// postgres runs a real one outside of the pod: TLS only, and a password by SCRAM.
func postgres(t *testing.T, cert map[string]string) {
	t.Helper()
	own(t, home)
	u, err := user.Lookup("postgres") // it refuses to run as root
	require.NoError(t, err)
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	require.NoError(t, err)
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	require.NoError(t, err)
	dir, err := os.MkdirTemp(pod.Roots, "postgres")
	require.NoError(t, err)
	for name, text := range map[string]string{
		"tls.crt": cert["tls.crt"], "tls.key": cert["tls.key"], "password": "a password",
		"pg_hba.conf": "hostssl all all all scram-sha-256\n",
	} {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		require.NoError(t, os.Chown(file, int(uid), int(gid)))
	}
	require.NoError(t, os.Chown(dir, int(uid), int(gid)))
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	require.NoError(t, err)
	require.NotEmpty(t, found)
	bin := found[len(found)-1]
	command := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.Dir = dir
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, Pdeathsig: syscall.SIGKILL}
		return cmd
	}
	out, err := command("initdb", "-D", "data", "-U", "shop", "-A", "scram-sha-256", "--pwfile=password", "--no-sync").CombinedOutput()
	require.NoError(t, err, string(out))
	log := new(pod.Output)
	r, w, err := os.Pipe()
	require.NoError(t, err)
	server := command("postgres", "-D", "data", "-k", "", "-h", home, "-p", "5432", "-c", "fsync=off", "-c", "hba_file="+dir+"/pg_hba.conf",
		"-c", "ssl=on", "-c", "ssl_cert_file="+dir+"/tls.crt", "-c", "ssl_key_file="+dir+"/tls.key")
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

// query asks the server through pgbouncer, as an app without TLS and password.
func query(as, sql string) (string, error) {
	cmd := exec.Command("psql", "-h", "127.0.0.1", "-p", "5432", "-U", as, "-d", "postgres", "-w", "-Atc", sql)
	cmd.Env = append(os.Environ(), "PGCONNECT_TIMEOUT=5", "PGSSLMODE=disable")
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func TestPgBouncer(t *testing.T) {
	const name = "db.example"
	ca, other := newAuthority(t, "test authority"), newAuthority(t, "another authority")
	edit := func(p *tunnel.Tunnel) {
		*p = tunnel.Tunnel{ListenPort: 5432, Host: name, Port: 5432, CA: p.CA, PgBouncer: &tunnel.PgBouncer{AuthSecretName: "db-users"}, Env: p.Env}
	}
	spec, _ := renderTunnel(t, edit)
	mounts := func() map[string]*pod.Volume {
		return map[string]*pod.Volume{
			"/etc/outrigger/pgbouncer": pod.NewVolume(t, renderObjects(t, edit).Data(t)),
			"/etc/outrigger/auth":      pod.NewVolume(t, map[string]string{"userlist.txt": "\"shop\" \"a password\"\n"}),
			"/etc/outrigger/ca":        pod.NewVolume(t, ca.bundle()),
		}
	}
	start := func(t *testing.T) *pod.Container {
		c := pod.Launch(t, spec, mounts())
		c.Hosts(home + " " + name)
		own(t, podIP)
		pod.Poll(t, "pgbouncer to listen, with or without a server", func() bool { return connects("127.0.0.1:5432") })
		return c
	}
	t.Run("works", func(t *testing.T) {
		start(t) // before the server
		postgres(t, server(t, ca, name))
		pod.Poll(t, "an answer", func() bool { answer, err := query("shop", "select 42"); return err == nil && answer == "42" })
		answer, err := query("shop", "select ssl from pg_stat_ssl where pid = pg_backend_pid()")
		require.NoError(t, err, answer)
		require.Equal(t, "t", answer)
		answer, err = query("stranger", "select 1")
		require.Error(t, err, answer)
		require.False(t, connects(net.JoinHostPort(podIP, "5432")), "other pods must not use it")
	})
	for what, c := range map[string]struct {
		cert   map[string]string
		reason string
	}{
		"another name":        {server(t, ca, "other.example"), "not present in server certificate"},
		"a foreign authority": {server(t, other, name), "certificate verify failed"},
	} {
		t.Run(what, func(t *testing.T) {
			postgres(t, c.cert)
			bouncer := start(t)
			begin := time.Now()
			answer, err := query("shop", "select 1")
			require.Error(t, err, answer)
			require.Less(t, time.Since(begin), pod.Patience)
			pod.Poll(t, "the reason", func() bool { return strings.Contains(bouncer.Log.String(), c.reason) })
		})
	}
}
