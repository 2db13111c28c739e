package logtail

import (
	"fmt"
	"slices"
	"strconv"
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
		pattern.CheckEnum("fluentBit.parser.format", format, fs, "json", "regex", "logfmt", "ltsv")
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
		pattern.CheckPort("fluentBit.healthPort", f.HealthPort, "", fs)
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
		pattern.CheckEnvVar(at, e, fs)
		pattern.CheckDuplicate(at+".name", e.Name, seen, fs)
		if e.ValueFrom == nil && holdsSecret(strings.ToLower(e.Name), e.Value) {
			fs.Add(sidecar.Error, "secret-inline", at+".value",
				"is a secret, and would be in plain text in the config and in the pod",
				"keep it in a Secret: valueFrom: {secretKeyRef: {name: ..., key: ...}}")
		}
	}
}

// checkFluentBit finds variables that are nobody's, and Secrets and ConfigMaps of the input that
// lack what is to be read.
func (f *FluentBit) checkFluentBit(w *sidecar.Workload, fs *sidecar.Findings) {
	if f == nil {
		return
	}
	known := []string{"HOSTNAME"} // of every container
	env := f.Env
	if w.Override != nil {
		env = slices.Concat(env, w.Override.Env)
	}
	for _, e := range env {
		known = append(known, e.Name)
	}
	look := func(at string, list ...Settings) {
		for _, s := range list {
			for _, name := range s.variableNames() {
				if !slices.Contains(known, name) {
					fs.Add(sidecar.Error, "env-missing", at, "nothing sets the variable "+strconv.Quote(name),
						"write it into fluentBit.env")
				}
			}
		}
	}
	look("fluentBit.parser", f.Parser)
	look("fluentBit.input", f.Input)
	look("fluentBit.filters", f.Filters...)
	look("fluentBit.outputs", f.Outputs...)
	for i, e := range f.Env {
		at := fmt.Sprintf("fluentBit.env[%d]", i)
		if e.ValueFrom == nil {
			continue
		}
		if s := e.ValueFrom.SecretKeyRef; s != nil {
			if keys, there := w.Secrets[s.Name]; there && !slices.Contains(keys, s.Key) {
				fs.Add(sidecar.Error, "secret-key", at,
					fmt.Sprintf("Secret %s has no key %s (it has %s)", s.Name, s.Key, pattern.JoinSorted(keys)),
					"name one that has the key, or set key")
			}
		}
		if m := e.ValueFrom.ConfigMapKeyRef; m != nil {
			if c := w.ConfigMap(m.Name); c != nil && !slices.Contains(c.Keys, m.Key) {
				fs.Add(sidecar.Error, "configmap-key", at,
					fmt.Sprintf("ConfigMap %s has no key %s (it has %s)", m.Name, m.Key, pattern.JoinSorted(c.Keys)),
					"name one that has the key, or set key")
			}
		}
	}
}
