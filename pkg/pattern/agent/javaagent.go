package agent

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// JavaAgent loads an agent into the app's JVM. The agent's jar comes from an image into a
// volume that the app mounts read-only, and JAVA_TOOL_OPTIONS names it. Every JVM in the
// container loads the agent, including tools like jcmd, and reports it on stderr.
type JavaAgent struct {
	// Preset is a known agent: opentelemetry (with its own image) or jmx (Prometheus'
	// jmx_exporter, which has no image, with port and configMapName). Without a preset,
	// image and path name the agent.
	Preset JavaAgentPreset `json:"preset,omitempty"`
	// Image that contains the agent's jar. Required without opentelemetry.
	Image string `json:"image,omitempty"`
	// Path of the jar in the image. Required with image.
	Path string `json:"path,omitempty"`
	// ImageVolume mounts the image as a volume. Otherwise, the image's own cp copies the
	// jar. It needs spec.kubernetesVersion 1.36 or newer. Default: false.
	ImageVolume bool `json:"imageVolume,omitempty"`
	// Options of the agent, as in -javaagent:agent.jar=options.
	Options string `json:"options,omitempty"`
	// Env are variables that configure the agent, as in {OTEL_METRICS_EXPORTER: none}.
	// They're set in the app's container.
	Env map[string]string `json:"env,omitempty"`

	// ServiceName is the app's name in opentelemetry (OTEL_SERVICE_NAME). Default: the
	// agent's own choice, such as the name of the app's jar.
	ServiceName string `json:"serviceName,omitempty"`
	// Endpoint is where opentelemetry sends its data, as in http://127.0.0.1:4318. Default:
	// the app's variable OTEL_EXPORTER_OTLP_ENDPOINT, which a pattern otelAgent sets too.
	Endpoint string `json:"endpoint,omitempty"`

	// Port on which jmx serves metrics. Default: 9404.
	Port int32 `json:"port,omitempty"`
	// ConfigMapName is the ConfigMap with the config of jmx. Required for jmx.
	ConfigMapName string `json:"configMapName,omitempty"`
	// Key of the config in the ConfigMap. Default: config.yaml.
	Key string `json:"key,omitempty"`
}

// A JavaAgentPreset is a known agent.
type JavaAgentPreset string

const (
	AgentOpenTelemetry JavaAgentPreset = "opentelemetry"
	AgentJMX           JavaAgentPreset = "jmx"
)

var _ sidecar.Pattern = (*JavaAgent)(nil)

const (
	agentJar     = "/javaagent.jar"  // in the opentelemetry image
	agentsDir    = "/opt/outrigger/" // each agent has a folder here
	agentConfigs = "/etc/outrigger/" // each config has a folder here
	jmxPort      = 9404              // the port in its documentation
	jmxConfig    = "config.yaml"     // key and file
	serviceName  = "OTEL_SERVICE_NAME"
	javaToolOpts = "JAVA_TOOL_OPTIONS"
	otlpEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT"
)

// Change copies the jar before any container of the app's image runs: init containers with
// its variables load the agent too.
func (p *JavaAgent) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	ref, jar := cmp.Or(p.Image, w.Pulled(pattern.JavaAgentImage.Ref)), cmp.Or(p.Path, agentJar)
	name, dir := pattern.VolumeName(w, "jar"), agentsDir+w.Name
	c := &sidecar.Change{Phase: sidecar.PhaseFetch, Dials: pattern.DialsOf(p.Endpoint)}
	at := path.Join(dir, "agent.jar")
	if p.ImageVolume {
		at = path.Join(dir, jar)
		c.Volumes = []corev1.Volume{pattern.ImageVolume(name, ref)}
	} else {
		c.Volumes = []corev1.Volume{pattern.CopiesVolume(name)}
		c.InitContainers = []corev1.Container{pattern.NewCopier(w, w.Name, ref, "", jar, at, name)}
	}
	c.App.VolumeMounts = []corev1.VolumeMount{{Name: name, MountPath: dir, ReadOnly: true}}
	option := "-javaagent:" + at
	if options := p.addOptions(w, c); options != "" {
		option += "=" + options
	}
	c.App.Env = append([]sidecar.EnvVar{{EnvVar: corev1.EnvVar{Name: javaToolOpts, Value: option}, AppendWith: " "}},
		p.agentEnv()...)
	if p.Preset == AgentOpenTelemetry && !strings.Contains(p.Options, "otel.") {
		c.NeedsEnv = []sidecar.EnvNeed{endpointNeed()}
	}
	return c, nil
}

// endpointNeed says that the agent must know where to send its data: by default it sends to port 4318 of localhost, or
// 4317 with gRPC, and logs an error for each failure (opentelemetry.io/docs/languages/sdk-configuration/otlp-exporter).
func endpointNeed() sidecar.EnvNeed {
	return sidecar.EnvNeed{
		Names: []string{otlpEndpoint, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_TRACES_EXPORTER", "OTEL_SDK_DISABLED",
			"OTEL_JAVAAGENT_ENABLED", "OTEL_JAVAAGENT_CONFIGURATION_FILE", "OTEL_CONFIG_FILE",
			"OTEL_EXPERIMENTAL_CONFIG_FILE"},
		Or: "-Dotel.", Ports: []int32{4317, 4318},
		Finding: sidecar.Finding{Severity: sidecar.Warning, Code: "endpoint-missing",
			Message: "nothing says where the agent sends its data, so it tries localhost:4318 and logs errors",
			Hint: "write endpoint into javaAgent, as in http://collector.telemetry:4318, or add an otelAgent, or set " +
				otlpEndpoint + " in the manifest"},
	}
}

// addOptions returns the agent's options. The config of jmx_exporter is a file, which it
// reads again after a change.
func (p *JavaAgent) addOptions(w *sidecar.Workload, c *sidecar.Change) string {
	if p.Preset != AgentJMX {
		return p.Options
	}
	name, dir, key := pattern.VolumeName(w, "config"), agentConfigs+w.Name, cmp.Or(p.Key, jmxConfig)
	config := pattern.ConfigMapVolume(name, p.ConfigMapName)
	config.ConfigMap.Items = []corev1.KeyToPath{{Key: key, Path: jmxConfig}}
	c.Volumes = append(c.Volumes, config)
	c.App.VolumeMounts = append(c.App.VolumeMounts, corev1.VolumeMount{Name: name, MountPath: dir, ReadOnly: true})
	c.Claims = []sidecar.Claim{{Port: p.metricsPort(), For: "agent " + w.Name}}
	c.Scraped = []int32{p.metricsPort()}
	return strconv.Itoa(int(p.metricsPort())) + ":" + path.Join(dir, jmxConfig)
}

func (p *JavaAgent) metricsPort() int32 {
	if p.Port == 0 {
		return jmxPort
	}
	return p.Port
}

func (p *JavaAgent) agentEnv() []sidecar.EnvVar {
	env := maps.Clone(p.Env)
	if env == nil {
		env = map[string]string{}
	}
	if p.ServiceName != "" {
		env[serviceName] = p.ServiceName
	}
	if p.Endpoint != "" {
		env[otlpEndpoint] = p.Endpoint
	}
	var out []sidecar.EnvVar
	for _, name := range slices.Sorted(maps.Keys(env)) {
		out = append(out, sidecar.EnvVar{EnvVar: corev1.EnvVar{Name: name, Value: env[name]}})
	}
	return out
}
