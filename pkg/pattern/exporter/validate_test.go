package exporter

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// What is wrong with a config is said at its field, and nothing else is.
func TestExporterValidate(t *testing.T) {
	redis := func(edit func(*Exporter)) Exporter {
		x := Exporter{Preset: "redis"}
		edit(&x)
		return x
	}
	for name, c := range map[string]struct {
		x    Exporter
		want string // "field code"; "": nothing
	}{
		"a preset":       {Exporter{Preset: "redis"}, ""},
		"spelled out":    {Exporter{Image: "x:1", MetricsPort: 9000, Env: map[string]string{"A": "b"}}, ""},
		"the app's own":  {Exporter{AppMetrics: &AppMetrics{Port: 8080}}, ""},
		"no port":        {redis(func(x *Exporter) { x.Port = 70000 }), "port bad-value"},
		"one port twice": {redis(func(x *Exporter) { x.MetricsPort = 6379 }), "metricsPort bad-value"},
		"a port for nothing": {
			Exporter{Preset: "pgbouncer", Port: 6432, Credentials: &ExporterCredentials{SecretName: "x"}}, "port bad-value"},
		"an address for nothing": {Exporter{Preset: "statsd", URI: "x"}, "uri bad-value"},
		"TLS for an address":     {redis(func(x *Exporter) { x.TLS, x.URI = true, "rediss://a:1" }), "tls bad-value"},
		"TLS nobody knows of":    {Exporter{Preset: "memcached", TLS: true}, "tls bad-value"},
		"the app's port is ours": {redis(func(x *Exporter) { x.AppMetrics = &AppMetrics{Port: 9121} }),
			"appMetrics.port bad-value"},
		"the app's port's name": {redis(func(x *Exporter) {
			x.AppMetrics, x.PortName = &AppMetrics{Port: 1}, "http-metrics"
		}), "portName bad-value"},
		"two for annotations": {redis(func(x *Exporter) { x.AppMetrics, x.Monitor = &AppMetrics{Port: 1}, ByAnnotations }),
			"monitor scrape-ports"},
		"no monitor":  {redis(func(x *Exporter) { x.Monitor = "Push" }), "monitor bad-value"},
		"an interval": {redis(func(x *Exporter) { x.Monitor, x.Interval = ByPodMonitor, "1m30s" }), ""},
		"never": {redis(func(x *Exporter) { x.Monitor, x.Interval = ByPodMonitor, "0s" }),
			"interval bad-value"},
		"labels for nothing": {redis(func(x *Exporter) { x.MonitorLabels = map[string]string{"a": "b"} }),
			"monitorLabels bad-value"},
		"a variable":            {redis(func(x *Exporter) { x.Env = map[string]string{"1": "b"} }), "env bad-value"},
		"a variable of the app": {redis(func(x *Exporter) { x.AppEnv = map[string]string{"a b": "b"} }), "appEnv bad-value"},
		"no Secret": {redis(func(x *Exporter) { x.Credentials = &ExporterCredentials{} }),
			"credentials.secretName missing-field"},
		"no keys": {Exporter{Image: "x:1", MetricsPort: 9000, Credentials: &ExporterCredentials{SecretName: "x"}},
			"credentials.keys missing-field"},
		"no key": {redis(func(x *Exporter) {
			x.Credentials = &ExporterCredentials{SecretName: "x", Keys: map[string]string{"REDIS_USER": ""}}
		}), "credentials.keys.REDIS_USER missing-field"},
		"given twice": {redis(func(x *Exporter) {
			x.Credentials, x.Env = &ExporterCredentials{SecretName: "x", Keys: map[string]string{"REDIS_USER": "u"}},
				map[string]string{"REDIS_USER": "u"}
		}), "env.REDIS_USER bad-value"},
		"a user in plain": {Exporter{Preset: "postgres", Env: map[string]string{"DATA_SOURCE_USER": "exporter"}}, ""},
		"no ConfigMap":    {Exporter{Preset: "statsd", ConfigMap: &ExporterConfig{}}, "configMap.name missing-field"},
		"a file in a folder": {Exporter{Preset: "statsd", ConfigMap: &ExporterConfig{Name: "x", Key: "a/b"}},
			"configMap.key bad-value"},
		"a ConfigMap by args": {redis(func(x *Exporter) {
			x.ConfigMap, x.Args = &ExporterConfig{Name: "x"}, []string{"--script={config}"}
		}), ""},
		"a password": {redis(func(x *Exporter) { x.Env = map[string]string{"REDIS_PASSWORD": "x"} }),
			"env.REDIS_PASSWORD secret-inline"},
		"where a password is": {redis(func(x *Exporter) { x.Env = map[string]string{"REDIS_PASSWORD_FILE": "/x"} }), ""},
		"a password of a URL": {redis(func(x *Exporter) { x.Env = map[string]string{"URL": "http://a:b@c"} }),
			"env.URL secret-inline"},
		"a URL of variables": {redis(func(x *Exporter) { x.Env = map[string]string{"URL": "http://a:$(PASSWORD)@c"} }), ""},
		"a password by args": {redis(func(x *Exporter) { x.Args = []string{"-http_pass", "x"} }), "args[0] secret-inline"},
		"a file by args": {redis(func(x *Exporter) {
			x.Args = []string{"--redis.password-file=/x", "--token", "--next"}
		}), ""},
		"a variable in an address": {redis(func(x *Exporter) {
			x.Credentials, x.URI = &ExporterCredentials{SecretName: "x"}, "redis://$(REDIS_PASSWORD)"
		}), "uri secret-inline"},
		"root": {redis(func(x *Exporter) { x.RunAsGroup = new(int64(0)) }), "runAsGroup bad-value"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, f := range c.x.Validate() {
				got = append(got, f.Field+" "+f.Code)
				require.NotEmpty(t, f.Hint)
			}
			require.Equal(t, c.want, strings.Join(got, ", "))
		})
	}
}

// What annotations and monitors say of a port that a proxy took over.
func TestExporterScrapesByTLS(t *testing.T) {
	s := scrape{name: "m", port: 8080, path: "/m", params: map[string]string{"a": "b"}}
	require.Equal(t, map[string]string{"prometheus.io/scrape": "true", "prometheus.io/port": "8080",
		"prometheus.io/path": "/m", "prometheus.io/param_a": "b"}, s.scrapeAnnotations())
	w := listening(8080)
	w.Takeovers = []sidecar.Takeover{
		{Port: 8080, AppPort: 8081, Scheme: corev1.URISchemeHTTPS, Trust: &sidecar.Trust{Hostname: "search.example"}}}
	x := &Exporter{AppMetrics: &AppMetrics{Port: 8080, Path: "/metrics"}, Monitor: ByAnnotations}
	c, err := sidecar.Build(x, w)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"prometheus.io/scrape": "true", "prometheus.io/port": "8080",
		"prometheus.io/scheme": "https"}, c.Pod.Annotations)
	x.Monitor = ByServiceMonitor
	c, err = sidecar.Build(x, w)
	require.NoError(t, err)
	require.Contains(t, string(c.Objects[1].RawMessage),
		`"endpoints":[{"port":"http-prometheus","scheme":"https","tlsConfig":{"serverName":"search.example"}}]`)
}
