package pattern

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

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
			g := &Gate{Port: p.Port, SecretName: "tls", Rebind: &Rebind{Preset: name}}
			w := search(func(w *sidecar.Workload) {
				w.App.Ports = []corev1.ContainerPort{{ContainerPort: p.Port}}
				w.App.Env, w.App.Args, w.App.Command = nil, nil, nil
			})
			tls := &TLSProxy{Gate: *g}
			c, err := tls.Change(w)
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
			again, err := tls.Change(w)
			require.NoError(t, err)
			require.True(t, again.App.On(w.App), "%v is not %v", again.App, c.App)
		})
	}
}

func (p *Gate) portText() string { return withPort("{port}", p.rebindPort()) }

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
		"no args":                      {preset: "prometheus", want: []string{"--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus", "--web.listen-address=127.0.0.1:9201"}},
		"args":                         {preset: "prometheus", args: []string{"--config.file=/x"}, want: []string{"--web.listen-address=127.0.0.1:9201"}},
		"a listener of its own":        {preset: "prometheus", args: []string{"--web.listen-address=:9090"}, said: "has --web.listen-address among its arguments"},
		"moved by hand":                {preset: "prometheus", args: []string{"--web.listen-address=127.0.0.1:9201"}, want: []string{"--web.listen-address=127.0.0.1:9201"}},
		"a flag and its value":         {preset: "redis", args: []string{"redis-server", "--port", "6379"}, said: "has --port among its arguments"},
		"a cluster":                    {preset: "redis", args: []string{"redis-server", "--cluster-enabled", "yes"}, said: "runs with peers here"},
		"appended to":                  {preset: "gunicorn", env: map[string]string{"GUNICORN_CMD_ARGS": "--workers=2"}, wantEnv: "GUNICORN_CMD_ARGS=--bind=127.0.0.1:9201"},
		"what the image has":           {preset: "nexus", wantEnv: "INSTALL4J_ADD_VM_PARAMS=-Djava.util.prefs.userRoot=/nexus-data/javaprefs -Dapplication-host=127.0.0.1 -Dapplication-port=9201"},
		"a command":                    {preset: "kibana", command: []string{"/run"}, said: "a script of the image reads the variables"},
		"a variable that wins":         {preset: "elasticsearch", env: map[string]string{"network.host": "0.0.0.0"}, said: "variable network.host may win"},
		"links with the port":          {preset: "grafana", said: "variable GF_SERVER_ROOT_URL isn't set"},
		"unknown":                      {preset: "elastiksearch", said: "did you mean elasticsearch"},
		"refused":                      {preset: "kafka", said: "kafka: clients come back to the addresses that Kafka advertises; use its own SSL listener"},
		"its own of the same name":     {preset: "mine", wantEnv: "BIND=127.0.0.1:9201"},
		"a listener by another's flag": {preset: "uvicorn", command: []string{"uvicorn", "app", "--host", "0.0.0.0"}, said: "has --host among its arguments"},
	} {
		t.Run(name, func(t *testing.T) {
			p := proxy(func(p *TLSProxy) {
				p.Rebind = &Rebind{Preset: c.preset}
				p.Rebind.Use([]RebindPreset{{Name: "mine", Env: map[string]string{"BIND": "127.0.0.1:{port}"}}})
			})
			w := search(func(w *sidecar.Workload) {
				w.App.Command, w.App.Args, w.App.Env = c.command, c.args, nil
				for _, name := range slices.Sorted(maps.Keys(c.env)) {
					w.App.Env = append(w.App.Env, corev1.EnvVar{Name: name, Value: c.env[name]})
				}
			})
			if c.said != "" {
				require.Contains(t, strings.Join(lines(findings(t, p, w)), "\n"), c.said)
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
	w := search(func(w *sidecar.Workload) {
		w.App.Args, w.App.Ports = nil, []corev1.ContainerPort{{ContainerPort: 27017}}
		w.App.Env = []corev1.EnvVar{{Name: "MONGO_INITDB_ROOT_USERNAME", Value: "root"}}
	})
	require.Contains(t, strings.Join(lines(findings(t, p, w)), "\n"), "starts a server on port 27017 for itself, where the proxy listens already; use mode: front")
}
