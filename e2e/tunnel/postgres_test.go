package tunnel

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/certs"
	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/e2e/servers"
	"github.com/outrigger-dev/outrigger/pkg/pattern/tunnel"
)

// postgres runs a real one outside of the pod: TLS only, and a password by SCRAM.
func postgres(t *testing.T, cert map[string]string) {
	t.Helper()
	pod.AddAddress(t, home)
	servers.StartPostgres(t, servers.Postgres{
		Address: home, User: "shop", Password: "a password",
		Files: map[string]string{
			"tls.crt": cert["tls.crt"], "tls.key": cert["tls.key"],
			"pg_hba.conf": "hostssl all all all scram-sha-256\n",
		},
		Args: []string{
			"-c",
			"hba_file=pg_hba.conf",
			"-c",
			"ssl=on",
			"-c",
			"ssl_cert_file=../tls.crt",
			"-c",
			"ssl_key_file=../tls.key",
		},
	})
}

// query asks the server through pgbouncer, as an app without TLS and password.
func query(as, sql string, env ...string) (string, error) {
	cmd := exec.Command("psql", "-h", "127.0.0.1", "-p", "5432", "-U", as, "-w", "-Atc", sql)
	cmd.Env = append(append(os.Environ(), "PGCONNECT_TIMEOUT=20", "PGSSLMODE=disable", "PGDATABASE=postgres"), env...)
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func TestPgBouncer(t *testing.T) {
	const name = "db.example"
	const users = "\"shop\" \"a password\"\n\"stats\" \"\"\n"
	ca, other := certs.NewAuthority(t, "test authority"), certs.NewAuthority(t, "another authority")
	edit := func(p *tunnel.Tunnel) {
		*p = tunnel.Tunnel{
			ListenPort: 5432,
			Host:       name,
			Port:       5432,
			CA:         p.CA,
			PgBouncer: &tunnel.PgBouncer{
				AuthSecretName: "db-users", MaxConnections: 1000, PoolSize: 20, StatsUsers: []string{"stats"},
			},
			Env: p.Env,
		}
	}
	spec, _ := renderTunnel(t, edit)
	mounts := func() map[string]*pod.Volume {
		return map[string]*pod.Volume{
			"/etc/outrigger/pgbouncer": pod.NewVolume(t, renderObjects(t, edit).Data(t)),
			"/etc/outrigger/auth":      pod.NewVolume(t, map[string]string{"userlist.txt": users}),
			"/etc/outrigger/ca":        pod.NewVolume(t, ca.Bundle()),
		}
	}
	start := func(t *testing.T) *pod.Container {
		c := pod.Launch(t, spec, mounts())
		c.SetHosts(home + " " + name)
		pod.AddAddress(t, pod.IP)
		pod.Poll(t, "pgbouncer to listen, with or without a server", func() bool { return pod.Connects("127.0.0.1:5432") })
		return c
	}
	t.Run("works", func(t *testing.T) {
		bouncer := start(t) // before the server
		postgres(t, ca.IssueServer(t, name))
		pod.Poll(t, "an answer", func() bool {
			answer, err := query("shop", "select 42")
			return err == nil && answer == "42"
		})
		answer, err := query("shop", "select ssl from pg_stat_ssl where pid = pg_backend_pid()")
		require.NoError(t, err, answer)
		require.Equal(t, "t", answer)
		answer, err = query("stranger", "select 1")
		require.Error(t, err, answer)
		require.False(t, pod.Connects(net.JoinHostPort(pod.IP, "5432")), "other pods must not use it")

		// What the app asks for when it connects isn't thrown away: this pgbouncer is too old to honour it.
		answer, err = query("shop", "show search_path", "PGOPTIONS=-c search_path=tenant")
		require.Error(t, err, answer)
		require.Contains(t, answer, "unsupported startup parameter: options")
		answer, err = query("stats", "show config", "PGDATABASE=pgbouncer")
		require.NoError(t, err, answer)
		require.Contains(t, answer, "default_pool_size|20|")
		_, err = query("shop", "show config", "PGDATABASE=pgbouncer")
		require.Error(t, err)
		limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", bouncer.Cmd.Process.Pid))
		require.NoError(t, err)
		require.Regexp(t, `Max open files +1084 `, string(limits))
	})
	for what, c := range map[string]struct {
		cert   map[string]string
		reason string
	}{
		"another name":        {ca.IssueServer(t, "other.example"), "not present in server certificate"},
		"a foreign authority": {other.IssueServer(t, name), "certificate verify failed"},
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
