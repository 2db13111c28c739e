// Package exporter holds Exporter, which serves metrics of the app to Prometheus, and
// the catalogue of its presets.
package exporter

import (
	"cmp"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Exporter puts a Prometheus exporter beside the app: one of the catalogue, or one
// that is spelled out. It asks the app on 127.0.0.1, also where another sidecar of
// the config has moved it, and Prometheus is led to its port. An app that has metrics
// of its own is scraped without an exporter, or beside one, by appMetrics. In texts
// of uri, args, env and params, {port} stands for where the app listens, {uri} for how
// the exporter reaches it, {metricsPort} and {config} for the port and the file below.
type Exporter struct {
	// Preset knows an exporter by what it's for: one of the presets in presets.json.
	// Systems with metrics of their own say how they're turned on.
	Preset string `json:"preset,omitempty"`
	// Port of the app, where it isn't the preset's usual one: the one that its clients
	// use, wherever a takeover moves it. For statsd, the port of 127.0.0.1 that the
	// app sends to.
	Port int32 `json:"port,omitempty"`
	// URI is how the exporter reaches the app, in the form of the preset, where its
	// own doesn't do, as in http://127.0.0.1:{port}/nginx_status. No passwords: those
	// come by credentials.
	URI string `json:"uri,omitempty"`
	// TLS says that the app itself speaks TLS on the port. Its certificate isn't
	// verified: it's hardly for 127.0.0.1, where nobody else can listen.
	TLS bool `json:"tls,omitempty"`
	// Credentials are what the exporter logs in with.
	Credentials *ExporterCredentials `json:"credentials,omitempty"`
	// ConfigMap has the exporter's configuration, for presets that read one: those with a
	// config in presets.json. Most read it at their start only.
	ConfigMap *ExporterConfig `json:"configMap,omitempty"`
	// Env are further variables of the exporter. They win over the preset's.
	Env map[string]string `json:"env,omitempty"`
	// Args are further arguments of the exporter. One of a flag that the preset gives
	// too takes its place.
	Args []string `json:"args,omitempty"`
	// AppEnv are variables by which the app is told where its exporter listens, as in
	// {STATSD_HOST: 127.0.0.1}. They take the place of what is written there.
	AppEnv map[string]string `json:"appEnv,omitempty"`

	// Image of an exporter that is spelled out. Required where there is neither a preset
	// nor appMetrics; beside a preset, another image is for override.
	Image string `json:"image,omitempty"`
	// RunAsUser is the exporter's user. Default: the preset's, else 65534.
	RunAsUser *int64 `json:"runAsUser,omitempty"`
	// RunAsGroup is its group. Default: the preset's, else 65534.
	RunAsGroup *int64 `json:"runAsGroup,omitempty"`
	// MetricsPort is where the exporter listens. Required with image. Default: the
	// preset's.
	MetricsPort int32 `json:"metricsPort,omitempty"`
	// Path of the metrics. Default: /metrics; /probe for blackbox and json.
	Path string `json:"path,omitempty"`
	// Params are parameters that Prometheus asks with, as in {module: http_2xx}. They win
	// over the preset's.
	Params map[string]string `json:"params,omitempty"`

	// AppMetrics is a port on which the app itself has metrics.
	AppMetrics *AppMetrics `json:"appMetrics,omitempty"`
	// Monitor is how Prometheus is led there: Service (a port of the Services in front, but
	// of none that is reached from outside of the cluster: those get a Service of their
	// own beside), PodMonitor or ServiceMonitor (objects of the Prometheus operator),
	// Annotations (prometheus.io/... on the pod) or None. Default: Service.
	Monitor Monitor `json:"monitor,omitempty"`
	// MonitorLabels are labels of the PodMonitor or ServiceMonitor, as in {release:
	// prometheus}: most Prometheuses choose by them.
	MonitorLabels map[string]string `json:"monitorLabels,omitempty"`
	// Interval of a PodMonitor or ServiceMonitor, as in 30s. Default: Prometheus' own.
	Interval string `json:"interval,omitempty"`
	// PortName is the name of the port in the pod and in Services. A second exporter in a
	// pod needs another one. Default: http-prometheus.
	PortName string `json:"portName,omitempty"`
}

// ExporterCredentials are variables of an exporter that come from a Secret. They're
// never arguments, which everybody on the node can read.
type ExporterCredentials struct {
	// SecretName is the Secret. Required.
	SecretName string `json:"secretName"`
	// Keys are the keys in there, by the variable that gets the value, as in
	// {REDIS_PASSWORD: password}. Default: the preset's, username and password as in
	// Secrets of type kubernetes.io/basic-auth.
	Keys map[string]string `json:"keys,omitempty"`
}

// An ExporterConfig is a file for an exporter.
type ExporterConfig struct {
	// Name of the ConfigMap. Required.
	Name string `json:"name"`
	// Key in there. Default: config.yml.
	Key string `json:"key,omitempty"`
}

// AppMetrics are metrics that the app has itself.
type AppMetrics struct {
	// Port of the app, which it must declare: Prometheus looks for declared ports. Where
	// another sidecar of the config takes it over, it's asked there. Required.
	Port int32 `json:"port"`
	// Path of the metrics. Default: /metrics.
	Path string `json:"path,omitempty"`
	// Params are parameters that Prometheus asks with, as in {format: prometheus}.
	Params map[string]string `json:"params,omitempty"`
}

// A Monitor is how Prometheus is led to metrics.
type Monitor string

const (
	ByService        Monitor = "Service"
	ByPodMonitor     Monitor = "PodMonitor"
	ByServiceMonitor Monitor = "ServiceMonitor"
	ByAnnotations    Monitor = "Annotations"
	ByNone           Monitor = "None"
)

var _ sidecar.Pattern = (*Exporter)(nil)

// Change adds the exporter and has it scraped.
func (p *Exporter) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	c := &sidecar.Change{Phase: sidecar.PhaseExporter, App: sidecar.App{Env: p.appEnv()}}
	if p.runsExporter() {
		p.addExporter(w, c)
	}
	p.addScraping(w, c)
	return c, nil
}

// runsExporter reports whether there is an exporter, and not the app's own metrics alone.
func (p *Exporter) runsExporter() bool { return p.Preset != "" || p.Image != "" }

func (p *Exporter) monitorKind() Monitor {
	if p.Monitor == "" {
		return ByService
	}
	return p.Monitor
}

// metricsPort is where the exporter listens.
func (p *Exporter) metricsPort() int32 { return cmp.Or(p.MetricsPort, p.knownPreset().MetricsPort) }

// appPort is the app's port; 0 where none is known.
func (p *Exporter) appPort() int32 { return cmp.Or(p.Port, p.knownPreset().Port) }

func (p *Exporter) portName() string { return cmp.Or(p.PortName, "http-prometheus") }
