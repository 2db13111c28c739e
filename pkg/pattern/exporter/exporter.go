// Package exporter holds Exporter, which serves metrics of the app to Prometheus, and the
// catalogue of its presets.
package exporter

import (
	"cmp"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Exporter puts a Prometheus exporter beside the app: one of the catalogue, or one that is
// spelled out. It reads the app on 127.0.0.1, even if another sidecar of the config has
// moved the app, and Prometheus scrapes the exporter's port. An app with metrics of its own
// needs no exporter: appMetrics has it scraped, alone or beside an exporter. In uri, args,
// env and params, {port} stands for the port on which the app listens, {uri} for how the
// exporter reaches it, {metricsPort} for the exporter's own port, and {config} for its
// configuration file.
type Exporter struct {
	// Preset names an exporter of the catalogue: one of the presets in presets.json. For a
	// system with metrics of its own, the error says how to turn them on.
	Preset string `json:"preset,omitempty"`
	// Port of the app, if it isn't the preset's usual one. Write the port that clients use,
	// even if a takeover moves the app. For statsd, it's the port of 127.0.0.1 that the app
	// sends to.
	Port int32 `json:"port,omitempty"`
	// URI is how the exporter reaches the app, if the preset's own URI doesn't fit, as in
	// http://127.0.0.1:{port}/nginx_status. It has the preset's form. Passwords belong in
	// credentials.
	URI string `json:"uri,omitempty"`
	// TLS is true if the app itself uses TLS on the port. Its certificate isn't verified:
	// it's rarely issued for 127.0.0.1, where no other program can listen.
	TLS bool `json:"tls,omitempty"`
	// Credentials are variables that the exporter logs in with.
	Credentials *ExporterCredentials `json:"credentials,omitempty"`
	// ConfigMap holds the exporter's configuration, for presets that read one: those with a
	// config in presets.json. Most read it only when they start.
	ConfigMap *ExporterConfig `json:"configMap,omitempty"`
	// Env are more variables of the exporter. They override the preset's.
	Env map[string]string `json:"env,omitempty"`
	// Args are more arguments of the exporter. A flag that the preset has too replaces the
	// preset's.
	Args []string `json:"args,omitempty"`
	// AppEnv are variables that point the app to its exporter, as in {STATSD_HOST:
	// 127.0.0.1}. They replace values in the manifest.
	AppEnv map[string]string `json:"appEnv,omitempty"`

	// Image of an exporter that is spelled out. Required without preset and appMetrics. To
	// replace a preset's image, write override.image.
	Image string `json:"image,omitempty"`
	// RunAsUser is the exporter's user. Default: the preset's, else 65534.
	RunAsUser *int64 `json:"runAsUser,omitempty"`
	// RunAsGroup is the exporter's group. Default: the preset's, else 65534.
	RunAsGroup *int64 `json:"runAsGroup,omitempty"`
	// MetricsPort is the port on which the exporter listens. Required with image. Default:
	// the preset's.
	MetricsPort int32 `json:"metricsPort,omitempty"`
	// Path of the metrics. Default: /metrics; /probe for blackbox and json.
	Path string `json:"path,omitempty"`
	// Params are parameters of Prometheus' requests, as in {module: http_2xx}. They
	// override the preset's.
	Params map[string]string `json:"params,omitempty"`

	// AppMetrics is a port on which the app itself serves metrics.
	AppMetrics *AppMetrics `json:"appMetrics,omitempty"`
	// Monitor is how Prometheus finds the metrics: Service (a port of the Services in
	// front, except of those that are reachable from outside the cluster; if all are, a
	// Service for metrics is added), PodMonitor or ServiceMonitor (objects of the
	// Prometheus operator), Annotations (prometheus.io/... on the pod) or None. Default:
	// Service.
	Monitor Monitor `json:"monitor,omitempty"`
	// MonitorLabels are labels of the PodMonitor or ServiceMonitor, as in {release:
	// prometheus}. Most Prometheus objects select monitors by their labels.
	MonitorLabels map[string]string `json:"monitorLabels,omitempty"`
	// Interval of a PodMonitor or ServiceMonitor, as in 30s. Default: that of Prometheus.
	Interval string `json:"interval,omitempty"`
	// PortName is the name of the metrics port in the pod and in Services. A second
	// exporter in a pod needs another one. Default: http-prometheus.
	PortName string `json:"portName,omitempty"`
}

// ExporterCredentials are variables of an exporter that come from a Secret. They're never
// arguments, which everybody on the node can read.
type ExporterCredentials struct {
	// SecretName is the name of the Secret. Required.
	SecretName string `json:"secretName"`
	// Keys maps each variable to the key of the Secret with its value, as in
	// {REDIS_PASSWORD: password}. mysqld and kafka have no variable for the user's name:
	// write it into args. kafka logs in only with --sasl.enabled in args. Default: the
	// preset's, with the keys username and password, as in Secrets of type
	// kubernetes.io/basic-auth.
	Keys map[string]string `json:"keys,omitempty"`
}

// An ExporterConfig is a configuration file of an exporter.
type ExporterConfig struct {
	// Name of the ConfigMap. Required.
	Name string `json:"name"`
	// Key of the file in the ConfigMap. Default: config.yml.
	Key string `json:"key,omitempty"`
}

// AppMetrics are metrics that the app itself serves.
type AppMetrics struct {
	// Port of the app with the metrics. The app must declare it, since Prometheus looks for
	// declared ports. If another sidecar of the config takes the port over, Prometheus
	// scrapes through that sidecar. Required.
	Port int32 `json:"port"`
	// Path of the metrics. Default: /metrics.
	Path string `json:"path,omitempty"`
	// Params are parameters of Prometheus' requests, as in {format: prometheus}.
	Params map[string]string `json:"params,omitempty"`
}

// A Monitor is how Prometheus finds metrics.
type Monitor string

const (
	ByService        Monitor = "Service"
	ByPodMonitor     Monitor = "PodMonitor"
	ByServiceMonitor Monitor = "ServiceMonitor"
	ByAnnotations    Monitor = "Annotations"
	ByNone           Monitor = "None"
)

var _ sidecar.Pattern = (*Exporter)(nil)

// Change adds the exporter, and what makes Prometheus scrape it.
func (p *Exporter) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	c := &sidecar.Change{Phase: sidecar.PhaseExporter, App: sidecar.App{Env: p.appEnv()}}
	if p.runsExporter() {
		p.addExporter(w, c)
	}
	p.addScraping(w, c)
	if p.monitorKind() != ByNone {
		c.Scraped = p.scrapedPorts(w)
	}
	return c, nil
}

// DefaultPlacement is beside for an exporter that ends if its app isn't running yet: a native sidecar starts before
// the app.
func (p *Exporter) DefaultPlacement() sidecar.Placement {
	if p.knownPreset().EndsWithoutApp {
		return sidecar.Beside
	}
	return sidecar.Native
}

// runsExporter reports whether an exporter runs; otherwise only the app's own metrics are
// scraped.
func (p *Exporter) runsExporter() bool { return p.Preset != "" || p.Image != "" }

func (p *Exporter) monitorKind() Monitor {
	if p.Monitor == "" {
		return ByService
	}
	return p.Monitor
}

// metricsPort returns the port on which the exporter listens.
func (p *Exporter) metricsPort() int32 { return cmp.Or(p.MetricsPort, p.knownPreset().MetricsPort) }

// appPort returns the app's port, or 0 if it isn't known.
func (p *Exporter) appPort() int32 { return cmp.Or(p.Port, p.knownPreset().Port) }

func (p *Exporter) portName() string { return cmp.Or(p.PortName, "http-prometheus") }
