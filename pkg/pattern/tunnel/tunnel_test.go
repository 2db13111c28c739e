package tunnel

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// tunnel is one that fits shop, changed by edits.
func tunnel(edits ...func(*Tunnel)) *Tunnel {
	p := &Tunnel{ListenPort: 6379, Host: "redis.db.example", Port: 6380, Env: map[string]string{"REDIS_HOST": "127.0.0.1"}}
	for _, edit := range edits {
		edit(p)
	}
	return p
}

// pgbouncer, cloudSQL, alloyDB and clientTLS are the other ways out.
func pgbouncer(p *Tunnel) {
	p.ListenPort, p.Host, p.Port = 5432, "db.example", 5432
	p.CA = &pattern.CABundle{SecretName: "db-ca"}
	p.PgBouncer = &PgBouncer{AuthSecretName: "db-users"}
}

func cloudSQL(p *Tunnel) {
	*p = Tunnel{ListenPort: 5432, Env: p.Env, CloudSQL: &CloudSQL{Instance: "my-project:europe-west1:orders"}}
}

func alloyDB(p *Tunnel) {
	*p = Tunnel{ListenPort: 5432, Env: p.Env,
		AlloyDB: &AlloyDB{Instance: "projects/my-project/locations/europe-west1/clusters/orders/instances/primary"}}
}

func clientTLS(p *Tunnel) {
	*p = Tunnel{Protocol: Postgres, CA: &pattern.CABundle{ConfigMapName: "db-ca"}, ClientTLS: &ClientTLS{}}
}

func TestTunnelGhostunnel(t *testing.T) {
	first := []string{"--listen=127.0.0.1:6379", "--target=redis.db.example:6380"}
	last := []string{"--status=http://:16001", "--quiet=conns"}
	for name, c := range map[string]struct {
		edit   func(*Tunnel)
		args   []string
		mounts []string
	}{
		"nothing more": {func(*Tunnel) {}, []string{"--skip-resolve", "--disable-authentication"}, nil},
		"a CA": {func(p *Tunnel) {
			p.CA = &pattern.CABundle{SecretName: "ca", Key: "root.pem"}
		}, []string{"--skip-resolve", "--cacert=/etc/outrigger/ca/ca.crt", "--disable-authentication", "--timed-reload=60s"},
			[]string{"/etc/outrigger/ca"}},
		"a certificate": {func(p *Tunnel) {
			p.ClientCertificate = &ClientCertificate{SecretName: "me"}
		}, []string{"--skip-resolve", "--cert=/etc/outrigger/client/tls.crt", "--key=/etc/outrigger/client/tls.key",
			"--timed-reload=60s"}, []string{"/etc/outrigger/client"}},
		"another name": {func(p *Tunnel) {
			p.ServerName = "redis"
		}, []string{"--override-server-name=redis", "--skip-resolve", "--disable-authentication"}, nil},
		"the host as name": {func(p *Tunnel) {
			p.ServerName = p.Host
		}, []string{"--skip-resolve", "--disable-authentication"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := patterntest.BuildChange(t, tunnel(c.edit), patterntest.NewShop())
			require.Equal(t, sidecar.PhaseTunnel, got.Phase)
			require.Len(t, got.Containers, 1)
			ctr := got.Containers[0]
			require.Equal(t, append(append(first[:2:2], c.args...), last...), ctr.Args)
			require.Len(t, got.Volumes, len(c.mounts))
			for i, m := range ctr.VolumeMounts {
				require.Equal(t, c.mounts[i], m.MountPath)
				require.Equal(t, got.Volumes[i].Name, m.Name)
				require.True(t, m.ReadOnly)
			}
			require.Equal(t, []sidecar.Claim{{Port: 6379, For: "tunnel tunnel, on 127.0.0.1"}}, got.Claims)
			require.EqualValues(t, 16001, ctr.StartupProbe.TCPSocket.Port.IntValue(),
				"not the tunnel itself: the kubelet can't see it, nor may the server decide")
			require.Nil(t, ctr.ReadinessProbe)
			require.Equal(t,
				[]sidecar.EnvVar{{EnvVar: corev1.EnvVar{Name: "REDIS_HOST", Value: "127.0.0.1"}, Replace: true, Everywhere: true}},
				got.App.Env)
		})
	}
	six := patterntest.BuildChange(t, tunnel(func(p *Tunnel) { p.Host, p.ServerName = "2001:db8::1", "redis.db.example" }),
		patterntest.NewShop())
	require.Contains(t, six.Containers[0].Args, "--target=[2001:db8::1]:6380")
	old := patterntest.NewShop(func(w *sidecar.Workload) {
		w.Override = &corev1.Container{Image: "mirror.example/ghostunnel:v1.8.4-distroless"}
	})
	require.NotContains(t, patterntest.BuildChange(t, tunnel(), old).Containers[0].Args, "--skip-resolve")
	require.Equal(t, []string{"warning image-version: ghostunnel of image mirror.example/ghostunnel:v1.8.4-distroless " +
		"starts only when the server's name resolves, and delays the pod until then; use ghostunnel 1.9.0 or newer"},
		patterntest.FindingLines(t, tunnel(), old))
}

func TestTunnelCertificate(t *testing.T) {
	asked := &ClientCertificate{
		Certificate: &pattern.Certificate{IssuerRef: pattern.IssuerRef{Name: "ca"}, DNSNames: []string{"shop.prod"}}}
	for name, edit := range map[string]func(*Tunnel){"ghostunnel": func(*Tunnel) {}, "pgbouncer": pgbouncer,
		"clientTLS": clientTLS} {
		t.Run(name, func(t *testing.T) {
			c := patterntest.BuildChange(t, tunnel(edit, func(p *Tunnel) { p.ClientCertificate = asked }),
				patterntest.NewShop(func(w *sidecar.Workload) {
					w.Secrets = map[string][]string{"shop-tunnel": nil, "db-ca": {"ca.crt"}}
					w.Pod.Spec.SecurityContext = &corev1.PodSecurityContext{FSGroup: new(int64(1))}
				}))
			require.JSONEq(t, `{"apiVersion":"cert-manager.io/v1","kind":"Certificate",
				"metadata":{"name":"shop-tunnel","labels":{"app.kubernetes.io/managed-by":"outrigger"}},
				"spec":{"secretName":"shop-tunnel","dnsNames":["shop.prod"],"duration":"2160h",
				"renewBefore":"720h","privateKey":{"algorithm":"ECDSA","size":256,"rotationPolicy":"Always"},
				"usages":["digital signature","client auth"],"issuerRef":{"kind":"Issuer","name":"ca","group":"cert-manager.io"}}}`,
				string(c.Objects[0].RawMessage))
			raw, err := json.Marshal(c.Volumes)
			require.NoError(t, err)
			require.Contains(t, string(raw), `"shop-tunnel"`)
		})
	}
}

func TestTunnelPgBouncer(t *testing.T) {
	c := patterntest.BuildChange(t, tunnel(pgbouncer, func(p *Tunnel) {
		p.ClientCertificate = &ClientCertificate{SecretName: "me"}
		p.PgBouncer.MaxConnections = 20
	}), patterntest.NewShop())
	require.Len(t, c.Objects, 1)
	require.JSONEq(t, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"shop-tunnel",`+
		`"labels":{"app.kubernetes.io/managed-by":"outrigger"}},"data":{"pgbouncer.ini":"[databases]\n* = host=db.example `+
		`port=5432\n\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = 5432\nunix_socket_dir =\nauth_type = `+
		`trust\nauth_file = /etc/outrigger/auth/userlist.txt\npool_mode = session\nmax_client_conn = 20\ndefault_pool_size `+
		`= 20\nignore_startup_parameters = extra_float_digits\nlog_connections = 0\nlog_disconnections = `+
		`0\nserver_tls_sslmode = verify-full\nserver_tls_ca_file = /etc/outrigger/ca/ca.crt\nserver_tls_cert_file = `+
		`/etc/outrigger/client/tls.crt\nserver_tls_key_file = /etc/outrigger/client/tls.key\n"}}`,
		string(c.Objects[0].RawMessage))
	ctr := c.Containers[0]
	require.Equal(t, []string{"pgbouncer", "/etc/outrigger/pgbouncer/pgbouncer.ini"}, ctr.Command)
	require.Equal(t, []string{"nc", "-z", "127.0.0.1", "5432"}, ctr.StartupProbe.Exec.Command)
	require.Len(t, ctr.VolumeMounts, 4)
	require.Len(t, c.Volumes, 4)
	require.EqualValues(t, 70, *ctr.SecurityContext.RunAsUser)
}

// Settings, and the limit of files where connections need more than a node may give.
func TestTunnelPgBouncerSettings(t *testing.T) {
	c := patterntest.BuildChange(t, tunnel(pgbouncer, func(p *Tunnel) {
		p.PgBouncer.MaxConnections, p.PgBouncer.PoolSize = 1000, 20
		p.PgBouncer.PoolMode = PoolTransaction
		p.PgBouncer.IgnoreStartupParameters = []string{"statement_timeout", "options"}
		p.PgBouncer.StatsUsers = []string{"stats", "ops"}
	}), patterntest.NewShop())
	ini := string(c.Objects[0].RawMessage)
	for _, line := range []string{"pool_mode = transaction", "max_client_conn = 1000", "default_pool_size = 20",
		"ignore_startup_parameters = extra_float_digits,statement_timeout,options", "stats_users = stats,ops"} {
		require.Contains(t, ini, `\n`+line+`\n`)
	}
	require.Equal(t, []string{"sh", "-c"}, c.Containers[0].Command[:2])
	require.Contains(t, c.Containers[0].Command[2], "ulimit -Sn 1084 ")
	require.Equal(t, []string{"pgbouncer", "/etc/outrigger/pgbouncer/pgbouncer.ini"}, c.Containers[0].Command[3:])

	p := tunnel(pgbouncer, func(p *Tunnel) {
		p.PgBouncer.PoolMode, p.PgBouncer.PoolSize = "often", -1
		p.PgBouncer.IgnoreStartupParameters = []string{"a,b", ""}
		p.PgBouncer.StatsUsers = []string{"me\nadmin_users = me"}
	})
	var fields []string
	for _, f := range p.Validate() {
		fields = append(fields, f.Field)
	}
	require.ElementsMatch(t, []string{"pgbouncer.poolMode", "pgbouncer.poolSize", "pgbouncer.ignoreStartupParameters[0]",
		"pgbouncer.ignoreStartupParameters[1]", "pgbouncer.statsUsers[0]"}, fields)
}

// The tunnel's own port has no TLS, so a connection that demands it can't work.
func TestTunnelSSLMode(t *testing.T) {
	for text, found := range map[string]bool{
		"postgres://shop@127.0.0.1:5432/shop?sslmode=require":       true,
		"postgresql://localhost/shop?a=b&sslmode=verify-full":       true,
		"jdbc:postgresql://127.0.0.1:5432/shop?sslmode=verify-ca&x": true,
		"host=127.0.0.1 port=5432 sslmode=require":                  true,
		"postgres://shop@127.0.0.1:5432/shop?sslmode=disable":       false,
		"postgres://shop@127.0.0.1:5432/shop?sslmode=prefer":        false,
		"postgres://shop@reports.example:5432/shop?sslmode=require": false,
		"postgres://shop@127.0.0.1:5432/shop?sslmode=requirements":  false,
	} {
		for _, replaced := range []bool{false, true} {
			p := tunnel(pgbouncer, func(p *Tunnel) { p.Env = map[string]string{} })
			w := patterntest.NewShop()
			w.App.Env = append(w.App.Env, corev1.EnvVar{Name: "DATABASE_URL", Value: text})
			if replaced { // by the tunnel
				p.Env["DATABASE_URL"] = text
				w.App.Env[len(w.App.Env)-1].Value = "postgres://shop@127.0.0.1/shop?sslmode=require"
			}
			var codes []string
			for _, f := range p.Check(w) {
				codes = append(codes, f.Code)
				require.NotContains(t, f.Message, "shop@")
			}
			require.Equal(t, found, slices.Contains(codes, "tunnel-sslmode"), "%s %v", text, replaced)
		}
	}
	p := tunnel(pgbouncer, func(p *Tunnel) { p.Env = map[string]string{"PGHOST": "127.0.0.1", "PGSSLMODE": "require"} })
	fs := p.Check(patterntest.NewShop())
	require.Len(t, fs, 1)
	require.Equal(t, "env.PGSSLMODE", fs[0].Field)
}

func TestTunnelGoogle(t *testing.T) {
	args := func(more ...string) []string {
		return append([]string{"--address=127.0.0.1", "--port=5432", "--health-check", "--http-address=0.0.0.0",
			"--http-port=16001", "--structured-logs"}, more...)
	}
	c := patterntest.BuildChange(t, tunnel(cloudSQL, func(p *Tunnel) {
		p.CloudSQL.AutoIAMAuthn, p.CloudSQL.PrivateIP = true, true
	}), patterntest.NewShop())
	require.Equal(t, args("--auto-iam-authn", "--private-ip", "my-project:europe-west1:orders"), c.Containers[0].Args)
	for _, both := range []*Tunnel{
		{CloudSQL: &CloudSQL{Instance: "my-project:europe-west1:orders", PrivateIP: true, PSC: true}},
		{AlloyDB: &AlloyDB{Instance: "projects/p/locations/l/clusters/c/instances/i", PublicIP: true, PSC: true}},
	} {
		require.ErrorContains(t, both.Validate().Err(), "psc: is set together with p")
	}
	c = patterntest.BuildChange(t, tunnel(cloudSQL, func(p *Tunnel) { p.CloudSQL.PSC = true }), patterntest.NewShop())
	require.Equal(t, args("--psc", "my-project:europe-west1:orders"), c.Containers[0].Args)
	require.Equal(t, "/startup", c.Containers[0].StartupProbe.HTTPGet.Path)
	c = patterntest.BuildChange(t, tunnel(alloyDB, func(p *Tunnel) { p.AlloyDB.PublicIP = true }), patterntest.NewShop())
	require.Equal(t, args("--public-ip", "projects/my-project/locations/europe-west1/clusters/orders/instances/primary"),
		c.Containers[0].Args)
}

func TestTunnelClientTLS(t *testing.T) {
	grouped := patterntest.NewShop(func(w *sidecar.Workload) {
		w.Pod.Spec.SecurityContext = &corev1.PodSecurityContext{FSGroup: new(int64(1000))}
	})
	p := tunnel(clientTLS, func(p *Tunnel) { p.ClientCertificate = &ClientCertificate{SecretName: "me"} })
	c := patterntest.BuildChange(t, p, grouped)
	require.Empty(t, c.Containers)
	require.Empty(t, c.Claims)
	require.Empty(t, c.Notes)
	dir := "/etc/outrigger/tunnel/"
	require.Equal(t, sidecar.Vars(
		corev1.EnvVar{Name: "PGSSLMODE", Value: "verify-full"}, corev1.EnvVar{Name: "PGSSLROOTCERT", Value: dir + "ca.crt"},
		corev1.EnvVar{Name: "PGSSLCERT", Value: dir + "tls.crt"}, corev1.EnvVar{Name: "PGSSLKEY", Value: dir + "tls.key"}),
		c.App.Env)
	sources := c.Volumes[0].Projected.Sources
	require.Len(t, sources, 2)
	require.EqualValues(t, 0o640, *sources[1].Secret.Items[1].Mode)

	my := &Tunnel{Protocol: MySQL, CA: p.CA, ClientTLS: &ClientTLS{MountPath: "/tls"},
		Env: map[string]string{"DB_CA": "/tls/ca.crt"}}
	c = patterntest.BuildChange(t, my, patterntest.NewShop())
	require.Equal(t, "/tls", c.App.VolumeMounts[0].MountPath)
	require.Len(t, c.App.Env, 1)
}

func TestTunnelRefuses(t *testing.T) {
	none := func(*sidecar.Workload) {}
	for name, c := range map[string]struct {
		edit func(*Tunnel)
		view func(*sidecar.Workload)
		want []string
	}{
		"nothing": {func(p *Tunnel) { *p = Tunnel{} }, none, []string{
			"info tunnel-untold: env: no variable points the app to the tunnel; make sure that its own configuration has " +
				"127.0.0.1:0",
			"error missing-field: listenPort: no port is given; write the port of 127.0.0.1 for the app, as in 6379",
			"error missing-field: port: no port is given; write the server's port for TLS, as in 6380",
			"error missing-field: host: no server is named; write its name, as in redis.db.example"}},
		"a low port": {func(p *Tunnel) {
			p.ListenPort = 636
		}, none,
			[]string{
				"error bad-value: listenPort: port 636 needs root, and the tunnel doesn't run as root; write 1024 or more"}},
		"one port for both": {func(p *Tunnel) {
			p.StatusPort = 6379
		}, none, []string{"error bad-value: statusPort: 6379 is the listenPort; write another one"}},
		"an address": {func(p *Tunnel) { p.Host = "10.0.0.1" }, none, []string{"error missing-field: serverName: host " +
			"10.0.0.1 is an address, and certificates are usually issued for names; write the name in the server's " +
			"certificate, or the address if the certificate has that"}},
		"the pod itself": {func(p *Tunnel) {
			p.Host = "127.0.0.1"
		}, none,
			[]string{
				`error bad-value: host: "127.0.0.1" isn't a server outside the pod; write its name, as in redis.db.example`}},
		"a port in the host": {func(p *Tunnel) {
			p.Host = "redis.db.example:6380"
		}, none, []string{`error bad-value: host: "redis.db.example:6380" isn't a valid server name; write lower case ` +
			`letters, digits, - and dots, as in redis.db.example, and the port into port`}},
		"no name": {func(p *Tunnel) {
			p.ServerName = "*"
		}, none,
			[]string{
				`error bad-value: serverName: "*" isn't a name that a certificate can have; write a name, as in redis.db.example`}},
		"no source of CAs": {func(p *Tunnel) {
			p.CA = &pattern.CABundle{}
		}, none,
			[]string{"error missing-field: ca: neither a Secret nor a ConfigMap is named; write secretName or configMapName"}},
		"two sources of CAs": {func(p *Tunnel) {
			p.CA = &pattern.CABundle{SecretName: "a", ConfigMapName: "b"}
		}, none, []string{"error bad-value: ca.configMapName: secretName is set too; remove one of them"}},
		"a key with a path": {func(p *Tunnel) {
			p.CA = &pattern.CABundle{SecretName: "a", Key: "../x"}
		}, none, []string{`error bad-value: ca.key: "../x" can't be a key there; use letters, digits, -, _ and dots`}},
		"no certificate": {func(p *Tunnel) {
			p.ClientCertificate = &ClientCertificate{}
		}, none, []string{"error missing-field: clientCertificate.secretName: no Secret is named; name the one with " +
			"tls.crt and tls.key, or request one from cert-manager with certificate: {issuerRef: {name: ...}, dnsNames: " +
			"[...]}"}},
		"a certificate for nobody": {func(p *Tunnel) {
			p.ClientCertificate = &ClientCertificate{Certificate: &pattern.Certificate{}}
		}, none, []string{
			"error missing-field: clientCertificate.certificate.issuerRef.name: no issuer is named; name an Issuer of the " +
				"workload's namespace, or a ClusterIssuer with kind: ClusterIssuer",
			"error missing-field: clientCertificate.certificate.dnsNames: the certificate has no names; write the name that " +
				"the server expects of its client"}},
		"TLS inside: postgres": {func(p *Tunnel) { p.Protocol = Postgres }, none, []string{"error tunnel-protocol: " +
			"protocol: postgres starts TLS inside its own protocol, and a tunnel uses it from the first byte; use pgbouncer, " +
			"cloudSQL, alloyDB, or clientTLS if the app itself can use TLS"}},
		"TLS inside: ldap": {func(p *Tunnel) { p.Protocol = LDAP }, none, []string{"error tunnel-protocol: protocol: " +
			"ldap starts TLS inside its own protocol, and a tunnel uses it from the first byte; use the server's port for TLS " +
			"from the first byte, usually 636, with protocol tcp, or use clientTLS"}},
		"a port of PostgreSQL": {func(p *Tunnel) { p.Port = 5432 }, none, []string{"warning tunnel-protocol: port: port " +
			"5432 is usually postgres, which starts TLS inside its own protocol, and this tunnel uses TLS from the first " +
			"byte; use pgbouncer, cloudSQL, alloyDB, or clientTLS if the app itself can use TLS. Write protocol: tcp if " +
			"the server has another protocol"}},
		"meant so": {func(p *Tunnel) { p.Port, p.Protocol = 5432, TCP }, none, []string{}},
		"an unknown protocol": {func(p *Tunnel) {
			p.Protocol = "http"
		}, none, []string{`error bad-value: protocol: "http" is unknown; write tcp or postgres or mysql or smtp or ldap`}},
		"localhost": {func(p *Tunnel) {
			p.Env["REDIS_HOST"] = "localhost"
		}, none,
			[]string{
				"warning rebind-address: env.REDIS_HOST: localhost may resolve to ::1, where the tunnel doesn't listen; write " +
					"127.0.0.1"}},
		"led nowhere": {func(p *Tunnel) {
			p.Env = map[string]string{"X": "secret"}
		}, none, []string{"warning tunnel-untold: env: no variable has the tunnel's address 127.0.0.1; write it into the " +
			"variable with the server's name", "warning tunnel-bypassed: container shop still has redis.db.example in " +
			"REDIS_HOST, which bypasses the tunnel; change it to 127.0.0.1:6379, and variables with env"}},
		"two ways": {func(p *Tunnel) {
			p.PgBouncer, p.ClientTLS = &PgBouncer{}, &ClientTLS{}
		}, none, []string{"error bad-value: clientTLS: pgbouncer is set too, and a tunnel is only one of them; remove one " +
			"of them, and write an entry of its own for each tunnel"}},
		"pgbouncer": {func(p *Tunnel) {
			pgbouncer(p)
			p.CA, p.ServerName, p.Protocol, p.StatusPort, p.PgBouncer = nil, "db", MySQL, 9,
				&PgBouncer{Key: "a b", MaxConnections: -1}
		}, none, []string{
			"error missing-field: ca: pgbouncer trusts no public certificate authorities; name the Secret or ConfigMap with " +
				"the CA of the server",
			"error bad-value: serverName: pgbouncer verifies the name that it connects to; write that name as host, or remove " +
				"serverName",
			"error bad-value: protocol: pgbouncer is for postgres only; write postgres, or remove it",
			"error bad-value: statusPort: has no effect: pgbouncer has no status port; remove it",
			`error missing-field: pgbouncer.authSecretName: the users who may connect are missing; name a Secret with ` +
				`userlist.txt, which has "user" "password" on each line`,
			`error bad-value: pgbouncer.key: "a b" can't be a key there; use letters, digits, -, _ and dots`,
			"error bad-value: pgbouncer.maxConnections: -1 isn't a valid number of connections; write 1 to 10000"}},
		"cloudSQL": {func(p *Tunnel) {
			p.CloudSQL, p.CA = &CloudSQL{Instance: "orders --debug"}, &pattern.CABundle{}
		}, none, []string{
			`error bad-value: cloudSQL.instance: "orders --debug" isn't a valid instance; write project:region:instance`,
			"error bad-value: host: has no effect: Google's proxy finds and verifies the instance itself; remove it",
			"error bad-value: port: has no effect: Google's proxy finds and verifies the instance itself; remove it",
			"error bad-value: ca: has no effect: Google's proxy finds and verifies the instance itself; remove it"}},
		"alloyDB": {func(p *Tunnel) { alloyDB(p); p.AlloyDB.Instance = "" }, none, []string{"error missing-field: " +
			"alloyDB.instance: no instance is named; write " +
			"projects/PROJECT/locations/REGION/clusters/CLUSTER/instances/INSTANCE"}},
		"clientTLS": {func(p *Tunnel) {
			*p = Tunnel{ListenPort: 5432, StatusPort: 1, Host: "db", ClientTLS: &ClientTLS{MountPath: "tls"}}
		}, none, []string{
			"error bad-value: host: has no effect: without a proxy, the app itself connects to the server; remove it",
			"error bad-value: listenPort: has no effect: without a proxy, the app itself connects to the server; remove it",
			"error bad-value: statusPort: has no effect: without a proxy, the app itself connects to the server; remove it",
			"error missing-field: ca: the app needs the server's CA to verify it; name the Secret or ConfigMap with the CA of " +
				"the server",
			`error bad-value: clientTLS.mountPath: "tls" isn't a valid folder path; write one like /etc/database`,
			"error missing-field: env: no variable makes the app use TLS: outrigger adds only those of libpq, for protocol " +
				"postgres; write the app's variables, with the paths of the files"}},
		"Secrets without the keys": {func(p *Tunnel) {
			p.CA, p.ClientCertificate = &pattern.CABundle{SecretName: "s"}, &ClientCertificate{SecretName: "s"}
		}, func(w *sidecar.Workload) { w.Secrets = map[string][]string{"s": {"tls.crt"}} }, []string{
			"error tls-invalid: ca.secretName: Secret s has no key ca.crt (it has tls.crt); name one that has the key, or set " +
				"key",
			"error tls-invalid: clientCertificate.secretName: Secret s has no key tls.key (it has tls.crt); name one that has " +
				"the key, or set key"}},
		"hostNetwork": {func(*Tunnel) {}, func(w *sidecar.Workload) { w.Pod.Spec.HostNetwork = true }, []string{
			"error host-network: Deployment prod/shop spec.template.spec.hostNetwork: the pod uses the host network: every " +
				"program on the node could reach the app, and two of these pods would collide; remove hostNetwork, or exclude " +
				"this workload"}},
		"Windows": {func(*Tunnel) {}, func(w *sidecar.Workload) {
			w.Pod.Spec.OS = &corev1.PodOS{Name: corev1.Windows}
		}, []string{
			"error windows: Deployment prod/shop spec.template.spec.os.name: the sidecar's image runs on Linux only; exclude " +
				"this workload"}},
		"what goes past it": {func(*Tunnel) {}, func(w *sidecar.Workload) {
			w.Pod.Spec.Containers[0].Args = []string{"--cache=redis.db.example:6380", "myredis.db.example",
				"redis.db.example.org"}
			w.Pod.Spec.Containers[0].Env = append(w.Pod.Spec.Containers[0].Env,
				corev1.EnvVar{Name: "URL", Value: "rediss://:secret@redis.db.example"})
		}, []string{"warning tunnel-bypassed: container shop still has redis.db.example in args, URL, which bypasses the " +
			"tunnel; change it to 127.0.0.1:6379, and variables with env"}},
		"a key that libpq refuses": {func(p *Tunnel) {
			clientTLS(p)
			p.ClientCertificate = &ClientCertificate{SecretName: "me"}
		},
			func(w *sidecar.Workload) {
				w.Pod.Spec.SecurityContext = &corev1.PodSecurityContext{RunAsUser: new(int64(1000))}
			}, []string{
				"error key-mode: clientCertificate: libpq refuses a key that everyone can read, so only root and the pod's " +
					"fsGroup can read this one. Without fsGroup, user 1000 can't; set securityContext.fsGroup of the pod to " +
					"the app's group"}},
		"a key that libpq may refuse": {func(p *Tunnel) {
			clientTLS(p)
			p.ClientCertificate = &ClientCertificate{SecretName: "me"}
		}, none, []string{
			"warning key-mode: clientCertificate: libpq refuses a key that everyone can read, so only root and the pod's " +
				"fsGroup can read this one. Without fsGroup, a user other than root can't; set securityContext.fsGroup of " +
				"the pod to the app's group"}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, patterntest.FindingLines(t, tunnel(c.edit), patterntest.NewShop(c.view)))
		})
	}
}
