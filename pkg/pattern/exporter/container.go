package exporter

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

const exporterDir = "/etc/outrigger/exporter" // of the configuration file

// exporterSize: an idle exporter takes 10 to 20 MiB, and a scrape needs a little more.
var exporterSize = pattern.Size{CPU: "10m", Memory: "32Mi", MaxMemory: "128Mi", FixedCPU: "100m"}

// addExporter adds the exporter's container.
//
// It has no startup probe. As a native sidecar it starts before the app, and many exporters
// open their port only when the app has answered or they have given up, so the app would
// wait for that. It has no readiness probe either, since missing metrics are no reason to
// take the app out of its Services. The liveness probe requests the page at /, as each
// request for the metrics makes a request to the app.
func (p *Exporter) addExporter(w *sidecar.Workload, c *sidecar.Change) {
	known, fill := p.knownPreset(), p.newFiller(w)
	user := known.presetImage()
	user.Ref = cmp.Or(p.Image, w.Pulled(user.Ref))
	if p.RunAsUser != nil {
		user.UID = *p.RunAsUser
	}
	if p.RunAsGroup != nil {
		user.GID = *p.RunAsGroup
	}
	out := corev1.Container{
		Name:            w.Name,
		Image:           user.Ref,
		Args:            p.exporterArgs(fill),
		Ports:           []corev1.ContainerPort{{Name: p.portName(), ContainerPort: p.metricsPort()}},
		Env:             p.exporterEnv(fill),
		Resources:       exporterSize.Resources(w),
		LivenessProbe:   p.livenessProbe(),
		SecurityContext: pattern.RestrictedSecurityContext(user),
	}
	if p.ConfigMap != nil {
		v := pattern.ConfigMapVolume(pattern.VolumeName(w, "config"), p.ConfigMap.Name)
		v.ConfigMap.Items = []corev1.KeyToPath{{Key: p.ConfigMap.fileKey(), Path: p.ConfigMap.fileKey()}}
		c.Volumes = append(c.Volumes, v)
		out.VolumeMounts = []corev1.VolumeMount{{Name: v.Name, MountPath: exporterDir, ReadOnly: true}}
	}
	c.Containers = []corev1.Container{out}
	c.Dials = pattern.DialsByURL(&out) // an exporter may be told to read another server than the app
	if known.Receives {
		for _, protocol := range []corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP} {
			c.Claims = append(c.Claims,
				sidecar.Claim{Port: p.appPort(), Protocol: protocol, For: "exporter " + w.Name + ", on 127.0.0.1"})
		}
	}
}

func (e *ExporterConfig) fileKey() string { return cmp.Or(e.Key, "config.yml") }

// newFiller returns a function that replaces {port} and the other placeholders. It doesn't
// replace placeholders in values that it has inserted.
func (p *Exporter) newFiller(w *sidecar.Workload) func(string) string {
	port := p.appPort()
	if port != 0 && !p.knownPreset().Receives {
		port = w.LoopbackPort(port)
	}
	config := p.knownPreset().DefaultConfig
	if p.ConfigMap != nil {
		config = exporterDir + "/" + p.ConfigMap.fileKey()
	}
	uri := pattern.ExpandPort(p.appURI(), port)
	return strings.NewReplacer("{uri}", uri, "{port}", strconv.Itoa(int(port)), "{metricsPort}",
		strconv.Itoa(int(p.metricsPort())), "{config}", config).Replace
}

// appURI returns how the exporter reaches the app, with {port}.
func (p *Exporter) appURI() string {
	known := p.knownPreset()
	if p.URI == "" && p.TLS && known.TLS != nil {
		return known.TLS.URI
	}
	return cmp.Or(p.URI, known.URI)
}

// exporterArgs returns the arguments of the preset, then those of the user.
func (p *Exporter) exporterArgs(fill func(string) string) []string {
	known := p.knownPreset()
	args := slices.Clone(known.Args)
	if p.TLS && p.URI == "" && known.TLS != nil {
		args = append(args, known.TLS.Args...)
	}
	if p.ConfigMap != nil || known.DefaultConfig != "" {
		args = append(args, known.ConfigArgs...)
	}
	if p.listensElsewhere() && known.Listen != "" {
		args = append(args, known.Listen)
	}
	args = slices.DeleteFunc(args, func(a string) bool {
		return slices.ContainsFunc(p.Args, func(own string) bool {
			return flagName(own) != "" && flagName(own) == flagName(a)
		})
	})
	args = slices.Concat(args, p.Args, known.Last)
	for i := range args {
		args[i] = fill(args[i])
	}
	return args
}

// listensElsewhere reports whether the exporter must listen on another port than its
// default.
func (p *Exporter) listensElsewhere() bool {
	return p.MetricsPort != 0 && p.MetricsPort != p.knownPreset().MetricsPort
}

// flagName returns the name of a flag with one or two dashes, or "" if the argument isn't a
// flag.
func flagName(arg string) string {
	name, _, _ := strings.Cut(arg, "=")
	if !strings.HasPrefix(name, "-") {
		return ""
	}
	return strings.TrimLeft(name, "-")
}

// exporterEnv returns the credentials first, so that other variables can refer to them.
func (p *Exporter) exporterEnv(fill func(string) string) []corev1.EnvVar {
	var out []corev1.EnvVar
	keys := p.credentialKeys()
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		out = append(out, pattern.SecretEnvVar(name, p.Credentials.SecretName, keys[name]))
	}
	known, values := p.knownPreset(), map[string]string{}
	maps.Copy(values, known.Env)
	if p.TLS && p.URI == "" && known.TLS != nil {
		maps.Copy(values, known.TLS.Env)
	}
	if p.ConfigMap != nil {
		maps.Copy(values, known.ConfigEnv)
	}
	if p.listensElsewhere() {
		maps.Copy(values, known.ListenEnv)
	}
	maps.Copy(values, p.Env)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		out = append(out, corev1.EnvVar{Name: name, Value: fill(values[name])})
	}
	return out
}

// credentialKeys maps variables to keys of the Secret.
func (p *Exporter) credentialKeys() map[string]string {
	switch {
	case p.Credentials == nil:
		return nil
	case len(p.Credentials.Keys) > 0:
		return p.Credentials.Keys
	}
	return p.knownPreset().Credentials
}

// appEnv returns variables of the app, which replace those in the manifest.
func (p *Exporter) appEnv() []sidecar.EnvVar {
	var env []sidecar.EnvVar
	for _, name := range slices.Sorted(maps.Keys(p.AppEnv)) {
		value := pattern.ExpandPort(p.AppEnv[name], p.appPort())
		env = append(env, sidecar.EnvVar{EnvVar: corev1.EnvVar{Name: name, Value: value}, Replace: true})
	}
	return env
}

func (p *Exporter) livenessProbe() *corev1.Probe {
	secured := slices.ContainsFunc(p.Args, func(a string) bool { // TLS or passwords, which a kubelet lacks
		return flagName(a) == "web.config.file"
	})
	if p.knownPreset().TCPProbe || secured {
		return pattern.NewTCPProbe(p.metricsPort(), 20, 3)
	}
	return pattern.NewHTTPProbe("/", p.metricsPort(), 20, 3)
}
