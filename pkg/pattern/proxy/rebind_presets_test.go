package proxy

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Every preset says where it's known from, and either moves a program or says why
// it can't be moved.
func TestRebindPresets(t *testing.T) {
	require.Greater(t, len(rebindPresets()), 40)
	for name, p := range rebindPresets() {
		t.Run(name, func(t *testing.T) {
			require.NotEmpty(t, p.Source)
			require.NotZero(t, p.Port)
			moves := len(p.Env)+len(p.Append)+len(p.Args) > 0
			require.NotEqual(t, moves, p.Refuse != "")
			g := &Base{Port: p.Port, SecretName: "tls", Rebind: &Rebind{Preset: name}}
			w := patterntest.NewElasticsearch(func(w *sidecar.Workload) {
				w.App.Ports = []corev1.ContainerPort{{ContainerPort: p.Port}}
				w.App.Env, w.App.Args, w.App.Command = nil, nil, nil
			})
			tls := &TLSProxy{Base: *g}
			c, err := sidecar.Build(tls, w)
			if p.Refuse != "" {
				require.ErrorContains(t, err, p.Name)
				require.Contains(t, err.Error(), "; ", "there is a way out")
				return
			}
			require.NoError(t, err)
			var said []string
			for _, e := range c.App.Env {
				said = append(said, e.Value)
			}
			said = append(said, c.App.Args...)
			require.Contains(t, strings.Join(said, " "), g.portText(), "it's told its port")
			require.NotContains(t, strings.Join(said, " "), "localhost")
			require.NotContains(t, strings.Join(said, " "), "{port}")
			require.Equal(t, p.Port+1, c.Takeovers[0].AppPort)

			// What an earlier run has written is what this one wants.
			for _, e := range c.App.Env {
				w.App.Env = append(w.App.Env, e.EnvVar)
			}
			w.App.Args = slices.Clone(c.App.Args)
			again, err := sidecar.Build(tls, w)
			require.NoError(t, err)
			require.True(t, merge.HasAll(w.App, &again.App), "%v is not %v", again.App, c.App)
		})
	}
}

func (p *Base) portText() string { return pattern.ExpandPort("{port}", p.rebindPort()) }

func TestRebindPresetInPods(t *testing.T) {
	for name, c := range map[string]struct {
		preset  string
		command []string
		args    []string
		env     map[string]string
		said    string // "": it works
		want    []string
		wantEnv string
	}{
		"no args": {preset: "prometheus",
			want: []string{"--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus",
				"--web.listen-address=127.0.0.1:9201"}},
		"args": {preset: "prometheus", args: []string{"--config.file=/x"},
			want: []string{"--web.listen-address=127.0.0.1:9201"}},
		"a listener of its own": {preset: "prometheus", args: []string{"--web.listen-address=:9090"},
			said: "--web.listen-address is among the arguments"},
		"moved by hand": {preset: "prometheus", args: []string{"--web.listen-address=127.0.0.1:9201"},
			want: []string{"--web.listen-address=127.0.0.1:9201"}},
		"a flag and its value": {preset: "redis", args: []string{"redis-server", "--port", "6379"},
			said: "--port is among the arguments"},
		"a cluster": {preset: "redis", args: []string{"redis-server", "--cluster-enabled", "yes"},
			said: "redis: it runs with peers here, which dial its port too; use mode: front, or its own TLS"},
		"appended to": {preset: "gunicorn", env: map[string]string{"GUNICORN_CMD_ARGS": "--workers=2"},
			wantEnv: "GUNICORN_CMD_ARGS=--bind=127.0.0.1:9201"},
		"what the image has": {preset: "nexus",
			wantEnv: "INSTALL4J_ADD_VM_PARAMS=-Djava.util.prefs.userRoot=/nexus-data/javaprefs -Dapplication-host=127.0.0.1 " +
				"-Dapplication-port=9201"},
		"a command": {preset: "kibana", command: []string{"/run"},
			said: "a script of the image reads the variables"},
		"a variable that wins": {preset: "elasticsearch", env: map[string]string{"network.host": "0.0.0.0"},
			said: "variable network.host may override"},
		"links with the port": {preset: "grafana", said: "variable GF_SERVER_ROOT_URL isn't set"},
		"unknown":             {preset: "elastiksearch", said: "did you mean elasticsearch"},
		"refused": {preset: "kafka",
			said: "kafka: clients come back to the addresses that Kafka advertises; use its own SSL listener"},
		"its own of the same name": {preset: "mine", wantEnv: "BIND=127.0.0.1:9201"},
		"a script of a shell": {preset: "gunicorn",
			command: []string{"sh", "-c", "exec gunicorn -b 0.0.0.0:8000 app"},
			said: "-b is among the arguments of container elasticsearch, and sets where gunicorn listens; remove it from " +
				"the manifest, or write the value that it must have"},
		"a flag with its value": {preset: "memcached", args: []string{"-l0.0.0.0"},
			said: "-l is among the arguments"},
		"a flag with one dash": {preset: "loki", args: []string{"--server.http-listen-port=3100"},
			said: "-server.http-listen-port is among the arguments"},
		"appended behind another": {preset: "gunicorn",
			env:  map[string]string{"GUNICORN_CMD_ARGS": "--bind=0.0.0.0:8000 -w 2"},
			said: "--bind is in variable GUNICORN_CMD_ARGS, and sets where gunicorn listens"},
		"moved before": {preset: "gunicorn",
			env:     map[string]string{"GUNICORN_CMD_ARGS": "-w 2 --bind=127.0.0.1:9201"},
			wantEnv: "GUNICORN_CMD_ARGS=--bind=127.0.0.1:9201"},
		"the program in CMD": {preset: "wildfly",
			want: []string{"/opt/jboss/wildfly/bin/standalone.sh", "-b", "127.0.0.1", "-Djboss.http.port=9201"}},
		"and in the manifest": {preset: "wildfly",
			args: []string{"/opt/jboss/wildfly/bin/standalone.sh", "-b", "0.0.0.0"}, said: "-b is among the arguments"},
		"for management": {preset: "wildfly", args: []string{"standalone.sh", "-bmanagement", "0.0.0.0"},
			want: []string{"-b", "127.0.0.1", "-Djboss.http.port=9201"}},
		"HTTPS of its own": {preset: "elasticsearch",
			env:  map[string]string{"xpack.security.http.ssl.enabled": "true"},
			said: "elasticsearch: it serves HTTPS by itself here; set it to false, or do without a proxy"},
		"HTTPS unless told": {preset: "elasticsearch", said: "variable xpack.security.http.ssl.enabled isn't set"},
		"an entrypoint's -E": {preset: "opensearch", args: []string{"-Ehttp.port=9200"},
			said: "-Ehttp.port is among the arguments"},
		"a file that wins": {preset: "etcd", env: map[string]string{"ETCD_CONFIG_FILE": "/x"},
			said: "etcd: with a configuration file all flags and variables are ignored; write listen-client-urls into it"},
		"peers by variable": {preset: "minio",
			env: map[string]string{"MINIO_VOLUMES": "https://minio-{0...3}/data"}, said: "minio: it runs with peers here"},
		"a URL that isn't a peer": {preset: "minio", env: map[string]string{"MINIO_SERVER_URL": "https://minio.example"},
			wantEnv: "MINIO_ADDRESS=127.0.0.1:9201"},
		"endpoints in variables": {preset: "aspnetcore",
			env:  map[string]string{"Kestrel__Endpoints__Web__Url": "http://*:80"},
			said: "variable Kestrel__Endpoints__Web__Url may override"},
		"its own, with a mistake": {preset: "forgot", said: "warning rebind-untold: rebind.preset: preset forgot doesn't " +
			"contain the app's new port; put {port} into env, append or args"},
		"its own, on all addresses": {preset: "public",
			said: "rebind.preset: the app listens on all addresses, so it's still reachable without TLS"},
		"its own, with no name": {preset: "unnamed", said: `"1 x" can't be the name of a variable`},
		"a listener by another's flag": {preset: "uvicorn", command: []string{"uvicorn", "app", "--host", "0.0.0.0"},
			said: "--host is among the arguments"},
	} {
		t.Run(name, func(t *testing.T) {
			p := proxy(func(p *TLSProxy) {
				p.Rebind = &Rebind{Preset: c.preset}
				p.Rebind.UsePresets([]RebindPreset{
					{Name: "mine", Env: map[string]string{"BIND": "127.0.0.1:{port}"}},
					{Name: "forgot", Env: map[string]string{"BIND": "127.0.0.1"}},
					{Name: "public", Args: []string{"--listen=:{port}"}},
					{Name: "unnamed", Append: map[string]AppendedValue{"1 x": {Value: "{port}"}}},
				})
			})
			w := patterntest.NewElasticsearch(func(w *sidecar.Workload) {
				w.App.Command, w.App.Args, w.App.Env = c.command, c.args, nil
				for _, name := range slices.Sorted(maps.Keys(c.env)) {
					w.App.Env = append(w.App.Env, corev1.EnvVar{Name: name, Value: c.env[name]})
				}
			})
			if c.said != "" {
				require.Contains(t, strings.Join(patterntest.FindingLines(t, p, w), "\n"), c.said)
				return
			}
			change := change(t, p, w)
			require.Equal(t, c.want, change.App.Args)
			if c.wantEnv != "" {
				require.Len(t, change.App.Env, 1)
				require.Equal(t, c.wantEnv, change.App.Env[0].Name+"="+change.App.Env[0].Value)
			}
		})
	}
}

// The image's own first start would meet the proxy.
func TestRebindFirstStart(t *testing.T) {
	p := proxy(func(p *TLSProxy) { p.Port, p.Rebind = 27017, &Rebind{Preset: "mongodb"} })
	w := patterntest.NewElasticsearch(func(w *sidecar.Workload) {
		w.App.Args, w.App.Ports = nil, []corev1.ContainerPort{{ContainerPort: 27017}}
		w.App.Env = []corev1.EnvVar{{Name: "MONGO_INITDB_ROOT_USERNAME", Value: "root"}}
	})
	const says = "first starts a temporary server on port 27017, where the proxy already listens; use mode: front"
	require.Contains(t, strings.Join(patterntest.FindingLines(t, p, w), "\n"), says)
	w.App.Env = nil
	require.NotContains(t, strings.Join(patterntest.FindingLines(t, p, w), "\n"), says)
	w.App.VolumeMounts = []corev1.VolumeMount{{Name: "scripts", MountPath: "/docker-entrypoint-initdb.d"}}
	require.Contains(t, strings.Join(patterntest.FindingLines(t, p, w), "\n"), says)
}

// Every program of the study is there: moved, or with the reason why not.
func TestRebindPresetsAreComplete(t *testing.T) {
	moved := strings.Fields(
		`elasticsearch elasticsearch7 opensearch redis valkey kibana opensearch-dashboards grafana prometheus alertmanager
		spring-boot aspnetcore gunicorn uvicorn rails puma flask node keycloak minio jenkins nexus ghost gitea airflow
		influxdb1 influxdb2 influxdb3 loki consul etcd memcached mongodb rabbitmq wildfly`)
	advised := strings.Fields("postgres mysql rabbitmq-management couchdb vault tomcat nginx kafka")
	for _, name := range moved {
		require.Contains(t, rebindPresets(), name)
		require.Empty(t, rebindPresets()[name].Refuse, name)
	}
	for _, name := range advised {
		require.Contains(t, rebindPresets(), name)
		require.Contains(t, rebindPresets()[name].Refuse, ": ", "%s: why, and the way out", name)
	}
}
