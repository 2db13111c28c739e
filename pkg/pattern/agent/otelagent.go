package agent

import (
	"cmp"
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// OTelAgent is an OpenTelemetry collector for one pod: the app hands its traces,
// metrics and logs over on 127.0.0.1 and goes on; the collector says which pod they
// are from, and sends them on in batches, again if need be.
type OTelAgent struct {
	// Endpoint is where all is sent to by OTLP, as in https://otel.example.com:4317;
	// http:// means without TLS. Required.
	Endpoint string `json:"endpoint"`
	// Protocol to the endpoint: grpc (port 4317 mostly) or http (4318 mostly, and a
	// path). Default: grpc.
	Protocol OTLPProtocol `json:"protocol,omitempty"`
	// CA is the authority that the endpoint's certificate must come from. Default: the
	// public authorities that the image knows.
	CA *pattern.CABundle `json:"ca,omitempty"`
	// Headers are sent along, each from a key of a Secret, by the header's name. A
	// changed Secret counts when the container starts anew.
	Headers map[string]HeaderSecret `json:"headers,omitempty"`
	// GRPCPort is where the app is heard by gRPC, on 127.0.0.1. Default: 4317.
	GRPCPort int32 `json:"grpcPort,omitempty"`
	// HTTPPort is where the app is heard by HTTP, on 127.0.0.1. Default: 4318.
	HTTPPort int32 `json:"httpPort,omitempty"`
	// HealthPort is where the kubelet sees, on the pod's address, whether the collector
	// runs. Default: 13133.
	HealthPort int32 `json:"healthPort,omitempty"`
}

// An OTLPProtocol is what carries OTLP.
type OTLPProtocol string

const (
	OTLPgRPC OTLPProtocol = "grpc"
	OTLPHTTP OTLPProtocol = "http"
)

// A HeaderSecret is where the value of a header comes from.
type HeaderSecret struct {
	// SecretName is the Secret. Required.
	SecretName string `json:"secretName"`
	// Key in there, whose value is the whole of the header's, as in Bearer ... The
	// collector takes ${...} in it for a variable, and $$ for $. Required.
	Key string `json:"key"`
}

var _ sidecar.Pattern = (*OTelAgent)(nil)

const (
	otelDir = "/etc/outrigger/otel" // where the configuration is
	otelKey = "config.json"         // JSON is YAML

	otelGRPC   = 4317
	otelHTTP   = 4318
	otelHealth = 13133

	// The variables of OpenTelemetry's SDKs
	// (opentelemetry.io/docs/specs/otel/protocol/exporter).
	otelEndpointVar = "OTEL_EXPORTER_OTLP_ENDPOINT"
	otelProtocolVar = "OTEL_EXPORTER_OTLP_PROTOCOL"
)

// otelSize: some 40 MiB when idle, the rest is what waits to be sent.
var otelSize = pattern.Size{CPU: "20m", Memory: "64Mi", MaxMemory: "256Mi", FixedCPU: "250m"}

// Change adds the collector and leads the app to it.
func (p *OTelAgent) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	object := w.ObjectName()
	c := &sidecar.Change{
		Phase:      sidecar.PhaseAgent,
		Containers: []corev1.Container{p.newCollector(w)},
		Volumes:    []corev1.Volume{pattern.ConfigMapVolume(pattern.VolumeName(w, "config"), object)},
		App:        sidecar.App{Env: p.sdkEnv(w)},
		Objects: []sidecar.Object{
			pattern.NewConfigMap(object, map[string]string{otelKey: encodeJSON(p.collectorConf(w))})},
		Claims: []sidecar.Claim{
			{Port: p.grpcPort(), For: "collector " + w.Name + ", on 127.0.0.1"},
			{Port: p.httpPort(), For: "collector " + w.Name + ", on 127.0.0.1"},
		},
	}
	if p.CA != nil {
		c.Volumes = append(c.Volumes, p.CA.Volume(pattern.VolumeName(w, "ca")))
	}
	return c, nil
}

// sdkEnv tells the app's SDK where the collector is. SDKs differ in the protocol that
// they take for granted, so it's written.
func (p *OTelAgent) sdkEnv(w *sidecar.Workload) []sidecar.EnvVar {
	protocol, port := cmp.Or(spokenBy(w), "http/protobuf"), p.httpPort()
	if protocol == "grpc" {
		port = p.grpcPort()
	}
	return sidecar.Vars(
		corev1.EnvVar{Name: otelEndpointVar, Value: "http://" + loopbackAddress(port)},
		corev1.EnvVar{Name: otelProtocolVar, Value: protocol},
	)
}

// spokenBy is the protocol of the first of the app's containers that says one.
func spokenBy(w *sidecar.Workload) string {
	for _, c := range w.ServedApps() {
		for _, e := range c.Env {
			if e.Name == otelProtocolVar && e.Value != "" {
				return e.Value
			}
		}
	}
	return ""
}

// newCollector is the collector. It's well as soon as it listens, whether or not the
// endpoint answers: what doesn't, keeps no app from starting. What it must not use
// is known to the garbage collector too, so that it cleans up before it's killed.
func (p *OTelAgent) newCollector(w *sidecar.Workload) corev1.Container {
	resources := otelSize.Resources(w)
	c := corev1.Container{
		Name:      w.Name,
		Image:     pattern.OtelCollectorImage.Ref,
		Args:      []string{"--config=" + otelDir + "/" + otelKey},
		Ports:     []corev1.ContainerPort{{ContainerPort: p.healthPort()}},
		Resources: resources,
		Env: []corev1.EnvVar{
			podFieldVar("POD_NAME", "metadata.name"),
			podFieldVar("POD_NAMESPACE", "metadata.namespace"),
			podFieldVar("POD_UID", "metadata.uid"),
			podFieldVar("NODE_NAME", "spec.nodeName"),
			{Name: "GOMEMLIMIT", Value: strconv.FormatInt(memoryLimit(w, resources)*8/10>>20, 10) + "MiB"},
		},
		VolumeMounts:    []corev1.VolumeMount{{Name: pattern.VolumeName(w, "config"), MountPath: otelDir, ReadOnly: true}},
		StartupProbe:    httpProbe(p.healthPort(), 1, 60),
		LivenessProbe:   httpProbe(p.healthPort(), 20, 3),
		SecurityContext: pattern.RestrictedSecurityContext(pattern.OtelCollectorImage),
	}
	for i, name := range p.headerNames() {
		h := p.Headers[name]
		c.Env = append(c.Env, corev1.EnvVar{Name: headerVar(i),
			ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
				LocalObjectReference: corev1.LocalObjectReference{Name: h.SecretName}, Key: h.Key}}})
	}
	if p.CA != nil {
		c.VolumeMounts = append(c.VolumeMounts,
			corev1.VolumeMount{Name: pattern.VolumeName(w, "ca"), MountPath: pattern.CADir, ReadOnly: true})
	}
	return c
}

// headerVar is the variable that has the value of a header.
func headerVar(i int) string { return fmt.Sprintf("HEADER_%d", i) }

// podFieldVar is a variable with a field of the pod.
func podFieldVar(name, path string) corev1.EnvVar {
	return corev1.EnvVar{Name: name,
		ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}}
}

// memoryLimit is the limit that the sidecar's container will have: the override's, or
// what we give it.
func memoryLimit(w *sidecar.Workload, given corev1.ResourceRequirements) int64 {
	if w.Override != nil {
		if q, ok := w.Override.Resources.Limits[corev1.ResourceMemory]; ok && !q.IsZero() {
			return q.Value()
		}
	}
	return given.Limits.Memory().Value()
}

// httpProbe asks for / at a port.
func httpProbe(port, period, failures int32) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:     corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/", Port: intstr.FromInt32(port)}},
		PeriodSeconds:    period,
		FailureThreshold: failures,
	}
}

func (p *OTelAgent) grpcPort() int32   { return cmp.Or(p.GRPCPort, otelGRPC) }
func (p *OTelAgent) httpPort() int32   { return cmp.Or(p.HTTPPort, otelHTTP) }
func (p *OTelAgent) healthPort() int32 { return cmp.Or(p.HealthPort, otelHealth) }
