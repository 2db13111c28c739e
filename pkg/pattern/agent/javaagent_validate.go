package agent

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Validate finds errors in the entry alone.
func (p *JavaAgent) Validate() sidecar.Findings {
	var fs sidecar.Findings
	pattern.ValidateEnum("preset", p.Preset, &fs, AgentOpenTelemetry, AgentJMX)
	if p.Image == "" && p.Preset != AgentOpenTelemetry {
		hint := "name the image with the agent's jar, and the path there, or write preset: opentelemetry"
		if p.Preset == AgentJMX {
			hint = "jmx_exporter has none of its own: name one with the jar of jmx_prometheus_javaagent, and the path there"
		}
		fs.Add(sidecar.Error, "missing-field", "image", "the image is missing", hint)
	} else if p.Image != "" && p.Path == "" {
		fs.Add(sidecar.Error, "missing-field", "path", "the path of the jar in the image is missing",
			"write its path, as in /javaagent.jar")
	}
	pattern.ValidateImageName("image", p.Image, &fs)
	pattern.ValidateFilePath("path", p.Path, "/javaagent.jar", &fs)
	if strings.ContainsAny(p.Options, " \t\r\n\v\f\x00\"'") {
		fs.Add(sidecar.Error, "bad-value", "options", "has blanks or quotes, at which the JVM would split them",
			"write them without blanks and quotes")
	}
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		if pattern.ValidateEnvName("env", name, &fs); name == javaToolOpts {
			fs.Add(sidecar.Error, "bad-value", "env", "the agent itself is loaded through "+javaToolOpts,
				"write other options of the JVM into the manifest")
		}
	}
	p.validateOpenTelemetry(&fs)
	p.validateJMX(&fs)
	return fs
}

func (p *JavaAgent) validateOpenTelemetry(fs *sidecar.Findings) {
	if p.Preset != AgentOpenTelemetry {
		if p.ServiceName != "" {
			pattern.RefuseField("serviceName", "it's for preset opentelemetry", fs)
		}
		if p.Endpoint != "" {
			pattern.RefuseField("endpoint", "it's for preset opentelemetry", fs)
		}
		return
	}
	if u, err := url.Parse(p.Endpoint); p.Endpoint != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" ||
		u.Host == "") {
		fs.Add(sidecar.Error, "bad-value", "endpoint", "isn't a valid URL", "write one like http://127.0.0.1:4318")
	}
	for _, f := range []struct{ value, name string }{{p.ServiceName, serviceName}, {p.Endpoint, otlpEndpoint}} {
		if _, twice := p.Env[f.name]; twice && f.value != "" {
			fs.Add(sidecar.Error, "bad-value", "env", "the field for "+f.name+" is set too", "remove one of them")
		}
	}
}

func (p *JavaAgent) validateJMX(fs *sidecar.Findings) {
	if p.Preset != AgentJMX {
		if p.Port != 0 {
			pattern.RefuseField("port", "it's for preset jmx", fs)
		}
		if p.ConfigMapName != "" {
			pattern.RefuseField("configMapName", "it's for preset jmx", fs)
		}
		if p.Key != "" {
			pattern.RefuseField("key", "it's for preset jmx", fs)
		}
		return
	}
	if p.Options != "" {
		pattern.RefuseField("options", "preset jmx has only a port and a config", fs)
	}
	if p.Port != 0 {
		pattern.ValidatePort("port", p.Port, "", fs)
	}
	if p.ConfigMapName == "" {
		fs.Add(sidecar.Error, "missing-field", "configMapName", "the config of what to export is missing",
			"name the ConfigMap with the config of jmx_exporter")
	} else {
		pattern.ValidateObjectName("configMapName", p.ConfigMapName, fs)
	}
	pattern.ValidateKey("key", p.Key, fs)
}
