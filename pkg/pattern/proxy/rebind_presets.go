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

// A RebindPreset says how a known program is moved to 127.0.0.1. In texts, {port}
// stands for the port that it's moved to.
type RebindPreset struct {
	// Name by which rebind.preset asks for it. Required.
	Name string `json:"name"`
	// Aliases are further names.
	Aliases []string `json:"aliases,omitempty"`
	// Source is where this is known from.
	Source string `json:"source,omitempty"`
	// Port is the program's usual one.
	Port int32 `json:"port,omitempty"`
	// Env are environment variables to set.
	Env map[string]string `json:"env,omitempty"`
	// Append are variables to whose value something is appended.
	Append map[string]AppendedValue `json:"append,omitempty"`
	// Args are arguments to append.
	Args []string `json:"args,omitempty"`
	// ImageCmd are the arguments that the image has, for pods that have none: args
	// in a manifest replace them.
	ImageCmd []string `json:"imageCmd,omitempty"`
	// BareArgs: the image's entrypoint puts the program before arguments that begin
	// with -, so that pods that have none need no imageCmd.
	BareArgs bool `json:"bareArgs,omitempty"`
	// Flags are those that say the same in the app's own arguments. They'd win, or
	// open a second listener.
	Flags []string `json:"flags,omitempty"`
	// BeatenBy are variables that win over all this; NAME* are all that begin so.
	BeatenBy []string `json:"beatenBy,omitempty"`
	// ByEntrypoint: a script of the image reads the variables, which a command of
	// the pod's own skips.
	ByEntrypoint bool `json:"byEntrypoint,omitempty"`
	// SetToo are variables that are to be set besides, with the reason. Of several
	// with | between, one suffices.
	SetToo map[string]string `json:"setToo,omitempty"`
	// StillPublic tells what stays on all addresses.
	StillPublic string `json:"stillPublic,omitempty"`
	// Refuse is why the program can't be moved like that, and the way out.
	Refuse string `json:"refuse,omitempty"`
	// RefuseIf are parts of the app's arguments, and beginnings of its variables as
	// NAME=value, with which it can't be moved, with the reason and the way out.
	RefuseIf map[string]string `json:"refuseIf,omitempty"`
	// FirstStart tells of a server that the image starts for itself on an empty
	// volume.
	FirstStart *FirstStart `json:"firstStart,omitempty"`
}

// An AppendedValue is appended to the value of a variable.
type AppendedValue struct {
	// Value to append.
	Value string `json:"value"`
	// With is what is put between. Default: a blank.
	With string `json:"with,omitempty"`
	// Image is the value that the image gives the variable.
	Image string `json:"image,omitempty"`
}

// A FirstStart is a temporary server of an image, on a port of its own choice.
type FirstStart struct {
	// Port on which it listens, whatever is configured.
	Port int32 `json:"port"`
	// Env are the variables that make the image start it.
	Env []string `json:"env,omitempty"`
	// Mounts are the folders of scripts that make it, too.
	Mounts []string `json:"mounts,omitempty"`
}

//go:embed files/presets.json
var rebindPresetsText []byte

// rebindPresets are those that come with the program, by name.
var rebindPresets = sync.OnceValue(func() map[string]*RebindPreset {
	var list []*RebindPreset
	d := json.NewDecoder(bytes.NewReader(rebindPresetsText))
	d.DisallowUnknownFields()
	if err := d.Decode(&list); err != nil {
		panic(fmt.Sprintf("presets.json: %v", err)) // it's ours
	}
	out := map[string]*RebindPreset{}
	for _, p := range list {
		for _, name := range append(p.Aliases, p.Name) {
			out[name] = p
		}
	}
	return out
})

// UsePresets gives a Rebind the presets that the user has written.
func (r *Rebind) UsePresets(own []RebindPreset) {
	for i := range own {
		if own[i].Name == r.Preset {
			r.own = &own[i]
		}
	}
}

// findPreset is the one that is asked for; nil where there is none of that name.
func (r *Rebind) findPreset() *RebindPreset {
	if r.own != nil {
		return r.own
	}
	return rebindPresets()[r.Preset]
}

// rebindEnv is sorted by name: maps have no order. What the user writes wins over the
// preset.
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

// withImageEnv puts the image's value before what is appended, where the pod has none.
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

// rebindArgs are the preset's, and those that the user wrote behind them. A pod without
// arguments gets those of the image first, which they'd replace.
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

// replacesCMD reports whether args are fit for a pod that has none.
func (r *Rebind) replacesCMD() bool {
	p := r.findPreset()
	return p != nil && (p.BareArgs || len(p.ImageCmd) > 0)
}

// validatePreset finds what is wrong with a preset that a user has written.
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
