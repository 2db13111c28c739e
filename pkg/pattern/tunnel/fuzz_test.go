package tunnel

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// iniLine is all that a line of our pgbouncer.ini can be.
var iniLine = regexp.MustCompile(`^(|\[[a-z]+\]|[a-z_]+ =( [A-Za-z0-9./_,@-]+)?|\* = host=[a-z0-9.-]+ port=\d+)$`)

// FuzzTunnel writes whatever there is into each field: it's refused, or it's one
// argument, one name, one word of a line.
func FuzzTunnel(f *testing.F) {
	f.Add(int32(6379), int32(6380), "redis.db.example", "redis", "ca", "ca.crt", "me", "HOST", "127.0.0.1", "a:b:c",
		byte(0), false)
	f.Add(int32(5432), int32(5432), "db user=x\nauth_type=any", "", "ca", "", "", "", "", "", byte(1), true)
	f.Add(int32(5432), int32(1000), "db", "session", "ca", "", "", "stats", "ops\nx=y", "options", byte(1), true)
	f.Add(int32(5432), int32(0), "", "", "", "", "", "HOST", "127.0.0.1", "p:r:i?address=0.0.0.0", byte(2), true)
	f.Add(int32(5432), int32(0), "", "", "", "", "", "HOST", "127.0.0.1", "projects/p/locations/l/clusters/c/instances/i",
		byte(3), true)
	f.Add(int32(0), int32(0), "/tls", "postgres", "ca", "a/../b", "me", "HOST", "$(X)", "", byte(4), false)
	f.Fuzz(func(t *testing.T, listen, port int32, host, server, ca, key, client, name, value, instance string, kind byte,
		beside bool) {
		p := &Tunnel{ListenPort: listen, Host: host, Port: port, ServerName: server, Env: map[string]string{name: value},
			Protocol: Protocol(value)}
		if ca != "" {
			p.CA = &pattern.CABundle{SecretName: ca, Key: key}
		}
		if client != "" {
			p.ClientCertificate = &ClientCertificate{SecretName: client}
		}
		switch kind % 5 {
		case 1:
			p.PgBouncer = &PgBouncer{AuthSecretName: ca, Key: key, MaxConnections: port, PoolSize: listen,
				PoolMode: PoolMode(server), IgnoreStartupParameters: []string{instance}, StatsUsers: []string{name, value}}
		case 2:
			p.CloudSQL = &CloudSQL{Instance: instance}
		case 3:
			p.AlloyDB = &AlloyDB{Instance: instance}
		case 4:
			p.ClientTLS, p.Protocol = &ClientTLS{MountPath: host}, Protocol(server)
			p.ListenPort, p.Host, p.Port, p.ServerName = 0, "", 0, ""
		}
		w := patterntest.NewShop(func(w *sidecar.Workload) {
			if beside {
				w.Placement = sidecar.Beside
			}
			w.Pod.Spec.InitContainers = []corev1.Container{{Name: "first", Args: []string{value, host}}}
		})
		before, err := json.Marshal(w.Pod)
		require.NoError(t, err)
		c, err := sidecar.Build(p, w)
		after, _ := json.Marshal(w.Pod)
		require.Equal(t, string(before), string(after), "a view is read only")
		if err != nil {
			for _, finding := range strings.Split(err.Error(), "\n") {
				require.NotEmpty(t, finding)
			}
			require.Nil(t, c)
			return
		}
		require.NoError(t, p.Validate().Err())
		for _, ctr := range c.Containers {
			for _, arg := range append(ctr.Command, ctr.Args...) {
				require.NotContains(t, arg, "$(", "the kubelet would expand it")
				require.NotContains(t, arg, "\n")
			}
			for _, arg := range ctr.Args[:max(len(ctr.Args)-1, 0)] {
				require.True(t, strings.HasPrefix(arg, "--"), arg)
			}
			require.NotNil(t, ctr.SecurityContext)
		}
		for _, o := range c.Objects {
			var m struct{ Data map[string]string }
			require.NoError(t, json.Unmarshal(o.RawMessage, &m))
			for _, line := range strings.Split(m.Data[pgbouncerKey], "\n") {
				require.Regexp(t, iniLine, line)
			}
			require.Equal(t, 2, strings.Count(m.Data[pgbouncerKey], "["))
		}
		for _, m := range c.App.VolumeMounts {
			require.NotContains(t, m.MountPath, ":", "the API server refuses it")
		}
	})
}
