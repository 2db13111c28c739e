package proxy

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A RebindPreset is how a known program is moved to 127.0.0.1. In texts, {port} stands for
// the port to which it moves.
type RebindPreset struct {
	// Name for rebind.preset. Required.
	Name string `json:"name"`
	// Aliases are more names.
	Aliases []string `json:"aliases,omitempty"`
	// Source is where these facts are from.
	Source string `json:"source,omitempty"`
	// Port is the program's usual one.
	Port int32 `json:"port,omitempty"`
	// Env are environment variables to set.
	Env map[string]string `json:"env,omitempty"`
	// Append are variables to which a value is appended.
	Append map[string]AppendedValue `json:"append,omitempty"`
	// Args are arguments to append.
	Args []string `json:"args,omitempty"`
	// ImageCmd are the arguments of the image, for pods without arguments: args in a
	// manifest replace them.
	ImageCmd []string `json:"imageCmd,omitempty"`
	// BareArgs is true if the image's entrypoint adds the program before arguments that
	// begin with -, so pods without arguments need no imageCmd.
	BareArgs bool `json:"bareArgs,omitempty"`
	// Flags are the app's own arguments with the same effect. They would win, or open a
	// second listener.
	Flags []string `json:"flags,omitempty"`
	// BeatenBy are variables that override all of this; NAME* matches all that begin with
	// NAME.
	BeatenBy []string `json:"beatenBy,omitempty"`
	// ByEntrypoint is true if a script of the image reads the variables. A command in the
	// pod skips that script.
	ByEntrypoint bool `json:"byEntrypoint,omitempty"`
	// SetToo are more variables that must be set, with the reason. Of several with |
	// between them, one is enough.
	SetToo map[string]string `json:"setToo,omitempty"`
	// StillPublic describes what stays on all addresses.
	StillPublic string `json:"stillPublic,omitempty"`
	// Refuse is why the program can't be moved this way, and what to do instead.
	Refuse string `json:"refuse,omitempty"`
	// RefuseIf are parts of the app's arguments, and beginnings of its variables as
	// NAME=value, with which it can't be moved. Each has the reason and what to do instead.
	RefuseIf map[string]string `json:"refuseIf,omitempty"`
	// FirstStart is a temporary server that the image starts on an empty volume.
	FirstStart *FirstStart `json:"firstStart,omitempty"`
}

// An AppendedValue is appended to the value of a variable.
type AppendedValue struct {
	// Value to append.
	Value string `json:"value"`
	// With is the separator. Default: a blank.
	With string `json:"with,omitempty"`
	// Image is the value that the image gives the variable.
	Image string `json:"image,omitempty"`
}

// A FirstStart is a temporary server of an image, on a fixed port.
type FirstStart struct {
	// Port on which it listens, regardless of the configuration.
	Port int32 `json:"port"`
	// Env are the variables that make the image start it.
	Env []string `json:"env,omitempty"`
	// Mounts are folders of scripts that make the image start it, too.
	Mounts []string `json:"mounts,omitempty"`
}

//go:embed files/presets.json
var rebindPresetsText []byte

// rebindPresets maps names and aliases to the built-in presets.
var rebindPresets = sync.OnceValue(func() map[string]*RebindPreset {
	var list []*RebindPreset
	d := json.NewDecoder(bytes.NewReader(rebindPresetsText))
	d.DisallowUnknownFields()
	if err := d.Decode(&list); err != nil {
		panic(fmt.Sprintf("presets.json: %v", err)) // a mistake of ours
	}
	out := map[string]*RebindPreset{}
	for _, p := range list {
		for _, name := range append(p.Aliases, p.Name) {
			out[name] = p
		}
	}
	return out
})

// UsePresets adds the presets of spec.rebindPresets.
func (r *Rebind) UsePresets(own []RebindPreset) {
	for i := range own {
		if own[i].Name == r.Preset {
			r.own = &own[i]
		}
	}
}

// findPreset returns the named preset, or nil.
func (r *Rebind) findPreset() *RebindPreset {
	if r.own != nil {
		return r.own
	}
	return rebindPresets()[r.Preset]
}

// rebindEnv returns the variables, sorted by name. Those of the user override the preset's.
func (r *Rebind) rebindEnv(port int32) []sidecar.EnvVar {
	values := map[string]sidecar.EnvVar{}
	if p := r.findPreset(); p != nil {
		for name, value := range p.Env {
			values[name] = sidecar.EnvVar{EnvVar: corev1.EnvVar{Name: name, Value: pattern.ExpandPort(value, port)}}
		}
		for name, a := range p.Append {
			values[name] = sidecar.EnvVar{EnvVar: corev1.EnvVar{Name: name, Value: pattern.ExpandPort(a.Value, port)},
				AppendWith: cmp.Or(a.With, " ")}
		}
	}
	for name, value := range r.Env {
		values[name] = sidecar.EnvVar{EnvVar: corev1.EnvVar{Name: name, Value: value}}
	}
	var env []sidecar.EnvVar
	for _, name := range slices.Sorted(maps.Keys(values)) {
		env = append(env, values[name])
	}
	return env
}

// withImageEnv puts the image's value before an appended one, if the pod doesn't have the
// variable.
func (r *Rebind) withImageEnv(c *corev1.Container, env []sidecar.EnvVar) []sidecar.EnvVar {
	p := r.findPreset()
	if p == nil {
		return env
	}
	for i := range env {
		a, appended := p.Append[env[i].Name]
		has := slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool {
			return e.Name == env[i].Name && e.Value != a.Image+cmp.Or(a.With, " ")+env[i].Value
		})
		if appended && a.Image != "" && !has && env[i].AppendWith != "" {
			env[i] = sidecar.EnvVar{
				EnvVar: corev1.EnvVar{Name: env[i].Name, Value: a.Image + cmp.Or(a.With, " ") + env[i].Value}}
		}
	}
	return env
}

// rebindArgs returns the arguments of the preset, then those of the user. A pod without
// arguments gets the image's first, since args replace them.
func (r *Rebind) rebindArgs(c *corev1.Container, port int32) []string {
	var args []string
	if p := r.findPreset(); p != nil {
		for _, a := range p.Args {
			args = append(args, pattern.ExpandPort(a, port))
		}
	}
	args = append(args, r.Args...)
	if p := r.findPreset(); p != nil && len(p.ImageCmd) > 0 &&
		(len(c.Args) == 0 && len(c.Command) == 0 || slices.Equal(c.Args, append(slices.Clone(p.ImageCmd), args...))) {
		args = append(slices.Clone(p.ImageCmd), args...)
	}
	return args
}

// replacesCMD reports whether args may be added to a pod without arguments.
func (r *Rebind) replacesCMD() bool {
	p := r.findPreset()
	return p != nil && (p.BareArgs || len(p.ImageCmd) > 0)
}

// validatePreset finds errors in a preset of spec.rebindPresets.
func (p *RebindPreset) validatePreset(fs *sidecar.Findings) {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		pattern.ValidateEnvName("rebind.preset", name, fs)
		all = append(all, p.Env[name])
	}
	for _, name := range slices.Sorted(maps.Keys(p.Append)) {
		pattern.ValidateEnvName("rebind.preset", name, fs)
		all = append(all, p.Append[name].Value)
	}
	all = append(all, p.Args...)
	if p.Refuse == "" && !strings.Contains(strings.Join(all, "\n"), "{port}") {
		fs.Add(sidecar.Warning, "rebind-untold", "rebind.preset",
			fmt.Sprintf("preset %s doesn't contain the app's new port", p.Name),
			"put {port} into env, append or args")
	}
}

// happensIn reports whether the image starts its temporary server.
func (f *FirstStart) happensIn(c *corev1.Container) bool {
	return slices.ContainsFunc(f.Env, func(name string) bool { return hasEnv(c, name) }) ||
		slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool {
			return slices.ContainsFunc(f.Mounts, func(dir string) bool {
				return m.MountPath == dir || strings.HasPrefix(m.MountPath, dir+"/")
			})
		})
}
