package exporter

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// listening is a workload whose app declares ports.
func listening(ports ...int32) *sidecar.Workload {
	return patterntest.NewElasticsearch(func(w *sidecar.Workload) {
		w.Name, w.App.Ports = "exporter", nil
		for _, p := range ports {
			w.App.Ports = append(w.App.Ports, corev1.ContainerPort{ContainerPort: p})
		}
		w.App.Env, w.App.Args, w.App.Command = nil, nil, nil
	})
}

// asking is an exporter of a preset with all that it can't do without.
func asking(p *exporterPreset) *Exporter {
	x := &Exporter{Preset: p.Name, Monitor: ByPodMonitor}
	if len(p.Credentials) > 0 {
		x.Credentials = &ExporterCredentials{SecretName: "login"}
		for _, arg := range p.LoginArgs {
			x.Args = append(x.Args, strings.Replace(arg, "...", "x", 1))
		}
	}
	if p.NeedsConfig {
		x.ConfigMap = &ExporterConfig{Name: "config"}
	}
	if p.Port == 0 && strings.Contains(p.URI, "{port}") {
		x.Port = 8000
	}
	return x
}

// words is all that the exporter's container is told.
func words(c *sidecar.Change) string {
	out := slices.Clone(c.Containers[0].Args)
	for _, e := range c.Containers[0].Env {
		out = append(out, e.Name+"="+e.Value)
	}
	return strings.Join(out, "\n")
}

// Every preset says where it's known from, and either runs an exporter or says what
// to do instead.
func TestExporterPresets(t *testing.T) {
	wanted := []string{"elasticsearch", "redis", "valkey", "postgres", "mysqld", "mongodb", "memcached", "nginx", "apache",
		"php-fpm", "pgbouncer", "kafka", "statsd", "nats", "blackbox", "json", "jmx",
		"haproxy", "rabbitmq", "traefik", "envoy", "consul", "vault", "etcd", "minio", "clickhouse", "cockroachdb", "grafana",
		"keycloak"}
	for _, name := range wanted {
		require.Contains(t, exporterPresets(), name)
	}
	ports := map[int32]string{}
	for name, p := range exporterPresets() {
		t.Run(name, func(t *testing.T) {
			require.NotEmpty(t, p.Source, "write source: the files and the version that show each fact")
			if p.Native != nil || p.Refuse != "" {
				require.Nil(t, p.Image)
				fs := (&Exporter{Preset: name}).Validate()
				require.True(t, fs.Failed())
				require.NotEmpty(t, fs[0].Hint, "there is a way out")
				return
			}
			require.NotNil(t, p.Image, "write image, with ref, uid and gid, into presets.json")
			require.NotEqual(t, p.Listen == "", p.ListenEnv == nil,
				"write how another metricsPort is set: either listen (an argument) or listenEnv (variables)")
			require.Subset(t, p.Secrets, slices.Collect(maps.Keys(p.Credentials)), "secrets has all variables of credentials")
			require.Subset(t, p.Secrets, p.Needs, "secrets has all variables of needs")
			if name == p.Name {
				require.Empty(t, ports[p.MetricsPort], "two presets in a pod need different metricsPorts")
				ports[p.MetricsPort] = name
			}
			port := cmp.Or(p.Port, 8000)
			w := listening(port)
			x := asking(p)
			x.Preset = name
			c, err := sidecar.Build(x, w)
			require.NoError(t, err)
			said := words(c)
			require.NotContains(t, said, "{")
			require.NotContains(t, said, "localhost")
			main := c.Containers[0]
			require.Nil(t, main.StartupProbe)
			require.Nil(t, main.ReadinessProbe)
			require.NotNil(t, main.LivenessProbe)
			require.Equal(t, p.presetImage().UID, *main.SecurityContext.RunAsUser)
			require.Equal(t, p.MetricsPort, main.Ports[0].ContainerPort)
			if strings.Contains(p.URI, "{port}") && p.Params == nil {
				require.Contains(t, said, fmt.Sprintf("127.0.0.1:%d", port), "neither args nor env has {uri}")
				w.Takeovers = []sidecar.Takeover{{Port: port, AppPort: 12345}}
				moved, err := sidecar.Build(x, w)
				require.NoError(t, err)
				require.Contains(t, words(moved), "127.0.0.1:12345", "it follows the app")
			}

			x.MetricsPort = 12121
			c, err = sidecar.Build(x, listening(port))
			require.NoError(t, err)
			require.Contains(t, words(c), "12121")
			require.Equal(t, int32(12121), c.Containers[0].Ports[0].ContainerPort)
			x.TLS = true
			require.Equal(t, p.TLS == nil, x.Validate().Failed())
		})
	}
}

// What an earlier run has laid on is what this one wants.
func TestExporterTwice(t *testing.T) {
	for _, monitor := range []Monitor{ByService, ByPodMonitor, ByServiceMonitor, ByAnnotations, ByNone} {
		x := &Exporter{Preset: "redis", Monitor: monitor, AppMetrics: &AppMetrics{Port: 8080}}
		if monitor == ByAnnotations {
			x.AppMetrics = nil
		}
		w := listening(6379, 8080)
		first, err := sidecar.Build(x, w)
		require.NoError(t, err)
		w.Pod.Spec.InitContainers = append(w.Pod.Spec.InitContainers, first.Containers...)
		if w.Pod.Annotations == nil {
			w.Pod.Annotations = map[string]string{}
		}
		maps.Copy(w.Pod.Annotations, first.Pod.Annotations)
		for i := range w.Services {
			for _, p := range first.ServicePorts {
				w.Services[i].Spec.Ports = append(w.Services[i].Spec.Ports, p.ServicePort)
			}
		}
		again, err := sidecar.Build(x, w)
		require.NoError(t, err)
		require.Equal(t, first, again)
	}
}

func TestExporterArgs(t *testing.T) {
	args := func(x *Exporter) []string {
		c, err := sidecar.Build(x, listening(9200, 8222))
		require.NoError(t, err)
		return c.Containers[0].Args
	}
	require.Equal(t, []string{"--es.uri=http://127.0.0.1:9200/search", "--es.all"},
		args(&Exporter{Preset: "elasticsearch", Args: []string{"--es.uri=http://127.0.0.1:{port}/search", "--es.all"}}),
		"one flag once")
	require.Equal(t, []string{"--es.uri=https://127.0.0.1:9200", "--es.ssl-skip-verify"},
		args(&Exporter{Preset: "elasticsearch", TLS: true}))
	require.Equal(t, []string{"--es.uri=https://search.example"},
		args(&Exporter{Preset: "elasticsearch", URI: "https://search.example"}))
	require.Equal(t, []string{"-connz", "-healthz", "-jsz=all", "-p=7778", "-varz=false", "http://127.0.0.1:8222"},
		args(&Exporter{Preset: "nats", Args: []string{"-varz=false"}, MetricsPort: 7778}), "the address is the last one")
	require.Equal(t, []string{"--config.file=/etc/outrigger/exporter/b.yml"},
		args(&Exporter{Preset: "blackbox", Port: 9200, ConfigMap: &ExporterConfig{Name: "b", Key: "b.yml"}}))
	require.Equal(t, []string{"{uri}"},
		args(&Exporter{Image: "x:1", MetricsPort: 9000, URI: "{uri}", Args: []string{"{uri}"}}),
		"what is put in isn't looked at again")
}

func TestExporterProbes(t *testing.T) {
	probe := func(x *Exporter) *corev1.Probe {
		c, err := sidecar.Build(x, listening(9200, 8222))
		require.NoError(t, err)
		return c.Containers[0].LivenessProbe
	}
	require.Equal(t, "/", probe(&Exporter{Preset: "elasticsearch"}).HTTPGet.Path)
	require.NotNil(t, probe(&Exporter{Preset: "nats"}).TCPSocket, "it has no page but the metrics")
	require.NotNil(t, probe(&Exporter{Image: "x:1", MetricsPort: 9000}).TCPSocket, "nobody knows")
	require.NotNil(t, probe(&Exporter{Preset: "elasticsearch", Args: []string{"--web.config.file=/x"}}).TCPSocket,
		"it may want a password")
}

// Metrics never get a port that is reached from outside of the cluster.
func TestExporterServices(t *testing.T) {
	service := func(name string, kind corev1.ServiceType, ports ...corev1.ServicePort) sidecar.Service {
		return sidecar.Service{Ref: sidecar.Ref{Kind: "Service", Name: name},
			Spec: corev1.ServiceSpec{Type: kind, Ports: ports}}
	}
	for name, c := range map[string]struct {
		services []sidecar.Service
		app      bool // metrics of its own only
		ports    int
		objects  int
	}{
		"none":     {nil, false, 0, 1},
		"within":   {[]sidecar.Service{service("a", "")}, false, 1, 0},
		"headless": {[]sidecar.Service{service("a", corev1.ServiceTypeClusterIP)}, false, 1, 0},
		"both": {[]sidecar.Service{service("a", ""), service("b", corev1.ServiceTypeNodePort)}, false, 1,
			0},
		"outside only": {[]sidecar.Service{service("b", corev1.ServiceTypeNodePort)}, false, 0, 1},
		"led there": {[]sidecar.Service{service("a", "", corev1.ServicePort{Name: "m", Port: 8080})}, true, 0,
			0},
		"led there by a number": {
			[]sidecar.Service{service("a", "", corev1.ServicePort{Name: "m", Port: 80, TargetPort: intstr.FromInt32(8080)})},
			true, 0, 0},
		"led there by a name": {
			[]sidecar.Service{service("a", "", corev1.ServicePort{Name: "m", Port: 80, TargetPort: intstr.FromString("own")})},
			true, 0, 0},
		"led elsewhere": {[]sidecar.Service{service("a", "", corev1.ServicePort{Name: "m", Port: 80})}, true, 1, 0},
		"led there from outside": {
			[]sidecar.Service{service("a", ""), service("b", corev1.ServiceTypeNodePort, corev1.ServicePort{Port: 8080})}, true,
			1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := listening(6379)
			w.App.Ports = append(w.App.Ports, corev1.ContainerPort{Name: "own", ContainerPort: 8080})
			w.Services = c.services
			x := &Exporter{Preset: "redis"}
			if c.app {
				x = &Exporter{AppMetrics: &AppMetrics{Port: 8080}}
			}
			got, err := sidecar.Build(x, w)
			require.NoError(t, err)
			require.Len(t, got.ServicePorts, c.ports)
			require.Len(t, got.Objects, c.objects)
			for _, p := range got.ServicePorts {
				require.True(t, p.Internal)
				require.Equal(t, p.Port, p.TargetPort.IntVal)
			}
		})
	}
}

// What is said of a workload.
func TestExporterFindings(t *testing.T) {
	replicas := func(n int32) func(*sidecar.Workload) { return func(w *sidecar.Workload) { w.Replicas = &n } }
	taken := func(t sidecar.Takeover) func(*sidecar.Workload) {
		return func(w *sidecar.Workload) { w.Takeovers = []sidecar.Takeover{t} }
	}
	own, login := &AppMetrics{Port: 8080}, &ExporterCredentials{SecretName: "x"}
	basic := func(w *sidecar.Workload) { w.Secrets = map[string][]string{"x": {"extra", "password", "username"}} }
	for name, c := range map[string]struct {
		x    Exporter
		edit func(*sidecar.Workload)
		want string // code, "": none but notes
	}{
		"fine": {Exporter{Preset: "redis"}, nil, ""},
		"one for the cluster": {Exporter{Preset: "kafka"}, func(w *sidecar.Workload) {
			replicas(3)(w)
			w.Placement = sidecar.Beside
		}, "exporter-twice"},
		"one of one": {Exporter{Preset: "kafka"}, func(w *sidecar.Workload) {
			replicas(1)(w)
			w.Placement = sidecar.Beside
		}, ""},
		"ends without the app": {Exporter{Preset: "kafka"}, nil, "exporter-ends"},
		"all of a cluster": {Exporter{Preset: "elasticsearch", Args: []string{"--es.all"}}, replicas(3),
			"exporter-twice"},
		"all nodes": {Exporter{Preset: "elasticsearch", Args: []string{"--es.all"}},
			func(w *sidecar.Workload) { w.Ref.Kind = "DaemonSet" }, "exporter-twice"},
		"the node's network": {Exporter{Preset: "redis"}, func(w *sidecar.Workload) {
			w.Pod.Spec.HostNetwork = true
		}, "host-network"},
		"the node's loopback": {Exporter{Preset: "statsd", AppEnv: map[string]string{"A": "127.0.0.1"}},
			func(w *sidecar.Workload) { w.Pod.Spec.HostNetwork = true }, "host-network"},
		"Windows": {Exporter{Preset: "redis"}, func(w *sidecar.Workload) {
			w.Pod.Spec.OS = &corev1.PodOS{Name: corev1.Windows}
		}, "windows"},
		"Windows by label": {Exporter{Preset: "redis"}, func(w *sidecar.Workload) {
			w.Pod.Spec.NodeSelector = map[string]string{"kubernetes.io/os": "windows"}
		}, "windows"},
		"untold":                     {Exporter{Preset: "statsd"}, nil, "exporter-untold"},
		"told":                       {Exporter{Preset: "statsd", AppEnv: map[string]string{"A": "127.0.0.1"}}, nil, ""},
		"another port":               {Exporter{Preset: "redis", Port: 7000}, nil, "port-unknown"},
		"a status port":              {Exporter{Preset: "nginx", Port: 7000}, nil, ""},
		"the usual port isn't there": {Exporter{Preset: "memcached"}, nil, "port-unknown"},
		"taken over": {Exporter{Preset: "memcached"}, taken(sidecar.Takeover{Port: 11211, AppPort: 11212}),
			""},
		"a Job": {Exporter{Preset: "redis"}, func(w *sidecar.Workload) {
			w.Ref.Group, w.Ref.Kind = "batch", "Job"
		}, "monitor-job"},
		"a Job left alone": {Exporter{Preset: "redis", Monitor: ByNone}, func(w *sidecar.Workload) {
			w.Ref.Group, w.Ref.Kind = "batch", "Job"
		}, ""},
		"no labels": {Exporter{Preset: "redis", Monitor: ByPodMonitor}, func(w *sidecar.Workload) {
			w.Pod.Labels, w.MatchLabels = nil, nil
		}, "labels-missing"},
		"no labels, annotations": {Exporter{Preset: "redis", Monitor: ByAnnotations}, func(w *sidecar.Workload) {
			w.Pod.Labels, w.MatchLabels = nil, nil
		}, ""},
		"parameters": {Exporter{Preset: "blackbox", Port: 8080}, nil, "scrape-params"},
		"announced": {Exporter{Preset: "redis", Monitor: ByAnnotations}, func(w *sidecar.Workload) {
			w.Pod.Annotations = map[string]string{sidecar.ScrapeKey: "true", sidecar.ScrapePortKey: "8080"}
		}, "scrape-ports"},
		"all announced": {Exporter{Preset: "redis", Monitor: ByAnnotations}, func(w *sidecar.Workload) {
			w.Pod.Annotations = map[string]string{sidecar.ScrapeKey: "true"}
		}, "scrape-ports"},
		"own by TLS": {Exporter{AppMetrics: own},
			taken(sidecar.Takeover{Port: 8080, AppPort: 8081, Scheme: corev1.URISchemeHTTPS}), "scrape-ca"},
		"own by TLS, trusted": {Exporter{AppMetrics: own, Monitor: ByPodMonitor},
			taken(sidecar.Takeover{Port: 8080, AppPort: 8081, Scheme: corev1.URISchemeHTTPS,
				Trust: &sidecar.Trust{Hostname: "a"}}), ""},
		"own, refused": {Exporter{AppMetrics: own},
			taken(sidecar.Takeover{Port: 8080, AppPort: 8081, Authenticated: true}), "scrape-refused"},
		"own, behind": {Exporter{AppMetrics: own},
			taken(sidecar.Takeover{Port: 8443, AppPort: 8080, Front: true}), "scrape-closed"},
		"own, undeclared": {Exporter{AppMetrics: &AppMetrics{Port: 9999}}, nil, "port-unknown"},
		"a Secret without the key": {Exporter{Preset: "redis", Credentials: &ExporterCredentials{SecretName: "x"}},
			func(w *sidecar.Workload) { w.Secrets = map[string][]string{"x": {"pass"}} }, "secret-key"},
		"a user without a variable": {Exporter{Preset: "mysqld", Credentials: login}, basic, "credentials-unused"},
		"a user as an argument": {
			Exporter{Preset: "mysqld", Credentials: login, Args: []string{"--mysqld.username=m"}}, basic, ""},
		"a user that isn't meant": {Exporter{Preset: "mysqld", Credentials: &ExporterCredentials{SecretName: "x",
			Keys: map[string]string{"MYSQLD_EXPORTER_PASSWORD": "password"}}}, basic, ""},
		"a user with a variable": {Exporter{Preset: "redis", Credentials: login}, basic, "credentials-unused"},
		"a user in a variable": {
			Exporter{Preset: "redis", Credentials: login, Env: map[string]string{"REDIS_USER": "m"}}, basic, ""},
		"a user who is used": {Exporter{Preset: "postgres", Credentials: login}, basic, ""},
		"other keys": {Exporter{Preset: "mysqld", Credentials: login},
			func(w *sidecar.Workload) { w.Secrets = map[string][]string{"x": {"host", "password", "user"}} }, ""},
		"a password without a login": {Exporter{Preset: "kafka", Credentials: login}, nil, "credentials-unused"},
		"a password with a login": {
			Exporter{Preset: "kafka", Credentials: login, Args: []string{"--sasl.enabled", "--sasl.username=m"}},
			func(w *sidecar.Workload) { basic(w); w.Placement = sidecar.Beside }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := listening(3306, 5432, 6379, 8080, 9092, 9200)
			w.Placement = sidecar.Native
			if c.edit != nil {
				c.edit(w)
			}
			got, err := sidecar.Build(&c.x, w)
			fs, _ := err.(sidecar.Findings)
			if err == nil {
				fs = got.Notes
			}
			var codes []string
			for _, f := range fs {
				if f.Code != "exporter-note" {
					codes = append(codes, f.Code)
				}
			}
			require.Equal(t, c.want, strings.Join(slices.Compact(codes), " "))
		})
	}
}

// FuzzExporter tries to have more said than is meant: what isn't refused stays one
// word wherever it lands, and no secret is among the arguments.
func FuzzExporter(f *testing.F) {
	for _, s := range []string{"x", "/metrics", "a b", "--x=1", "http://127.0.0.1:{port}/", "{uri}", "$(ES_PASSWORD)",
		"\n- y", `"}]`, "redis://u:p@h", "30s", "é", "--password=x"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		base := func() *Exporter {
			return &Exporter{Preset: "elasticsearch", Credentials: &ExporterCredentials{SecretName: "login"},
				Monitor: ByPodMonitor}
		}
		for _, edit := range []func(*Exporter){
			func(x *Exporter) { x.Args = []string{a, b} },
			func(x *Exporter) { x.URI = a },
			func(x *Exporter) { x.Env = map[string]string{a: b} },
			func(x *Exporter) { x.Path, x.Params = a, map[string]string{b: a} },
			func(x *Exporter) { x.MonitorLabels, x.Interval = map[string]string{a: b}, b },
			func(x *Exporter) { x.Credentials.Keys = map[string]string{a: b} },
			func(x *Exporter) { x.ConfigMap = &ExporterConfig{Name: a, Key: b} },
			func(x *Exporter) { x.PortName = a },
		} {
			x := base()
			edit(x)
			c, err := sidecar.Build(x, listening(9200))
			if err != nil {
				continue
			}
			main := c.Containers[0]
			require.LessOrEqual(t, len(main.Args), 1+len(x.Args))
			for _, arg := range main.Args {
				for _, e := range main.Env {
					require.False(t, e.ValueFrom != nil && strings.Contains(arg, "$("+e.Name+")"), "a secret among the arguments")
				}
			}
			require.Len(t, c.Objects, 1)
			var m struct {
				Spec struct {
					PodMetricsEndpoints []map[string]any
				}
			}
			require.NoError(t, json.Unmarshal(c.Objects[0].RawMessage, &m))
			require.Len(t, m.Spec.PodMetricsEndpoints, 1)
		}
	})
}
