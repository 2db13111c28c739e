package tunnel

import (
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/e2e/certs"
	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/pattern/tunnel"
)

const (
	serverName = "redis.db.example"

	home    = "10.2.0.1" // where the server is
	away    = "10.2.0.2" // where it moves to
	outside = home + " " + serverName
)

// launch runs a tunnel and waits until the startup probe succeeds, as the kubelet
// would: at the pod's address.
func launch(t *testing.T, spec corev1.Container, mounts map[string]*pod.Volume, hosts ...string) *pod.Container {
	t.Helper()
	pod.AddAddress(t, pod.IP)
	c := pod.Launch(t, spec, mounts)
	c.SetHosts(hosts...)
	probe := spec.StartupProbe.TCPSocket
	require.NotNil(t, probe)
	c.WaitForPort(net.JoinHostPort(pod.IP, probe.Port.String()))
	return c
}

// The app has its Redis at 127.0.0.1, nobody else has, and the program runs as
// restricted wants it.
func TestWorks(t *testing.T) {
	ca := certs.NewAuthority(t, "test authority")
	serve(t, home, ca.IssueServer(t, serverName), nil)
	spec, rest := renderTunnel(t)
	require.Equal(t, "127.0.0.1", rest.InitContainers[1].Env[0].Value)
	env := []corev1.EnvVar{{Name: "REDIS_HOST", Value: "127.0.0.1"}, {Name: "REDIS_PORT", Value: "6379"}}
	require.Equal(t, env, rest.Containers[0].Env)
	c := launch(t, spec, volumes(t, ca.Bundle(), nil), outside)
	works(t)
	for command, want := range map[string]string{"SET answer 42": "+OK", "ECHO 0123456789": "$10"} {
		got, err := ask(command)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	out, err := exec.Command("redis-cli", "-h", "127.0.0.1", "-p", "6379", "GET", "answer").CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, "42", strings.TrimSpace(string(out)))

	require.False(t, pod.Connects(pod.IP+":6379"), "other pods must not use it")
	pod.RequireRestricted(t, c.Cmd.Process.Pid, "65532")
	c.RequireSmall()
}

func TestRefuses(t *testing.T) {
	ca, other := certs.NewAuthority(t, "test authority"), certs.NewAuthority(t, "another authority")
	wrongName := "certificate is valid for other.db.example, not " + serverName
	for name, c := range map[string]struct {
		cert   map[string]string
		reason string
	}{
		"a foreign authority": {other.IssueServer(t, serverName), "certificate signed by unknown authority"},
		"another name":        {ca.IssueServer(t, "other.db.example"), wrongName},
		"a client's":          {issueClientSecret(t, ca, serverName), "certificate specifies an incompatible key usage"},
	} {
		t.Run(name, func(t *testing.T) {
			serve(t, home, c.cert, nil)
			spec, _ := renderTunnel(t)
			fails(t, launch(t, spec, volumes(t, ca.Bundle(), nil), outside), c.reason)
		})
	}
}

// The public authorities don't know ours.
func TestRefusesWithoutCA(t *testing.T) {
	ca := certs.NewAuthority(t, "test authority")
	serve(t, home, ca.IssueServer(t, serverName), nil)
	spec, _ := renderTunnel(t, func(p *tunnel.Tunnel) { p.CA = nil })
	fails(t, launch(t, spec, volumes(t, ca.Bundle(), nil), outside), "certificate signed by unknown authority")
}

// An address as host has a name to be verified.
func TestServerName(t *testing.T) {
	ca := certs.NewAuthority(t, "test authority")
	serve(t, home, ca.IssueServer(t, serverName), nil)
	spec, _ := renderTunnel(t, func(p *tunnel.Tunnel) { p.Host, p.ServerName = home, serverName })
	launch(t, spec, volumes(t, ca.Bundle(), nil))
	works(t)
}

func TestClientCertificate(t *testing.T) {
	ca, clients := certs.NewAuthority(t, "test authority"), certs.NewAuthority(t, "clients' authority")
	serve(t, home, ca.IssueServer(t, serverName), clients)
	with := func(p *tunnel.Tunnel) { p.ClientCertificate = &tunnel.ClientCertificate{SecretName: "redis-client"} }
	t.Run("with", func(t *testing.T) {
		spec, _ := renderTunnel(t, with)
		launch(t, spec, volumes(t, ca.Bundle(), issueClientSecret(t, clients, "shop")), outside)
		works(t)
	})
	t.Run("of others", func(t *testing.T) {
		spec, _ := renderTunnel(t, with)
		launch(t, spec, volumes(t, ca.Bundle(), issueClientSecret(t, ca, "shop")), outside)
		answer, err := ask("PING")
		require.Error(t, err, answer)
	})
	t.Run("without", func(t *testing.T) {
		spec, _ := renderTunnel(t)
		launch(t, spec, volumes(t, ca.Bundle(), nil), outside)
		answer, err := ask("PING")
		require.Error(t, err, answer)
	})
}

// The pod starts before the server's name is there, and before the server is; it
// outlives the server, and follows it to another address.
func TestComesAndGoes(t *testing.T) {
	ca := certs.NewAuthority(t, "test authority")
	spec, _ := renderTunnel(t)
	pod.AddAddress(t, home)                            // there, and closed
	c := launch(t, spec, volumes(t, ca.Bundle(), nil)) // the probe succeeds
	fails(t, c, "lookup "+serverName)

	c.SetHosts(outside)
	pod.Poll(t, "the name", func() bool {
		_, err := ask("PING")
		return err != nil && strings.Contains(c.Log.String(), "connect: connection refused")
	})
	first := serve(t, home, ca.IssueServer(t, serverName), nil)
	works(t)

	first.Stop()
	answer, err := ask("PING")
	require.Error(t, err, answer)
	first.start()
	works(t)

	first.Stop()
	serve(t, away, ca.IssueServer(t, serverName), nil)
	c.SetHosts(away + " " + serverName)
	works(t)
	c.RequireRunning()
}

// A new CA counts without a restart. The interval is shortened here, nothing else.
func TestRotation(t *testing.T) {
	ca, next := certs.NewAuthority(t, "test authority"), certs.NewAuthority(t, "next authority")
	spec, _ := renderTunnel(t)
	i := slices.Index(spec.Args, "--timed-reload=60s")
	require.Positive(t, i)
	spec.Args[i] = "--timed-reload=1s"
	r := serve(t, home, ca.IssueServer(t, serverName), nil)
	mounts := volumes(t, ca.Bundle(), nil)
	c := launch(t, spec, mounts, outside)
	works(t)
	r.Stop()
	r.write(next.IssueServer(t, serverName))
	r.start()
	fails(t, c, "certificate signed by unknown authority")
	mounts["/etc/outrigger/ca"].WriteFiles(next.Bundle())
	works(t)
}

// At the pod's end, it takes nothing new and goes when the last connection does.
func TestEnds(t *testing.T) {
	ca := certs.NewAuthority(t, "test authority")
	serve(t, home, ca.IssueServer(t, serverName), nil)
	spec, _ := renderTunnel(t)
	c := launch(t, spec, volumes(t, ca.Bundle(), nil), outside)
	conn, err := net.DialTimeout("tcp", "127.0.0.1:6379", pod.Patience)
	require.NoError(t, err)
	defer conn.Close()
	talk := func() {
		t.Helper()
		require.NoError(t, conn.SetDeadline(time.Now().Add(pod.Patience)))
		_, err := conn.Write([]byte("PING\r\n"))
		require.NoError(t, err)
		buf := make([]byte, 16)
		n, err := conn.Read(buf)
		require.NoError(t, err)
		require.Equal(t, "+PONG\r\n", string(buf[:n]))
	}
	talk()
	c.Terminate()
	pod.Poll(t, "new connections to be refused", func() bool { return !pod.Connects("127.0.0.1:6379") })
	talk()
	require.NoError(t, conn.Close())
	c.RequireSuccess()
}
