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

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// FluentBit parses log files and ships them. Its sections have the form of fluent-bit's
// manual. The list of files, the positions in them and the kubelet's health check are
// added. ${NAME} in a value is the variable of that name.
type FluentBit struct {
	// Parser turns lines into records, as in {format: json, time_key: time, time_format:
	// "%Y-%m-%dT%H:%M:%S.%L"}. Formats are json, regex, logfmt and ltsv. Default: no
	// parser, so each line is the field log of a record.
	Parser Settings `json:"parser,omitempty"`
	// Input are more properties of the input tail, for all files, as in {multiline.parser:
	// java}.
	Input Settings `json:"input,omitempty"`
	// Filters change or drop records, in this order. Each has a name.
	Filters []Settings `json:"filters,omitempty"`
	// Outputs are where the records go. Each has a name, and the tags that it matches, by
	// default all. The tag of a file's records is its name, as in app for app.log. Records
	// that can't be delivered are sent again 30 times, for a quarter of an hour on average,
	// and then dropped; retry_limit sets another number.
	Outputs []Settings `json:"outputs" config:"nonempty"`
	// Env are the variables of the container. Take secrets from a Secret.
	Env []corev1.EnvVar `json:"env,omitempty"`
	// HealthPort is the port of the pod's IPv4 address on which the kubelet checks that
	// fluent-bit runs. Default: 2020.
	HealthPort int32 `json:"healthPort,omitempty"`
}

const (
	fluentKey  = "fluent-bit.yaml"
	fluentDir  = "/etc/outrigger/fluent-bit" // of its configuration
	stateDir   = "/state"                    // of its positions in the files
	stateLimit = "64Mi"

	defaultFluentPort = 2020
	fluentBuffer      = "8M" // per file: when it's full, fluent-bit stops reading, and loses nothing

	// By fluent-bit's own defaults, records are dropped after one retry (src/flb_output.c at v5.1.1),
	// and retries may be 2000 seconds apart. Without a limit, records that a server always refuses
	// would fill the buffer, and reading would stop for good. The n-th retry comes after 5 to
	// min(fluentRetryCap, 5 * 2^n) seconds (backoff_full_jitter in src/flb_scheduler.c).
	//
	// The buffer is in memory, since one of files would lose more: while an output is away, its chunks
	// don't count as being in use (flb_task_retry_create in src/flb_task.c puts them down), so reading
	// never stops, and the oldest are dropped although their lines are still in the log files.
	fluentRetries  = "30"
	fluentRetryCap = "60"
)

// fluentSize: about 20 MiB, and a few buffers.
var fluentSize = pattern.Size{CPU: "10m", Memory: "32Mi", MaxMemory: "128Mi", FixedCPU: "100m"}

// fluentOwn are properties of the input that outrigger writes.
var fluentOwn = []string{"name", "path", "tag", "exclude_path", "read_from_head", "db", "parser"}

// fluentBit adds the container. The probe requests the version of fluent-bit. The state of
// its outputs doesn't count, since a restart wouldn't repair them. There is no startup or
// readiness probe, as the app doesn't wait for logs.
func (p *LogTail) fluentBit(w *sidecar.Workload, at logPlace, c *sidecar.Change, files map[string]string) {
	f := p.FluentBit
	files[fluentKey] = f.renderConf(p, w, at)
	config := pattern.ConfigMapVolume(pattern.VolumeName(w, "config"), w.ObjectName())
	config.ConfigMap.Items = []corev1.KeyToPath{{Key: fluentKey, Path: fluentKey}}
	state := corev1.Volume{Name: pattern.VolumeName(w, "state"), VolumeSource: corev1.VolumeSource{
		EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: new(resource.MustParse(stateLimit))}}}
	c.Volumes = append(c.Volumes, config, state)
	c.Dials = f.outputServers()
	ctr := corev1.Container{
		Name:      w.Name,
		Image:     w.Pulled(pattern.FluentBitImage.Ref),
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
		LivenessProbe:   pattern.NewHTTPProbe("/", f.healthPort(), 20, 3),
		SecurityContext: pattern.RestrictedSecurityContext(p.findUser(w, pattern.FluentBitImage)),
	}
	// The app still writes its last lines, and the image has no shell.
	if w.Placement == sidecar.Beside && w.Kubernetes.AtLeast(1, 30) {
		ctr.Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: besideDrain}}}
	}
	c.Containers = []corev1.Container{ctr}
}

func (f *FluentBit) healthPort() int32 { return cmp.Or(f.HealthPort, defaultFluentPort) }

// fluentConf is the configuration, written as JSON, which is YAML too.
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
		"http_server", "on", "http_listen", "0.0.0.0", "http_port", strconv.Itoa(int(f.healthPort())),
		"scheduler.cap", fluentRetryCap)
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
	for i, out := range c.Pipeline.Outputs {
		c.Pipeline.Outputs[i] = out.withDefault("retry_limit", fluentRetries)
	}
	if f.Parser != nil && multiline { // an input can't have both: lines are joined first
		key, _ := f.Input.findSetting("key")
		c.Pipeline.Filters = slices.Insert(c.Pipeline.Filters, 0,
			set("name", "parser", "match", "*", "key_name", cmp.Or(key, "log"), "parser", "lines", "reserve_data", "on"))
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(c); err != nil {
		panic(fmt.Sprintf("fluent-bit: %v", err)) // texts and numbers can always be encoded
	}
	return b.String()
}
