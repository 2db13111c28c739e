package logtail

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// FluentBit parses log files and ships them. Its parts are written in its own words,
// as its manual has them; what files there are, where it has got to, and what the
// kubelet asks is written for it. ${NAME} in a value is the variable of that name.
type FluentBit struct {
	// Parser makes records of lines, as in {format: json, time_key: time, time_format:
	// "%Y-%m-%dT%H:%M:%S.%L"}; the formats are json, regex, logfmt and ltsv. Default:
	// none, a line is the record's log.
	Parser Settings `json:"parser,omitempty"`
	// Input has more properties of the input tail, for all files, as in
	// {multiline.parser: java}.
	Input Settings `json:"input,omitempty"`
	// Filters change records or leave them out, in this order. Each has its name.
	Filters []Settings `json:"filters,omitempty"`
	// Outputs are where the records go. Each has its name, and what it matches: by
	// default all. The tag of a file's records is its name, as app of app.log.
	Outputs []Settings `json:"outputs" config:"nonempty"`
	// Env are the variables of the container. Those of secrets come from a Secret.
	Env []corev1.EnvVar `json:"env,omitempty"`
	// HealthPort is where the kubelet sees that it runs, on the pod's IPv4 address.
	// Default: 2020.
	HealthPort int32 `json:"healthPort,omitempty"`
}

const (
	fluentKey  = "fluent-bit.yaml"
	fluentDir  = "/etc/outrigger/fluent-bit" // where its configuration is
	stateDir   = "/state"                    // where it remembers what it has read
	stateLimit = "64Mi"

	defaultFluentPort = 2020
	fluentBuffer      = "8M" // per file: it stops reading, and loses nothing, while nobody takes what it has
)

// fluentSize: some 20 MiB, and a few buffers.
var fluentSize = pattern.Size{CPU: "10m", Memory: "32Mi", MaxMemory: "128Mi", FixedCPU: "100m"}

// fluentOwn are properties of the input that are written for it.
var fluentOwn = []string{"name", "path", "tag", "exclude_path", "read_from_head", "db", "parser"}

// fluentBit adds one. The probe asks it for its version, never whether its outputs
// work: that they don't is no reason to restart it. There is neither a startup nor a
// readiness probe: the app waits for no log.
func (p *LogTail) fluentBit(w *sidecar.Workload, at logPlace, c *sidecar.Change, files map[string]string) {
	f := p.FluentBit
	files[fluentKey] = f.renderConf(p, w, at)
	config := pattern.ConfigMapVolume(pattern.VolumeName(w, "config"), w.ObjectName())
	config.ConfigMap.Items = []corev1.KeyToPath{{Key: fluentKey, Path: fluentKey}}
	state := corev1.Volume{Name: pattern.VolumeName(w, "state"), VolumeSource: corev1.VolumeSource{
		EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: new(resource.MustParse(stateLimit))}}}
	c.Volumes = append(c.Volumes, config, state)
	ctr := corev1.Container{
		Name:      w.Name,
		Image:     pattern.FluentBitImage.Ref,
		Command:   []string{"/fluent-bit/bin/fluent-bit"},
		Args:      []string{"-c", fluentDir + "/" + fluentKey},
		Env:       slices.Concat(at.env, f.Env),
		Ports:     []corev1.ContainerPort{{ContainerPort: f.healthPort()}},
		Resources: fluentSize.Resources(w),
		VolumeMounts: []corev1.VolumeMount{
			at.mount,
			{Name: config.Name, MountPath: fluentDir, ReadOnly: true},
			{Name: state.Name, MountPath: stateDir},
		},
		LivenessProbe: &corev1.Probe{
			ProbeHandler: corev1.ProbeHandler{
				HTTPGet: &corev1.HTTPGetAction{Path: "/", Port: intstr.FromInt32(f.healthPort())}},
			PeriodSeconds: 20, FailureThreshold: 3,
		},
		SecurityContext: pattern.RestrictedSecurityContext(p.findUser(w, pattern.FluentBitImage)),
	}
	// the app has its last lines to write, and the image no shell
	if w.Placement == sidecar.Beside && w.Kubernetes.AtLeast(1, 30) {
		ctr.Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: besideDrain}}}
	}
	c.Containers = []corev1.Container{ctr}
}

func (f *FluentBit) healthPort() int32 { return cmp.Or(f.HealthPort, defaultFluentPort) }

// fluentConf is the configuration: JSON is YAML.
type fluentConf struct {
	Service  Settings   `json:"service"`
	Parsers  []Settings `json:"parsers,omitempty"`
	Pipeline struct {
		Inputs  []Settings `json:"inputs"`
		Filters []Settings `json:"filters,omitempty"`
		Outputs []Settings `json:"outputs"`
	} `json:"pipeline"`
}

func (f *FluentBit) renderConf(p *LogTail, w *sidecar.Workload, at logPlace) string {
	set := func(pairs ...string) (s Settings) {
		for i := 0; i < len(pairs); i += 2 {
			s = append(s, Setting{Key: pairs[i], Values: []any{pairs[i+1]}})
		}
		return s
	}
	var c fluentConf
	c.Service = set("flush", "1", "grace", "5", "log_level", "warn", "hot_reload", "off",
		"http_server", "on", "http_listen", "0.0.0.0", "http_port", strconv.Itoa(int(f.healthPort())))
	_, multiline := f.Input.findSetting("multiline.parser")
	for i, stem := range fileStems(p.Files) {
		in := set("name", "tail", "tag", stem, "path", path.Join(at.dir, p.Files[i]), "exclude_path",
			"*.gz,*.bz2,*.xz,*.zst,*.zip",
			"read_from_head", strconv.FormatBool(p.startOf(w, at) == FromStart), "db", path.Join(stateDir, stem+".db"))
		for _, s := range set("refresh_interval", "5", "mem_buf_limit", fluentBuffer, "skip_long_lines", "on") {
			if _, there := f.Input.findSetting(s.Key); !there {
				in = append(in, s)
			}
		}
		if f.Parser != nil && !multiline {
			in = append(in, set("parser", "lines")...)
		}
		c.Pipeline.Inputs = append(c.Pipeline.Inputs, append(in, f.Input...))
	}
	if f.Parser != nil {
		c.Parsers = []Settings{append(set("name", "lines"), f.Parser...)}
	}
	matched := func(list []Settings) (out []Settings) {
		for _, s := range list {
			if _, there := s.findSetting("match_regex"); !there {
				s = s.withDefault("match", "*")
			}
			out = append(out, s)
		}
		return out
	}
	c.Pipeline.Filters, c.Pipeline.Outputs = matched(f.Filters), matched(f.Outputs)
	if f.Parser != nil && multiline { // an input has either; lines are joined first
		key, _ := f.Input.findSetting("key")
		c.Pipeline.Filters = slices.Insert(c.Pipeline.Filters, 0,
			set("name", "parser", "match", "*", "key_name", cmp.Or(key, "log"), "parser", "lines", "reserve_data", "on"))
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(c); err != nil {
		panic(fmt.Sprintf("fluent-bit: %v", err)) // it's made of texts and numbers
	}
	return b.String()
}
