package tunnel

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/e2e/certs"
	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/pattern/tunnel"
)

// Without a proxy, libpq itself verifies the server by the variables and the file
// that the app gets.
func TestClientTLS(t *testing.T) {
	const name = "db.example"
	ca, other := certs.NewAuthority(t, "test authority"), certs.NewAuthority(t, "another authority")
	app := renderObjects(t, func(p *tunnel.Tunnel) {
		*p = tunnel.Tunnel{Protocol: tunnel.Postgres, CA: p.CA, ClientTLS: &tunnel.ClientTLS{}}
	}).Pod(t).Containers[0]
	require.Len(t, app.VolumeMounts, 1)
	app.SecurityContext = &corev1.SecurityContext{RunAsUser: new(int64(1000)), RunAsGroup: new(int64(1000))}
	password := corev1.EnvVar{Name: "PGPASSWORD", Value: "a password"}
	timeout := corev1.EnvVar{Name: "PGCONNECT_TIMEOUT", Value: "50"}
	app.Env = append(app.Env, password, timeout)
	app.Command = []string{
		"sh", "-c", `until getent hosts ` + name + ` >/dev/null; do :; done; exec "$@"`, "sh",
		"psql", "-h", name, "-p", "5432", "-U", "shop", "-d", "postgres", "-w", "-Atc",
		"select 'ssl=' || ssl from pg_stat_ssl where pid = pg_backend_pid()",
	}
	wrongName := `server certificate for "other.example" does not match host name`
	for what, c := range map[string]struct {
		cert map[string]string
		says string
	}{
		"verified":            {ca.IssueServer(t, name), "ssl=true"},
		"another name":        {ca.IssueServer(t, "other.example"), wrongName},
		"a foreign authority": {other.IssueServer(t, name), "certificate verify failed"},
	} {
		t.Run(what, func(t *testing.T) {
			postgres(t, c.cert)
			pod.AddAddress(t, pod.IP)
			client := pod.Launch(t, app, map[string]*pod.Volume{app.VolumeMounts[0].MountPath: pod.NewVolume(t, ca.Bundle())})
			client.SetHosts(home + " " + name)
			<-client.Done
			pod.Poll(t, "what psql says", func() bool { return strings.Contains(client.Log.String(), c.says) })
		})
	}
}
