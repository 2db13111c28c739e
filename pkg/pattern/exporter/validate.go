package exporter

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/outrigger-dev/outrigger/pkg/nearest"
	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Validate finds errors in the entry alone.
func (p *Exporter) Validate() sidecar.Findings {
	var fs sidecar.Findings
	switch {
	case p.Preset != "" && !p.validatePreset(&fs):
		return fs // the other fields depend on the preset
	case p.Preset != "" && p.Image != "":
		fs.Add(sidecar.Error, "bad-value", "image", "the preset has an image already",
			"write another image as override.image, or remove preset")
	case !p.runsExporter() && p.AppMetrics == nil:
		fs.Add(sidecar.Error, "missing-field", "preset", "nothing to scrape is configured",
			"write preset, as in redis, or image and metricsPort, or appMetrics: {port: ...} for metrics of the app itself")
		return fs
	case !p.runsExporter():
		p.validateAlone(&fs)
		p.validateMonitor(&fs)
		return fs
	}
	p.validatePorts(&fs)
	p.validateTexts(&fs)
	p.validateCredentials(&fs)
	p.validateConfig(&fs)
	p.validateMonitor(&fs)
	validateUser("runAsUser", p.RunAsUser, &fs)
	validateUser("runAsGroup", p.RunAsGroup, &fs)
	return fs
}

func validateUser(field string, id *int64, fs *sidecar.Findings) {
	if id != nil && (*id < 1 || *id > 1<<31-1) {
		fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("the exporter can't run as %d", *id),
			"write 1 or more: an exporter doesn't need root")
	}
}

// validatePreset finds presets without an exporter.
func (p *Exporter) validatePreset(fs *sidecar.Findings) bool {
	known := exporterPresets()[p.Preset]
	switch {
	case known == nil:
		names := slices.Sorted(maps.Keys(exporterPresets()))
		hint := "write one of " + strings.Join(names, ", ") + ", or spell an exporter out with image and metricsPort"
		if near := nearest.Name(p.Preset, names); near != "" {
			hint = "did you mean " + near
		}
		fs.Add(sidecar.Error, "preset-unknown", "preset", fmt.Sprintf("%q is unknown", p.Preset), hint)
	case known.Native != nil:
		fs.Add(sidecar.Error, "preset-refused", "preset", known.Name+" has metrics of its own, and needs no exporter",
			known.Native.nativeHint())
	case known.Refuse != "":
		why, hint, _ := strings.Cut(known.Refuse, ": ")
		fs.Add(sidecar.Error, "preset-refused", "preset", known.Name+": "+why, hint)
	default:
		return true
	}
	return false
}

// nativeHint returns how to turn the metrics on, and how to scrape them.
func (n *native) nativeHint() string {
	write := fmt.Sprintf("port: %d", n.Port)
	if n.Path != "" {
		write += ", path: " + n.Path
	}
	for name, value := range n.Params {
		write += fmt.Sprintf(", params: {%s: %s}", name, value)
	}
	return fmt.Sprintf("%s, then write exporter: {appMetrics: {%s}} in place of the preset", n.Enable, write)
}

// validateAlone finds fields of an exporter where only appMetrics is written.
func (p *Exporter) validateAlone(fs *sidecar.Findings) {
	for _, f := range []struct {
		field string
		set   bool
	}{
		{"port", p.Port != 0},
		{"uri", p.URI != ""},
		{"tls", p.TLS},
		{"credentials", p.Credentials != nil},
		{"configMap", p.ConfigMap != nil},
		{"env", len(p.Env) > 0},
		{"args", len(p.Args) > 0},
		{"appEnv", len(p.AppEnv) > 0},
		{"runAsUser", p.RunAsUser != nil},
		{"runAsGroup", p.RunAsGroup != nil},
		{"metricsPort", p.MetricsPort != 0},
		{"path", p.Path != ""},
		{"params", len(p.Params) > 0},
	} {
		if f.set {
			pattern.RefuseField(f.field, "there is no exporter, only appMetrics", fs)
		}
	}
}

func (p *Exporter) validatePorts(fs *sidecar.Findings) {
	known := p.knownPreset()
	if p.Port != 0 {
		pattern.ValidatePort("port", p.Port, "", fs)
	}
	pattern.ValidatePort("metricsPort", p.metricsPort(), "write the port on which the exporter listens", fs)
	if p.metricsPort() < 1024 && p.metricsPort() > 0 {
		fs.Add(sidecar.Error, "bad-value", "metricsPort",
			fmt.Sprintf("port %d needs root, and the exporter doesn't run as root", p.metricsPort()), "write 1024 or more")
	}
	if p.metricsPort() == p.appPort() && p.metricsPort() != 0 {
		fs.Add(sidecar.Error, "bad-value", "metricsPort", fmt.Sprintf("%d is the app's port", p.metricsPort()),
			"write another one")
	}
	if p.appPort() == 0 && strings.Contains(p.writtenTexts(), "{port}") {
		fs.Add(sidecar.Error, "missing-field", "port", "the app's port is missing", "write the app's port, or uri")
	}
	if p.Port != 0 && p.Preset != "" && !strings.Contains(p.writtenTexts(), "{port}") {
		pattern.RefuseField("port", "no argument or variable of the exporter has {port}", fs)
	}
	if p.URI != "" && p.Preset != "" && known.URI == "" {
		pattern.RefuseField("uri", "the exporter of "+known.Name+" takes none", fs)
	}
	if p.TLS && (known.TLS == nil || p.URI != "") {
		pattern.RefuseField("tls", "it's for presets that know how to reach an app with TLS", fs)
	}
}

// writtenTexts returns all configured texts of the exporter and of its scrapes, with
// placeholders.
func (p *Exporter) writtenTexts() string {
	known := p.knownPreset()
	words := slices.Concat([]string{p.appURI()}, known.Args, p.Args, slices.Collect(maps.Values(known.Env)),
		slices.Collect(maps.Values(p.Env)), slices.Collect(maps.Values(p.AppEnv)), slices.Collect(maps.Values(p.Params)))
	return strings.Join(words, "\n")
}

// secretWord matches names of variables and flags whose value is nearly always secret. A
// name of a file with a secret ends otherwise.
var secretWord = pattern.LazyRegexp(`(?i)(passw(or)?d|pass|pwd|secret|token|api[._-]?key|connection[._-]?string)$`)

// userInfo matches a password in a URL. A value with a variable isn't one.
var userInfo = pattern.LazyRegexp(`://[^/@\s]*:[^/@\s]+@`)

// validateTexts finds secrets, and texts that the exporter can't use. Messages don't show
// values, which may be secret.
func (p *Exporter) validateTexts(fs *sidecar.Findings) {
	const hint = "put it into a Secret, and name that in credentials"
	secret := func(field, what string) {
		fs.Add(sidecar.Error, "secret-inline", field, what+" is in plain text in the config", hint)
	}
	expanded := func(field, text string) {
		for _, env := range slices.Sorted(maps.Keys(p.credentialKeys())) {
			if strings.Contains(text, "$("+env+")") {
				fs.Add(sidecar.Error, "secret-inline", field,
					"it would contain the value of "+env+", and everybody on the node can read arguments",
					"let the exporter read the variable itself")
			}
		}
	}
	expanded("uri", p.URI)
	if userInfo().MatchString(p.URI) {
		secret("uri", "a password")
	}
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		pattern.ValidateEnvName("env", name, fs)
		if value := p.Env[name]; secretWord().MatchString(name) && value != "" ||
			userInfo().MatchString(value) && !strings.Contains(value, "$(") {
			secret("env."+name, "what may be a password")
		}
		if _, twice := p.credentialKeys()[name]; twice {
			fs.Add(sidecar.Error, "bad-value", "env."+name, "credentials set it too", "remove one of them")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.AppEnv)) {
		pattern.ValidateEnvName("appEnv", name, fs)
	}
	for i, arg := range p.Args {
		field := fmt.Sprintf("args[%d]", i)
		name, value, together := strings.Cut(arg, "=")
		hasValue := value != ""
		if !together { // the value is the next argument
			hasValue = i+1 < len(p.Args) && flagName(p.Args[i+1]) == ""
		}
		if userInfo().MatchString(arg) || flagName(arg) != "" && secretWord().MatchString(name) && hasValue {
			secret(field, "what may be a password")
		}
		expanded(field, arg)
	}
}

func (p *Exporter) validateCredentials(fs *sidecar.Findings) {
	known, keys := p.knownPreset(), p.credentialKeys()
	for _, name := range known.Needs {
		if _, env := p.Env[name]; !env && keys[name] == "" {
			fs.Add(sidecar.Error, "missing-field", "credentials",
				fmt.Sprintf("the exporter of %s needs %s", known.Name, name),
				fmt.Sprintf("write credentials: {secretName: ..., keys: {%s: ...}}", name))
		}
	}
	if p.Credentials == nil {
		return
	}
	if p.Credentials.SecretName == "" {
		fs.Add(sidecar.Error, "missing-field", "credentials.secretName", "no Secret is named", "name the one that has them")
	} else {
		pattern.ValidateObjectName("credentials.secretName", p.Credentials.SecretName, fs)
	}
	if len(keys) == 0 {
		fs.Add(sidecar.Error, "missing-field", "credentials.keys", "no variable is named",
			"write keys: {VARIABLE: key of the Secret}")
	}
	if len(known.LoginArgs) > 0 && !p.hasFlag(known.LoginArgs[0]) {
		fs.Add(sidecar.Error, "credentials-unused", "credentials",
			fmt.Sprintf("the exporter of %s doesn't log in without %s", known.Name, known.LoginArgs[0]),
			"write args: ["+strings.Join(known.LoginArgs, ", ")+"]")
	}
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		pattern.ValidateEnvName("credentials.keys", name, fs)
		if keys[name] == "" {
			fs.Add(sidecar.Error, "missing-field", "credentials.keys."+name, "no key is named", "write the key of the Secret")
		}
		pattern.ValidateKey("credentials.keys."+name, keys[name], fs)
		if len(known.Secrets) > 0 && !slices.Contains(known.Secrets, name) {
			fs.Add(sidecar.Warning, "credentials-unknown", "credentials.keys."+name,
				"the exporter of "+known.Name+" isn't known to read it", "it reads "+strings.Join(known.Secrets, ", "))
		}
	}
}

// hasFlag reports whether the user's arguments have a flag.
func (p *Exporter) hasFlag(flag string) bool {
	return slices.ContainsFunc(p.Args, func(arg string) bool {
		return flagName(arg) != "" && flagName(arg) == flagName(flag)
	})
}

func (p *Exporter) validateConfig(fs *sidecar.Findings) {
	known := p.knownPreset()
	reads := len(known.ConfigArgs)+len(known.ConfigEnv) > 0
	switch {
	case p.ConfigMap == nil && known.NeedsConfig:
		fs.Add(sidecar.Error, "missing-field", "configMap",
			"the exporter of "+known.Name+" needs a configuration",
			"write configMap: {name: ...} with its config.yml")
	case p.ConfigMap == nil:
	case p.Preset != "" && !reads && !strings.Contains(p.writtenTexts(), "{config}"):
		pattern.RefuseField("configMap", "the exporter of "+known.Name+" doesn't read one", fs)
	case p.ConfigMap.Name == "":
		fs.Add(sidecar.Error, "missing-field", "configMap.name", "no ConfigMap is named",
			"name the one that has the configuration")
	default:
		pattern.ValidateObjectName("configMap.name", p.ConfigMap.Name, fs)
		pattern.ValidateKey("configMap.key", p.ConfigMap.Key, fs)
	}
}

// validateMonitor finds what Prometheus can't be told.
func (p *Exporter) validateMonitor(fs *sidecar.Findings) {
	pattern.ValidateEnum("monitor", p.Monitor, fs, ByService, ByPodMonitor, ByServiceMonitor, ByAnnotations, ByNone)
	if n := p.PortName; n != "" && len(validation.IsValidPortName(n)) > 0 {
		fs.Add(sidecar.Error, "bad-value", "portName", fmt.Sprintf("%q can't be the name of a port", n),
			"use at most 15 lower case letters, digits and single dashes")
	}
	if p.AppMetrics != nil && p.runsExporter() && p.portName() == "http-metrics" {
		fs.Add(sidecar.Error, "bad-value", "portName", "http-metrics is the port of the app's own metrics",
			"write another one")
	}
	validateScrape("", p.Path, p.Params, fs)
	if m := p.AppMetrics; m != nil {
		pattern.ValidatePort("appMetrics.port", m.Port, "write the port on which the app has metrics", fs)
		if p.runsExporter() && m.Port == p.metricsPort() {
			fs.Add(sidecar.Error, "bad-value", "appMetrics.port", fmt.Sprintf("%d is the exporter's port", m.Port),
				"write the app's")
		}
		validateScrape("appMetrics.", m.Path, m.Params, fs)
	}
	operator := p.Monitor == ByPodMonitor || p.Monitor == ByServiceMonitor
	if p.Interval != "" && !operator {
		pattern.RefuseField("interval", "only a PodMonitor or ServiceMonitor has one", fs)
	} else if p.Interval != "" &&
		(!promDuration().MatchString(p.Interval) || !strings.ContainsAny(p.Interval, "123456789")) {
		fs.Add(sidecar.Error, "bad-value", "interval", fmt.Sprintf("%q isn't a valid duration", p.Interval),
			"write one like 30s or 1m")
	}
	if len(p.MonitorLabels) > 0 && !operator {
		pattern.RefuseField("monitorLabels", "only a PodMonitor or ServiceMonitor has them", fs)
	}
	for _, name := range slices.Sorted(maps.Keys(p.MonitorLabels)) {
		if len(validation.IsQualifiedName(name)) > 0 || len(validation.IsValidLabelValue(p.MonitorLabels[name])) > 0 {
			fs.Add(sidecar.Error, "bad-value", "monitorLabels", fmt.Sprintf("%q with its value isn't a valid label", name),
				"write it like release: prometheus")
		}
	}
	if p.Monitor == ByAnnotations && p.runsExporter() && p.AppMetrics != nil {
		fs.Add(sidecar.Error, "scrape-ports", "monitor", "annotations name one port, and there are two with metrics",
			"write monitor: PodMonitor, or give one of them an entry with monitor: None")
	}
}

func validateScrape(at, path string, params map[string]string, fs *sidecar.Findings) {
	if path != "" && !promPath().MatchString(path) {
		fs.Add(sidecar.Error, "bad-value", at+"path", fmt.Sprintf("%q isn't a valid path", path),
			"write one like /metrics, and put what follows a ? into params")
	}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if !promParam().MatchString(name) {
			fs.Add(sidecar.Error, "bad-value", at+"params", fmt.Sprintf("%q isn't a valid parameter name", name),
				"use letters, digits, _, -, dots and brackets")
		}
	}
}
