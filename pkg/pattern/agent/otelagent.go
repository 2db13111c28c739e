package agent

import (
	"cmp"
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// OTelAgent is an OpenTelemetry collector for one pod. The app sends its traces, metrics
// and logs to 127.0.0.1 without waiting. The collector adds the name of the pod and sends
// them on in batches, with retries.
type OTelAgent struct {
	// Endpoint is where the collector sends everything with OTLP, as in
	// https://otel.example.com:4317. http:// means without TLS. Required.
	Endpoint string `json:"endpoint"`
	// Protocol of the endpoint: grpc (usually port 4317) or http (usually port 4318, and a
	// path). Default: grpc.
	Protocol OTLPProtocol `json:"protocol,omitempty"`
	// CA is the authority of the endpoint's certificate. Default: the public authorities in
	// the image.
	CA *pattern.CABundle `json:"ca,omitempty"`
	// Headers are HTTP headers to send: each name with the key of a Secret that has its
	// value. A changed Secret takes effect when the container restarts.
	Headers map[string]HeaderSecret `json:"headers,omitempty"`
	// GRPCPort is the port of 127.0.0.1 that receives gRPC from the app. Default: 4317.
	GRPCPort int32 `json:"grpcPort,omitempty"`
	// HTTPPort is the port of 127.0.0.1 that receives HTTP from the app. Default: 4318.
	HTTPPort int32 `json:"httpPort,omitempty"`
	// HealthPort is the port of the pod's address on which the kubelet checks that the
	// collector runs. Default: 13133.
	HealthPort int32 `json:"healthPort,omitempty"`
	// MetricsPort is a port of the pod's address, named otel-metrics, on which the collector
	// shows metrics of its own to Prometheus, as otelcol_exporter_send_failed_spans and
	// otelcol_receiver_refused_spans: what was lost. The usual one is 8888. Default: none;
	// what it can't deliver is in its log only.
	MetricsPort int32 `json:"metricsPort,omitempty"`
}

// An OTLPProtocol is the transport of OTLP.
type OTLPProtocol string

const (
	OTLPgRPC OTLPProtocol = "grpc"
	OTLPHTTP OTLPProtocol = "http"
)

// A HeaderSecret is the source of a header's value.
type HeaderSecret struct {
	// SecretName is the name of the Secret. Required.
	SecretName string `json:"secretName"`
	// Key of the Secret with the whole value of the header, as in Bearer ... The collector
	// expands ${...} in it as a variable, and $$ to $. Required.
	Key string `json:"key"`
}

var _ sidecar.Pattern = (*OTelAgent)(nil)

const (
	otelDir = "/etc/outrigger/otel" // of the configuration
	otelKey = "config.json"         // JSON is YAML

	otelGRPC   = 4317
	otelHTTP   = 4318
	otelHealth = 13133

	// The variables of OpenTelemetry's SDKs
	// (opentelemetry.io/docs/specs/otel/protocol/exporter).
	otelEndpointVar = "OTEL_EXPORTER_OTLP_ENDPOINT"
	otelProtocolVar = "OTEL_EXPORTER_OTLP_PROTOCOL"
)

// otelSize: about 40 MiB when idle. The rest is for data that waits to be sent.
var otelSize = pattern.Size{CPU: "20m", Memory: "64Mi", MaxMemory: "256Mi", FixedCPU: "250m"}

// Change adds the collector and points the app to it.
func (p *OTelAgent) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	object := w.ObjectName()
	c := &sidecar.Change{
		Phase:      sidecar.PhaseAgent,
		Containers: []corev1.Container{p.newCollector(w)},
		Volumes:    []corev1.Volume{pattern.ConfigMapVolume(pattern.VolumeName(w, "config"), object)},
		App:        sidecar.App{Env: p.sdkEnv(w)},
		Dials:      pattern.DialsOf(p.Endpoint),
		Objects: []sidecar.Object{
			pattern.NewConfigMap(object, map[string]string{otelKey: encodeJSON(p.collectorConf(w))})},
		Claims: []sidecar.Claim{
			{Port: p.grpcPort(), For: "collector " + w.Name + ", on 127.0.0.1"},
			{Port: p.httpPort(), For: "collector " + w.Name + ", on 127.0.0.1"},
		},
	}
	if p.MetricsPort != 0 {
		c.Scraped = []int32{p.MetricsPort}
	}
	if p.CA != nil {
		c.Volumes = append(c.Volumes, p.CA.Volume(pattern.VolumeName(w, "ca")))
	}
	return c, nil
}

// sdkEnv returns variables that point the app's SDK to the collector. The protocol is
// written, since SDKs have different defaults.
func (p *OTelAgent) sdkEnv(w *sidecar.Workload) []sidecar.EnvVar {
	protocol, port := cmp.Or(appProtocol(w), "http/protobuf"), p.httpPort()
	if protocol == "grpc" {
		port = p.grpcPort()
	}
	return sidecar.Vars(
		corev1.EnvVar{Name: otelEndpointVar, Value: "http://" + loopbackAddress(port)},
		corev1.EnvVar{Name: otelProtocolVar, Value: protocol},
	)
}

// appProtocol returns the first protocol that one of the app's containers sets.
func appProtocol(w *sidecar.Workload) string {
	for _, c := range w.ServedApps() {
		for _, e := range c.Env {
			if e.Name == otelProtocolVar && e.Value != "" {
				return e.Value
			}
		}
	}
	return ""
}

// newCollector returns the collector. It's healthy as soon as it listens, even if the
// endpoint doesn't answer, so that the app can start. GOMEMLIMIT is below the memory limit,
// so the garbage collector runs before the container would be killed.
func (p *OTelAgent) newCollector(w *sidecar.Workload) corev1.Container {
	resources := otelSize.Resources(w)
	c := corev1.Container{
		Name:      w.Name,
		Image:     w.Pulled(pattern.OtelCollectorImage.Ref),
		Args:      []string{"--config=" + otelDir + "/" + otelKey},
		Ports:     []corev1.ContainerPort{{ContainerPort: p.healthPort()}},
		Resources: resources,
		Env: []corev1.EnvVar{
			newFieldVar("POD_NAME", "metadata.name"),
			newFieldVar("POD_NAMESPACE", "metadata.namespace"),
			newFieldVar("POD_UID", "metadata.uid"),
			newFieldVar("NODE_NAME", "spec.nodeName"),
			{Name: "GOMEMLIMIT", Value: strconv.FormatInt(memoryLimit(w, resources)*8/10>>20, 10) + "MiB"},
		},
		VolumeMounts:    []corev1.VolumeMount{{Name: pattern.VolumeName(w, "config"), MountPath: otelDir, ReadOnly: true}},
		StartupProbe:    pattern.NewHTTPProbe("/", p.healthPort(), 1, 60),
		LivenessProbe:   pattern.NewHTTPProbe("/", p.healthPort(), 20, 3),
		SecurityContext: pattern.RestrictedSecurityContext(pattern.OtelCollectorImage),
	}
	if p.MetricsPort != 0 {
		c.Ports = append(c.Ports, corev1.ContainerPort{Name: "otel-metrics", ContainerPort: p.MetricsPort})
	}
	for i, name := range p.headerNames() {
		h := p.Headers[name]
		c.Env = append(c.Env, pattern.SecretEnvVar(headerVar(i), h.SecretName, h.Key))
	}
	if p.CA != nil {
		c.VolumeMounts = append(c.VolumeMounts,
			corev1.VolumeMount{Name: pattern.VolumeName(w, "ca"), MountPath: pattern.CADir, ReadOnly: true})
	}
	return c
}

// headerVar returns the variable with the value of a header.
func headerVar(i int) string { return fmt.Sprintf("HEADER_%d", i) }

// newFieldVar returns a variable with the value of a field of the pod.
func newFieldVar(name, path string) corev1.EnvVar {
	return corev1.EnvVar{Name: name,
		ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}}
}

// memoryLimit returns the memory limit that the sidecar's container gets: the override's,
// else the given one.
func memoryLimit(w *sidecar.Workload, given corev1.ResourceRequirements) int64 {
	if w.Override != nil {
		if q, ok := w.Override.Resources.Limits[corev1.ResourceMemory]; ok && !q.IsZero() {
			return q.Value()
		}
	}
	return given.Limits.Memory().Value()
}

func (p *OTelAgent) grpcPort() int32 { return cmp.Or(p.GRPCPort, otelGRPC) }

func (p *OTelAgent) httpPort() int32 { return cmp.Or(p.HTTPPort, otelHTTP) }

func (p *OTelAgent) healthPort() int32 { return cmp.Or(p.HealthPort, otelHealth) }
