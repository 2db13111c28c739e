package pattern

import (
	"bytes"
	_ "embed" // for the presets
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"

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
	// Flags are those that say the same in the app's own arguments. They'd win, or
	// open a second listener.
	Flags []string `json:"flags,omitempty"`
	// BeatenBy are variables that win over all this.
	BeatenBy []string `json:"beatenBy,omitempty"`
	// ByEntrypoint: a script of the image reads the variables, which a command of
	// the pod's own skips.
	ByEntrypoint bool `json:"byEntrypoint,omitempty"`
	// SetToo are variables that are to be set besides, with the reason.
	SetToo map[string]string `json:"setToo,omitempty"`
	// StillPublic tells what stays on all addresses.
	StillPublic string `json:"stillPublic,omitempty"`
	// Refuse is why the program can't be moved like that, and the way out.
	Refuse string `json:"refuse,omitempty"`
	// RefuseIf are words of the app's arguments with which it can't be moved: its
	// peers dial it too.
	RefuseIf []string `json:"refuseIf,omitempty"`
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
}

//go:embed files/rebind/presets.json
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

// Use gives a Rebind the presets that the user has written.
func (r *Rebind) Use(own []RebindPreset) {
	for i := range own {
		if own[i].Name == r.Preset {
			r.own = &own[i]
		}
	}
}

// preset is the one that is asked for; nil where there is none of that name.
func (r *Rebind) preset() *RebindPreset {
	if r.own != nil {
		return r.own
	}
	return rebindPresets()[r.Preset]
}

// env is sorted by name: maps have no order. What the user writes wins over the
// preset.
func (r *Rebind) env(port int32) []sidecar.EnvVar {
	values := map[string]sidecar.EnvVar{}
	if p := r.preset(); p != nil {
		for name, value := range p.Env {
			values[name] = sidecar.EnvVar{EnvVar: corev1.EnvVar{Name: name, Value: withPort(value, port)}}
		}
		for name, a := range p.Append {
			values[name] = sidecar.EnvVar{EnvVar: corev1.EnvVar{Name: name, Value: withPort(a.Value, port)}, AppendWith: or(a.With, " ")}
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

// imageEnv puts the image's value before what is appended, where the pod has none.
func (r *Rebind) imageEnv(c *corev1.Container, env []sidecar.EnvVar) []sidecar.EnvVar {
	p := r.preset()
	if p == nil {
		return env
	}
	for i := range env {
		a, appended := p.Append[env[i].Name]
		has := slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool {
			return e.Name == env[i].Name && e.Value != a.Image+or(a.With, " ")+env[i].Value
		})
		if appended && a.Image != "" && !has && env[i].AppendWith != "" {
			env[i] = sidecar.EnvVar{EnvVar: corev1.EnvVar{Name: env[i].Name, Value: a.Image + or(a.With, " ") + env[i].Value}}
		}
	}
	return env
}

// args are the preset's, and those that the user wrote behind them. A pod without
// arguments gets those of the image first, which they'd replace.
func (r *Rebind) args(c *corev1.Container, port int32) []string {
	var args []string
	if p := r.preset(); p != nil {
		for _, a := range p.Args {
			args = append(args, withPort(a, port))
		}
	}
	args = append(args, r.Args...)
	if p := r.preset(); p != nil && len(p.ImageCmd) > 0 && (len(c.Args) == 0 && len(c.Command) == 0 || slices.Equal(c.Args, append(slices.Clone(p.ImageCmd), args...))) {
		args = append(slices.Clone(p.ImageCmd), args...)
	}
	return args
}

func withPort(text string, port int32) string {
	return strings.ReplaceAll(text, "{port}", strconv.Itoa(int(port)))
}

// checkPreset finds what is in the way of a preset in this pod. Values of variables
// and arguments aren't told: they may be secret.
func (p *Gate) checkPreset(w *sidecar.Workload, fs *sidecar.Findings) {
	if p.front() || p.Rebind == nil || w.App == nil {
		return
	}
	r, preset := p.Rebind, p.Rebind.preset()
	if preset == nil || preset.Refuse != "" {
		return // Validate says so
	}
	port := p.rebindPort()
	ours := r.args(w.App, port)
	words := slices.Concat(w.App.Command, w.App.Args)
	for i, word := range words {
		name, _, _ := strings.Cut(word, "=")
		if slices.ContainsFunc(preset.RefuseIf, func(s string) bool { return strings.Contains(word, s) }) {
			fs.Add(sidecar.Error, "rebind-peers", "rebind.preset", fmt.Sprintf("%s runs with peers here, which dial its port too", preset.Name), "use mode: front, or its own TLS")
			return
		}
		at := slices.Index(ours, word)
		if slices.Contains(preset.Flags, name) && (at < 0 || at+1 < len(ours) && !strings.Contains(word, "=") && (i+1 >= len(words) || words[i+1] != ours[at+1])) {
			fs.Add(sidecar.Error, "rebind-flag", "rebind.preset", fmt.Sprintf("container %s has %s among its arguments, which says where it listens", w.App.Name, name),
				"take it out of the manifest, or write what it must be")
		}
	}
	for _, e := range w.App.Env {
		if slices.Contains(preset.BeatenBy, e.Name) {
			fs.Add(sidecar.Warning, "rebind-beaten", "rebind.preset", fmt.Sprintf("variable %s may win over what moves %s", e.Name, preset.Name), "take it out, or see that it says the same")
		}
	}
	if preset.ByEntrypoint && len(w.App.Command) > 0 {
		fs.Add(sidecar.Warning, "rebind-entrypoint", "rebind.preset", fmt.Sprintf("a script of the image reads the variables that move %s, and the pod's own command may skip it", preset.Name), "leave command out, or move it by its configuration")
	}
	for _, name := range slices.Sorted(maps.Keys(preset.SetToo)) {
		if !slices.ContainsFunc(w.App.Env, func(e corev1.EnvVar) bool { return e.Name == name }) && r.Env[name] == "" {
			fs.Add(sidecar.Warning, "rebind-set-too", "rebind.preset", fmt.Sprintf("variable %s isn't set: %s", name, withPort(preset.SetToo[name], port)), "set it in the manifest or in rebind.env")
		}
	}
	if preset.StillPublic != "" {
		fs.Add(sidecar.Info, "rebind-still-public", "rebind.preset", preset.StillPublic, "")
	}
	if f := preset.FirstStart; f != nil && slices.Contains(p.Takes(), f.Port) && slices.ContainsFunc(w.App.Env, func(e corev1.EnvVar) bool { return slices.Contains(f.Env, e.Name) }) {
		fs.Add(sidecar.Error, "rebind-first-start", "rebind.preset",
			fmt.Sprintf("on an empty volume the image of %s starts a server on port %d for itself, where the proxy listens already", preset.Name, f.Port), "use mode: front")
	}
}
