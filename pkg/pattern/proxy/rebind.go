package proxy

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/nearest"
	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Rebind says how an app is moved from all addresses of its pod to 127.0.0.1.
type Rebind struct {
	// Preset knows how a program is moved, by its name: elasticsearch, redis,
	// grafana, spring-boot and many others, or one of spec.rebindPresets. What env
	// says wins over it; args come behind its own.
	Preset string `json:"preset,omitempty"`
	// Port is where the app listens from now on, on 127.0.0.1. Required, unless
	// there is a preset; then the default is the app's port and one.
	Port int32 `json:"port,omitempty"`
	// Env are environment variables that make the app do so. Write the address as
	// 127.0.0.1, since localhost may be ::1.
	Env map[string]string `json:"env,omitempty"`
	// Args are command line arguments that make the app do so. They're appended.
	Args []string `json:"args,omitempty"`
	// AssumeLoopback says that the app listens on 127.0.0.1 alone, by its own
	// configuration. Else env, args or the preset must name the address: 127.0.0.1,
	// localhost, ::1 or _local_, alone or with the app's port behind it. Where none
	// does, or one names all addresses (0.0.0.0, ::, :9201, *:9201), the app may be
	// reached past the proxy: a warning for TLS alone, an error where the proxy asks
	// clients for something. All that is written here counts for the app, whatever the
	// variable is named, unless it has another port.
	AssumeLoopback bool `json:"assumeLoopback,omitempty"`

	own *RebindPreset // the user's own of that name
}

// rebindPort is where the app listens from now on.
func (p *Base) rebindPort() int32 {
	if p.Rebind.Port == 0 && p.Rebind.Preset != "" {
		return p.Port + 1
	}
	return p.Rebind.Port
}

func (p *Base) validateRebind(without string, fs *sidecar.Findings) {
	r := p.Rebind
	if p.isModeFront() {
		if r != nil {
			fs.Add(sidecar.Error, "bad-value", "rebind", "in mode front the app keeps its port",
				"remove it, or write mode: takeover")
		}
		return
	}
	if r == nil {
		fs.Add(sidecar.Error, "missing-field", "rebind", "the app must move to another port, and nothing says how",
			`write mode: front if it can't be moved; else the free port, and the variables or arguments that move the app, as `+
				`in rebind: {port: 9201, env: {HOST: 127.0.0.1, PORT: "9201"}}`)
		return
	}
	pattern.ValidatePort("rebind.port", p.rebindPort(), "write a free port for the app, as in 9201", fs)
	if r.Port == p.Port && r.Port != 0 {
		fs.Add(sidecar.Error, "bad-value", "rebind.port", fmt.Sprintf("port %d is the one that the proxy takes over", p.Port),
			"write another port for the app")
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(r.Env)) {
		pattern.ValidateEnvName("rebind.env", name, fs)
		all = append(all, r.Env[name])
	}
	all = append(all, r.Args...)
	port := strconv.Itoa(int(r.Port))
	switch preset := r.findPreset(); {
	case r.Preset != "" && preset == nil:
		hint := "write one of " + strings.Join(slices.Sorted(maps.Keys(rebindPresets())), ", ")
		if near := nearest.Name(r.Preset, slices.Collect(maps.Keys(rebindPresets()))); near != "" {
			hint = "did you mean " + near
		}
		fs.Add(sidecar.Error, "preset-unknown", "rebind.preset", fmt.Sprintf("%q is unknown", r.Preset), hint)
	case preset != nil && preset.Refuse != "":
		why, hint, _ := strings.Cut(preset.Refuse, ": ")
		fs.Add(sidecar.Error, "preset-refused", "rebind.preset", preset.Name+": "+why, hint)
	case preset != nil && preset == r.own:
		preset.validatePreset(fs)
	case preset != nil:
	case len(all) == 0: // and that it listens on loopback there has to be told
	case !strings.Contains(strings.Join(all, "\n"), port):
		fs.Add(sidecar.Warning, "rebind-untold", "rebind", "neither env nor args contain the app's new port "+port,
			"write it into one of them, unless the app's own configuration has it")
	}
	if preset := r.findPreset(); preset == nil && r.Preset != "" || preset != nil && preset.Refuse != "" {
		return // that is told, and the rest is guesswork
	}
	p.validateReachable(without, fs)
}
