package exporter

import (
	"bytes"
	_ "embed" // for the presets
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
)

// An exporterPreset is what is known of an exporter, or why there is none.
type exporterPreset struct {
	Name    string   `json:"name"`
	Aliases []string `json:"aliases"`
	Source  string   `json:"source"` // where this is known from

	// The program. The numbers of its user are from the Dockerfile beside source: most
	// images name their user by a word, or not at all.
	Image       *pattern.Image    `json:"image"`
	MetricsPort int32             `json:"metricsPort"`
	Listen      string            `json:"listen"`    // the argument for another metricsPort
	ListenEnv   map[string]string `json:"listenEnv"` // or the variables
	TCPProbe    bool              `json:"tcpProbe"`  // it has no page at /

	// How it reaches the app.
	Port     int32             `json:"port"`   // the app's usual one
	Status   bool              `json:"status"` // it's for a page of the app's own, which manifests often don't declare
	Receives bool              `json:"receives"`
	URI      string            `json:"uri"`
	Args     []string          `json:"args"`
	Last     []string          `json:"last"` // arguments that must be the last ones
	Env      map[string]string `json:"env"`
	TLS      *exporterTLS      `json:"tls"` // nil: it's not known how

	// What it needs.
	Credentials   map[string]string `json:"credentials"` // keys of a Secret, by variable
	Secrets       []string          `json:"secrets"`     // all variables that it logs in with
	Needs         []string          `json:"needs"`       // those that it can't do without
	ConfigArgs    []string          `json:"configArgs"`
	ConfigEnv     map[string]string `json:"configEnv"`
	DefaultConfig string            `json:"defaultConfig"` // that of the image
	NeedsConfig   bool              `json:"needsConfig"`

	// How it's scraped.
	Path   string            `json:"path"`
	Params map[string]string `json:"params"`

	OncePerCluster bool     `json:"oncePerCluster"` // each one tells the same
	ClusterArgs    []string `json:"clusterArgs"`    // with one of these too
	EndsWithoutApp bool     `json:"endsWithoutApp"` // it ends where the app isn't there yet
	Note           string   `json:"note"`           // what the app must do
	Refuse         string   `json:"refuse"`         // why there is no exporter, and the way out
	Native         *native  `json:"native"`         // the system has metrics of its own
}

// exporterTLS is what is otherwise where the app speaks TLS.
type exporterTLS struct {
	URI  string            `json:"uri"`
	Args []string          `json:"args"`
	Env  map[string]string `json:"env"`
}

// native are metrics that a system has itself.
type native struct {
	Port   int32             `json:"port"`
	Path   string            `json:"path"`
	Params map[string]string `json:"params"`
	Enable string            `json:"enable"`
}

//go:embed presets.json
var exporterPresetsText []byte

// exporterPresets are all, by name.
var exporterPresets = sync.OnceValue(func() map[string]*exporterPreset {
	var list []*exporterPreset
	d := json.NewDecoder(bytes.NewReader(exporterPresetsText))
	d.DisallowUnknownFields()
	if err := d.Decode(&list); err != nil {
		panic(fmt.Sprintf("presets.json: %v", err)) // it's ours
	}
	out := map[string]*exporterPreset{}
	for _, p := range list {
		for _, name := range append(p.Aliases, p.Name) {
			out[name] = p
		}
	}
	return out
})

// knownPreset is the one that is asked for; one that knows nothing where there is none.
func (p *Exporter) knownPreset() *exporterPreset {
	if known := exporterPresets()[p.Preset]; known != nil {
		return known
	}
	return &exporterPreset{TCPProbe: true}
}

// presetImage returns the preset's image, or one without a reference for an exporter that
// the config spells out.
func (p *exporterPreset) presetImage() pattern.Image {
	if p.Image != nil {
		return *p.Image
	}
	return pattern.Image{UID: 65534, GID: 65534}
}

// Images returns the images of all presets, in the order of their names.
func Images() []pattern.Image {
	var out []pattern.Image
	for _, name := range PresetNames() {
		out = append(out, *exporterPresets()[name].Image)
	}
	return out
}

// PresetNames are those of all presets that run an exporter, in order.
func PresetNames() []string {
	return selectPresets(func(p *exporterPreset) bool { return p.Image != nil })
}

// ConfiguredPresetNames are those of the presets that read a configuration, in order.
func ConfiguredPresetNames() []string {
	return selectPresets(func(p *exporterPreset) bool { return p.ConfigArgs != nil || p.ConfigEnv != nil })
}

func selectPresets(fits func(*exporterPreset) bool) []string {
	names := map[string]bool{}
	for _, p := range exporterPresets() {
		if fits(p) {
			names[p.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}
