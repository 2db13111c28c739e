package tunnel

import (
	"crypto/x509"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/pattern/tunnel"
)

const (
	home    = "10.2.0.1" // where the server is
	away    = "10.2.0.2" // where it moves to
	podIP   = "10.1.2.3" // the pod's address, where the kubelet looks
	outside = home + " " + serverName
)

// launch runs a tunnel and waits until the startup probe succeeds, as the kubelet
// would: at the pod's address.
func launch(t *testing.T, spec corev1.Container, mounts map[string]*pod.Volume, hosts ...string) *pod.Container {
	t.Helper()
	own(t, podIP)
	c := pod.Launch(t, spec, mounts)
	c.Hosts(hosts...)
	probe := spec.StartupProbe.TCPSocket
	require.NotNil(t, probe)
	pod.Poll(t, "the startup probe", func() bool {
		select {
		case <-c.Done:
			require.FailNow(t, "ghostunnel has ended", "%v\n%s", c.Err, c.Log)
		default:
		}
		return connects(net.JoinHostPort(podIP, probe.Port.String()))
	})
	return c
}

// own gives the tests' network an address.
func own(t *testing.T, address string) {
	t.Helper()
	out, err := exec.Command("ip", "address", "replace", address+"/32", "dev", "lo").CombinedOutput()
	require.NoError(t, err, string(out))
}

func connects(address string) bool {
	conn, err := net.DialTimeout("tcp", address, time.Second)
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

// The app has its Redis at 127.0.0.1, nobody else has, and the program runs as
// restricted wants it.
func TestWorks(t *testing.T) {
	ca := newAuthority(t, "test authority")
	serve(t, home, server(t, ca, serverName), nil)
	spec, rest := renderTunnel(t)
	require.Equal(t, "127.0.0.1", rest.InitContainers[1].Env[0].Value)
	require.Equal(t, []corev1.EnvVar{{Name: "REDIS_HOST", Value: "127.0.0.1"}, {Name: "REDIS_PORT", Value: "6379"}}, rest.Containers[0].Env)
	c := launch(t, spec, volumes(t, ca.bundle(), nil), outside)
	works(t)
	for command, want := range map[string]string{"SET answer 42": "+OK", "ECHO 0123456789": "$10"} {
		got, err := ask(command)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	out, err := exec.Command("redis-cli", "-h", "127.0.0.1", "-p", "6379", "GET", "answer").CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, "42", strings.TrimSpace(string(out)))

	require.False(t, connects(podIP+":6379"), "other pods must not use it")
	pid := c.Cmd.Process.Pid
	require.Equal(t, "65532 65532 65532 65532", pod.Status(t, pid, "Uid"))
	require.Equal(t, "0000000000000000", pod.Status(t, pid, "CapEff"))
	require.Equal(t, "1", pod.Status(t, pid, "NoNewPrivs"))
	var peak int64
	_, err = fmt.Sscanf(pod.Status(t, pid, "VmHWM"), "%d kB", &peak)
	require.NoError(t, err)
	require.Less(t, peak<<10, spec.Resources.Limits.Memory().Value()/2)
	t.Logf("%d KiB of memory", peak)
}

func TestRefuses(t *testing.T) {
	ca, other := newAuthority(t, "test authority"), newAuthority(t, "another authority")
	for name, c := range map[string]struct {
		cert   map[string]string
		reason string
	}{
		"a foreign authority": {server(t, other, serverName), "certificate signed by unknown authority"},
		"another name":        {server(t, ca, "other.db.example"), "certificate is valid for other.db.example, not " + serverName},
		"a client's":          {ca.issue(t, serverName, x509.ExtKeyUsageClientAuth), "certificate specifies an incompatible key usage"},
	} {
		t.Run(name, func(t *testing.T) {
			serve(t, home, c.cert, nil)
			spec, _ := renderTunnel(t)
			fails(t, launch(t, spec, volumes(t, ca.bundle(), nil), outside), c.reason)
		})
	}
}

// The public authorities don't know ours.
func TestRefusesWithoutCA(t *testing.T) {
	ca := newAuthority(t, "test authority")
	serve(t, home, server(t, ca, serverName), nil)
	spec, _ := renderTunnel(t, func(p *tunnel.Tunnel) { p.CA = nil })
	fails(t, launch(t, spec, volumes(t, ca.bundle(), nil), outside), "certificate signed by unknown authority")
}

// An address as host has a name to be verified.
func TestServerName(t *testing.T) {
	ca := newAuthority(t, "test authority")
	serve(t, home, server(t, ca, serverName), nil)
	spec, _ := renderTunnel(t, func(p *tunnel.Tunnel) { p.Host, p.ServerName = home, serverName })
	launch(t, spec, volumes(t, ca.bundle(), nil))
	works(t)
}

func TestClientCertificate(t *testing.T) {
	ca, clients := newAuthority(t, "test authority"), newAuthority(t, "clients' authority")
	serve(t, home, server(t, ca, serverName), clients)
	with := func(p *tunnel.Tunnel) { p.ClientCertificate = &tunnel.ClientCertificate{SecretName: "redis-client"} }
	t.Run("with", func(t *testing.T) {
		spec, _ := renderTunnel(t, with)
		launch(t, spec, volumes(t, ca.bundle(), clients.issue(t, "shop", x509.ExtKeyUsageClientAuth)), outside)
		works(t)
	})
	t.Run("of others", func(t *testing.T) {
		spec, _ := renderTunnel(t, with)
		launch(t, spec, volumes(t, ca.bundle(), ca.issue(t, "shop", x509.ExtKeyUsageClientAuth)), outside)
		answer, err := ask("PING")
		require.Error(t, err, answer)
	})
	t.Run("without", func(t *testing.T) {
		spec, _ := renderTunnel(t)
		launch(t, spec, volumes(t, ca.bundle(), nil), outside)
		answer, err := ask("PING")
		require.Error(t, err, answer)
	})
}

// The pod starts before the server's name is there, and before the server is; it
// outlives the server, and follows it to another address.
func TestComesAndGoes(t *testing.T) {
	ca := newAuthority(t, "test authority")
	spec, _ := renderTunnel(t)
	c := launch(t, spec, volumes(t, ca.bundle(), nil)) // the probe succeeds
	fails(t, c, "lookup "+serverName)

	c.Hosts(outside)
	pod.Poll(t, "the name", func() bool {
		_, err := ask("PING")
		return err != nil && strings.Contains(c.Log.String(), "connect: connection refused")
	})
	first := serve(t, home, server(t, ca, serverName), nil)
	works(t)

	first.stop()
	answer, err := ask("PING")
	require.Error(t, err, answer)
	first.start()
	works(t)

	first.stop()
	serve(t, away, server(t, ca, serverName), nil)
	c.Hosts(away + " " + serverName)
	works(t)
	select {
	case <-c.Done:
		require.FailNow(t, "ghostunnel has ended", c.Log)
	default:
	}
}

// A new CA counts without a restart. The interval is shortened here, nothing else.
func TestRotation(t *testing.T) {
	ca, next := newAuthority(t, "test authority"), newAuthority(t, "next authority")
	spec, _ := renderTunnel(t)
	i := slices.Index(spec.Args, "--timed-reload=60s")
	require.Positive(t, i)
	spec.Args[i] = "--timed-reload=1s"
	r := serve(t, home, server(t, ca, serverName), nil)
	mounts := volumes(t, ca.bundle(), nil)
	c := launch(t, spec, mounts, outside)
	works(t)
	r.stop()
	r.write(server(t, next, serverName))
	r.start()
	fails(t, c, "certificate signed by unknown authority")
	mounts["/etc/outrigger/ca"].Write(next.bundle())
	works(t)
}

// At the pod's end, it takes nothing new and goes when the last connection does.
func TestEnds(t *testing.T) {
	ca := newAuthority(t, "test authority")
	serve(t, home, server(t, ca, serverName), nil)
	spec, _ := renderTunnel(t)
	c := launch(t, spec, volumes(t, ca.bundle(), nil), outside)
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
	pod.Poll(t, "new connections to be refused", func() bool { return !connects("127.0.0.1:6379") })
	talk()
	require.NoError(t, conn.Close())
	c.Ended()
}
