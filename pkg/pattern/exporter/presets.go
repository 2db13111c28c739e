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

// An exporterPreset is an exporter of the catalogue, or the reason why there is none.
type exporterPreset struct {
	Name    string   `json:"name"`
	Aliases []string `json:"aliases"`
	Source  string   `json:"source"` // of each fact here

	// The program. The user's numbers are from the Dockerfile beside source: most images name
	// their user by a word, or not at all.
	Image       *pattern.Image    `json:"image"`
	MetricsPort int32             `json:"metricsPort"`
	Listen      string            `json:"listen"`    // argument for another metricsPort
	ListenEnv   map[string]string `json:"listenEnv"` // or the variables
	TCPProbe    bool              `json:"tcpProbe"`  // there is no page at /

	// How it reaches the app.
	Port     int32             `json:"port"`   // usual port of the app
	Status   bool              `json:"status"` // the port is for a status page, and manifests often don't declare it
	Receives bool              `json:"receives"`
	URI      string            `json:"uri"`
	Args     []string          `json:"args"`
	Last     []string          `json:"last"` // arguments that must be the last ones
	Env      map[string]string `json:"env"`
	TLS      *exporterTLS      `json:"tls"` // nil: unknown

	// What it needs.
	Credentials   map[string]string `json:"credentials"` // keys of a Secret, by variable
	Secrets       []string          `json:"secrets"`     // all variables with credentials
	UserArg       string            `json:"userArg"`     // the argument with the user's name, where no variable has it
	LoginArgs     []string          `json:"loginArgs"`   // without the first, credentials have no effect; "..." is a value
	Needs         []string          `json:"needs"`       // the required ones of these
	ConfigArgs    []string          `json:"configArgs"`
	ConfigEnv     map[string]string `json:"configEnv"`
	DefaultConfig string            `json:"defaultConfig"` // file in the image
	NeedsConfig   bool              `json:"needsConfig"`

	// How it's scraped.
	Path   string            `json:"path"`
	Params map[string]string `json:"params"`

	OncePerCluster bool     `json:"oncePerCluster"` // each instance reports the whole cluster
	ClusterArgs    []string `json:"clusterArgs"`    // with one of these, each instance does so too
	EndsWithoutApp bool     `json:"endsWithoutApp"` // it exits if the app isn't running yet
	Note           string   `json:"note"`           // what the app needs
	Refuse         string   `json:"refuse"`         // "why there is no exporter: what to do instead"
	Native         *native  `json:"native"`         // the system serves metrics itself
}

// exporterTLS holds what differs if the app uses TLS.
type exporterTLS struct {
	URI  string            `json:"uri"`
	Args []string          `json:"args"`
	Env  map[string]string `json:"env"`
}

// native are metrics that a system serves itself.
type native struct {
	Port   int32             `json:"port"`
	Path   string            `json:"path"`
	Params map[string]string `json:"params"`
	Enable string            `json:"enable"`
}

//go:embed presets.json
var exporterPresetsText []byte

// exporterPresets maps names and aliases to presets.
var exporterPresets = sync.OnceValue(func() map[string]*exporterPreset {
	var list []*exporterPreset
	d := json.NewDecoder(bytes.NewReader(exporterPresetsText))
	d.DisallowUnknownFields()
	if err := d.Decode(&list); err != nil {
		panic(fmt.Sprintf("presets.json: %v", err)) // a mistake of ours
	}
	out := map[string]*exporterPreset{}
	for _, p := range list {
		for _, name := range append(p.Aliases, p.Name) {
			out[name] = p
		}
	}
	return out
})

// knownPreset returns the configured preset, or an empty one for an exporter that is
// spelled out.
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

// PresetNames returns the names of all presets with an exporter, sorted.
func PresetNames() []string {
	return selectPresets(func(p *exporterPreset) bool { return p.Image != nil })
}

// ConfiguredPresetNames returns the names of the presets that read a configuration, sorted.
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

// ImagesOf returns the image of an entry's preset, unless the entry names another one.
func ImagesOf(p *Exporter) []pattern.Image {
	if i := p.knownPreset().Image; i != nil && p.Image == "" {
		return []pattern.Image{*i}
	}
	return nil
}
