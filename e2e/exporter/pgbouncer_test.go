package exporter

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/certs"
	"github.com/outrigger-dev/outrigger/e2e/pod"
)

// The preset reads the statistics of pattern tunnel's pgbouncer: its user is one of statsUsers, and without TLS, which
// the exporter's driver wants by default, as both are in one pod.
func TestPgBouncerOfATunnel(t *testing.T) {
	const users, url = "userlist.txt", "connection-string"
	containers, files := renderExporters(t, 8080, `
    - tunnel:
        listenPort: 5432
        host: db.example
        port: 5432
        ca: {configMapName: db-ca}
        env: {PGHOST: 127.0.0.1}
        pgbouncer: {authSecretName: db-users, statsUsers: [stats]}
    - exporter: {preset: pgbouncer, credentials: {secretName: pgbouncer-exporter}}
`, map[string]string{url: "postgres://stats@127.0.0.1:5432/pgbouncer?sslmode=disable"})
	tunnel, exporter := containers["tunnel"], containers["exporter"]
	require.NotNil(t, tunnel)
	require.NotNil(t, exporter)
	pod.ReleasePort(t, "127.0.0.1:5432")
	bouncer := pod.Launch(t, *tunnel, map[string]*pod.Volume{
		"/etc/outrigger/pgbouncer": pod.NewVolume(t, files),
		"/etc/outrigger/auth":      pod.NewVolume(t, map[string]string{users: "\"shop\" \"a password\"\n\"stats\" \"\"\n"}),
		"/etc/outrigger/ca":        pod.NewVolume(t, certs.NewAuthority(t, "test authority").Bundle()),
	})
	bouncer.WaitForPort("127.0.0.1:5432")

	c := launchBuilt(t, exporter, "pgbouncer_exporter")
	metrics := scraped(t, c, exporter, "pgbouncer_up 1")
	require.Contains(t, metrics, "pgbouncer_config_max_client_connections 100\n")
	require.Contains(t, metrics, `pgbouncer_pools_client_active_connections{database="pgbouncer",user="pgbouncer"} 1`)
}
