package config

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/config/field"
	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/agent"
	"github.com/outrigger-dev/outrigger/pkg/pattern/exporter"
	"github.com/outrigger-dev/outrigger/pkg/pattern/logtail"
	"github.com/outrigger-dev/outrigger/pkg/pattern/migrate"
	"github.com/outrigger-dev/outrigger/pkg/pattern/proxy"
	"github.com/outrigger-dev/outrigger/pkg/pattern/step"
	"github.com/outrigger-dev/outrigger/pkg/pattern/tunnel"
	"github.com/outrigger-dev/outrigger/pkg/pattern/vault"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// An Entry adds one pattern. Exactly one of the patterns' fields is set. The other
// fields are common to all patterns.
type Entry struct {
	// Name of the container, from which the names of all objects made for it are
	// built. Each entry has its own. Default: the pattern's key in kebab-case, as in
	// tls-proxy.
	Name string `json:"name,omitempty"`
	// App is the container that is served, or a list of them, or "*" for all
	// containers of the manifest except init containers, which must be named. An
	// entry that takes over ports serves only the container that declares them.
	// Default: the container that the annotation
	// kubectl.kubernetes.io/default-container names, or else the first.
	App Names `json:"app,omitempty"`
	// Placement of long-running containers: native (an init container with
	// restartPolicy Always: it starts before the app, stops after it, and lets a
	// Job end) or beside (an ordinary container). An exporter that ends if its app
	// isn't running yet, such as that of kafka, is beside unless native is written.
	// Default: native.
	Placement sidecar.Placement `json:"placement,omitempty"`
	// Unfit says what happens to workloads that the pattern isn't for, such as pods on
	// the node's network, on Windows, or without a port or labels: fail or skip. Each
	// skip is reported with its reason. Default: fail.
	Unfit Unfit `json:"unfit,omitempty"`
	// Required makes it an error if a selected workload doesn't get this entry, for
	// any reason. It contradicts unfit: skip. Default: false.
	Required bool `json:"required,omitempty"`
	// After are init containers and native sidecars, generated ones or the
	// manifest's, that start before this one.
	After []string `json:"after,omitempty"`
	// Before are init containers and native sidecars, generated ones or the
	// manifest's, that start after this one.
	Before []string `json:"before,omitempty"`
	// Override changes the generated container: it's a container with only the fields
	// to change, such as image, resources, env and securityContext. Lists are merged
	// by their keys. If a limit is set here, a higher request is lowered to it, and if
	// a request is set, a lower limit is raised. If an entry adds several containers,
	// it changes the one with the entry's name, or, if there is none, all whose names
	// begin with it. Its requests and limits reach the others, too, such as an init
	// container or the login of oidc, where they have none of that resource. A field
	// that is null is removed, as runAsUser in securityContext: {runAsUser: null},
	// which OpenShift needs.
	Override *corev1.Container `json:"override,omitempty" config:"partial"`
	// Removed are the fields that are null in Override.
	Removed sidecar.Nulls `json:"-"`

	// TLSProxy (ambassador) terminates TLS in the pod in front of a plain app.
	TLSProxy *proxy.TLSProxy `json:"tlsProxy,omitempty"`
	// AuthProxy (ambassador) authenticates every request before the app sees it: JWT,
	// Google IAP, OIDC login or basic auth.
	AuthProxy *proxy.AuthProxy `json:"authProxy,omitempty"`
	// Tunnel (ambassador) gives the app a local plain port that reaches an external
	// server through verified TLS.
	Tunnel *tunnel.Tunnel `json:"tunnel,omitempty"`
	// Exporter (adapter) adds a Prometheus exporter to the app, from a catalogue of
	// presets or spelled out, and makes Prometheus scrape it.
	Exporter *exporter.Exporter `json:"exporter,omitempty"`
	// LogTail (sidecar) streams log files of the app to stdout, or ships them with fluent-bit.
	LogTail *logtail.LogTail `json:"logTail,omitempty"`
	// ConfigReload (sidecar) watches ConfigMaps and Secrets that the app mounts, and makes it
	// reload with an HTTP request or a signal.
	ConfigReload *agent.ConfigReload `json:"configReload,omitempty"`
	// Vault (sidecar or init) fetches secrets from HashiCorp Vault or OpenBao into files, once
	// or continuously.
	Vault *vault.Vault `json:"vault,omitempty"`
	// RedisCache (sidecar) adds a cache for the pod alone: Valkey, Redis or memcached on
	// loopback, with a memory limit and no disk.
	RedisCache *agent.RedisCache `json:"redisCache,omitempty"`
	// Sysctl (init) sets kernel settings: those of the pod in its securityContext, those of
	// the node with a short privileged container that only raises them.
	Sysctl *step.Sysctl `json:"sysctl,omitempty"`
	// Permissions (init) lets the app's user write to volumes: with fsGroup, or with chown if
	// that isn't enough.
	Permissions *step.Permissions `json:"permissions,omitempty"`
	// Migrate (init) brings a database up to date before the app starts.
	Migrate *migrate.Migrate `json:"migrate,omitempty"`
	// Fetch (init) downloads a large file from HTTPS, S3, Google or Azure storage into a
	// volume, with checksum and atomic rename, and from HTTPS with resume.
	Fetch *step.Fetch `json:"fetch,omitempty"`
	// WaitFor (init) waits until addresses and URLs answer.
	WaitFor *step.WaitFor `json:"waitFor,omitempty"`
	// GitSync (sidecar or init) keeps a Git repository in a volume, or fetches it once.
	GitSync *agent.GitSync `json:"gitSync,omitempty"`
	// OTelAgent (sidecar) adds an OpenTelemetry collector to the pod, and connects the app to it.
	OTelAgent *agent.OTelAgent `json:"otelAgent,omitempty"`
	// JavaAgent (init) copies a Java agent into the pod and makes the JVM load it.
	JavaAgent *agent.JavaAgent `json:"javaAgent,omitempty"`
	// Custom (any) adds what it spells out in plain YAML: containers, volumes,
	// env and mounts of the app, ports, objects. Every other pattern expands to it.
	Custom *pattern.Custom `json:"custom,omitempty"`

	document *Spec // which the entry is from; nil but in a joined document
}

// MarshalJSON writes an entry as it's read, with null for what its override removes. encoding/json looks at all types
// that a value may have in it before it writes any, and for all patterns that takes longer than a small run. So it only
// gets the fields that are set.
func (e Entry) MarshalJSON() ([]byte, error) {
	var fields []reflect.StructField
	var set []reflect.Value
	add := func(name, tag string, v reflect.Value) {
		fields = append(fields, reflect.StructField{Name: name, Type: v.Type(), Tag: reflect.StructTag(tag)})
		set = append(set, v)
	}
	nulls := e.Override != nil && len(e.Removed) > 0
	for f, v := range reflect.ValueOf(e).Fields() {
		if f.IsExported() && !v.IsZero() && !(nulls && f.Name == "Override") {
			add(f.Name, string(f.Tag), v)
		}
	}
	if nulls {
		over, err := sidecar.EncodeOverride(*e.Override, e.Removed)
		if err != nil {
			return nil, err
		}
		add("Override", `json:"override"`, reflect.ValueOf(over))
	}
	lean := reflect.New(reflect.StructOf(fields)).Elem()
	for i, v := range set {
		lean.Field(i).Set(v)
	}
	return json.Marshal(lean.Interface())
}

// Unfit says what happens to workloads that a pattern isn't for.
type Unfit string

const (
	UnfitFail Unfit = "fail"
	UnfitSkip Unfit = "skip"
)

// Names are written as a list, or as one name.
type Names []string

// MarshalJSON writes one name without a list.
func (n Names) MarshalJSON() ([]byte, error) {
	if len(n) == 1 {
		return json.Marshal(n[0])
	}
	return json.Marshal([]string(n))
}

// Every is the App that means all containers of the manifest.
const Every = "*"

// MaySkip reports whether a selected workload may opt out of the entry.
func (s *Spec) MaySkip(e *Entry) bool { return s.Of(e).Skips != SkipsForbidden && !e.Required }

// Pattern returns the entry's pattern, or nil.
func (e *Entry) Pattern() sidecar.Pattern {
	for _, p := range e.listPatterns() {
		return p.pattern
	}
	return nil
}

// Key returns the field of the entry's pattern, such as "tlsProxy", or "".
func (e *Entry) Key() string {
	for _, p := range e.listPatterns() {
		return p.key
	}
	return ""
}

// Fill sets what the entry says about the sidecar in a view of a workload.
func (e *Entry) Fill(w *sidecar.Workload) {
	w.Name, w.Placement, w.Override, w.Removed = e.Name, e.Placement, e.Override.DeepCopy(), e.Removed
}

// PatternKeys returns the fields of patterns, of which an entry has exactly one.
func PatternKeys() []string {
	return field.Names(patternFields())
}

// patternFields returns the fields of an entry that are patterns. They're computed once, as each workload needs them
// several times.
var patternFields = sync.OnceValue(func() []field.Field {
	return slices.DeleteFunc(field.Of(reflect.TypeFor[Entry]()), func(f field.Field) bool {
		return !f.Type.Implements(reflect.TypeFor[sidecar.Pattern]())
	})
})

// keyed is a pattern under its key.
type keyed struct {
	key     string
	pattern sidecar.Pattern
}

// listPatterns returns the patterns that are set: one in a valid entry.
func (e *Entry) listPatterns() []keyed {
	var set []keyed
	v := reflect.ValueOf(e).Elem()
	for _, f := range patternFields() {
		if field := v.FieldByIndex(f.Index); !field.IsNil() {
			set = append(set, keyed{f.Name, field.Interface().(sidecar.Pattern)})
		}
	}
	return set
}

func (e *Entry) setDefaults() {
	if e.Name == "" {
		e.Name = kebabCase(e.Key())
	}
	if e.Placement == "" {
		e.Placement = e.defaultPlacement()
	}
}

func (e *Entry) defaultPlacement() sidecar.Placement {
	if p, ok := e.Pattern().(sidecar.Placer); ok {
		return p.DefaultPlacement()
	}
	return sidecar.Native
}

// listProxies returns the proxies that the entry has in front of an app.
func (e *Entry) listProxies() (out []*proxy.Base) {
	if e.TLSProxy != nil {
		out = append(out, &e.TLSProxy.Base)
	}
	if e.AuthProxy != nil {
		out = append(out, &e.AuthProxy.Base)
	}
	return out
}

// kebabCase writes tlsProxy as tls-proxy.
func kebabCase(key string) string {
	var b strings.Builder
	for _, r := range key {
		if unicode.IsUpper(r) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
