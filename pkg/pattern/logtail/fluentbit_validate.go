package logtail

import (
	"fmt"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

func (f *FluentBit) validateFluentBit(fs *sidecar.Findings) {
	if f == nil {
		return
	}
	if f.Parser != nil {
		f.Parser.validateSettings("fluentBit.parser", []string{"name"}, fs)
		format, _ := f.Parser.findSetting("format")
		pattern.ValidateEnum("fluentBit.parser.format", format, fs, "json", "regex", "logfmt", "ltsv")
		if _, regex := f.Parser.findSetting("regex"); format == "" || format == "regex" && !regex {
			fs.Add(sidecar.Error, "missing-field", "fluentBit.parser", "the format of the lines is missing",
				"write format, and regex beside format: regex")
		}
	}
	f.Input.validateSettings("fluentBit.input", fluentOwn, fs)
	if len(f.Outputs) == 0 {
		fs.Add(sidecar.Error, "missing-field", "fluentBit.outputs", "no output is configured",
			"write at least one, as in {name: stdout, format: json_lines}")
	}
	plugins := func(field string, list []Settings) {
		for i, s := range list {
			at := fmt.Sprintf("fluentBit.%s[%d]", field, i)
			if name, _ := s.findSetting("name"); !fluentName(name) {
				fs.Add(sidecar.Error, "missing-field", at+".name", "no plugin is named",
					"write the name of a plugin from fluent-bit's manual")
			}
			s.validateSettings(at, nil, fs)
		}
	}
	plugins("filters", f.Filters)
	plugins("outputs", f.Outputs)
	f.validateEnv(fs)
	if f.HealthPort != 0 {
		pattern.ValidatePort("fluentBit.healthPort", f.HealthPort, "", fs)
		if f.HealthPort > 0 && f.HealthPort < 1024 {
			fs.Add(sidecar.Error, "bad-value", "fluentBit.healthPort",
				fmt.Sprintf("port %d needs root, and fluent-bit doesn't run as root", f.HealthPort), "write 1024 or more")
		}
	}
}

var fluentNameForm = pattern.LazyRegexp(`^[A-Za-z0-9_-]+$`)

func fluentName(s string) bool { return fluentNameForm().MatchString(s) }

func (f *FluentBit) validateEnv(fs *sidecar.Findings) {
	seen := map[string]bool{}
	for i, e := range f.Env {
		at := fmt.Sprintf("fluentBit.env[%d]", i)
		pattern.ValidateEnvVar(at, e, fs)
		pattern.RefuseDuplicate(at+".name", e.Name, seen, fs)
		if e.ValueFrom == nil && holdsSecret(strings.ToLower(e.Name), e.Value) {
			fs.Add(sidecar.Error, "secret-inline", at+".value",
				"is a secret, and would be in plain text in the config and in the pod",
				"keep it in a Secret: valueFrom: {secretKeyRef: {name: ..., key: ...}}")
		}
	}
}
