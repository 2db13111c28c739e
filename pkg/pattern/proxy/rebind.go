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

// Rebind moves an app from all addresses of its pod to 127.0.0.1.
type Rebind struct {
	// Preset knows how to move a program: elasticsearch, redis, grafana, spring-boot and
	// many others, or one of spec.rebindPresets. env overrides its variables; args are
	// appended to its arguments.
	Preset string `json:"preset,omitempty"`
	// Port on 127.0.0.1 to which the app moves. Required without preset. Default with a
	// preset: the app's port plus one.
	Port int32 `json:"port,omitempty"`
	// Env are environment variables that move the app. Write the address as 127.0.0.1,
	// since localhost may be ::1.
	Env map[string]string `json:"env,omitempty"`
	// Args are command line arguments that move the app. They're appended to the
	// container's, which is an error if a shell's script or another program keeps them from
	// the app.
	Args []string `json:"args,omitempty"`
	// AssumeLoopback is true if the app's own configuration makes it listen on 127.0.0.1
	// alone. Otherwise env, args or the preset must contain the address: 127.0.0.1,
	// localhost, ::1 or _local_, alone or with the app's port behind it. If none does, or
	// one contains all addresses (0.0.0.0, ::, :9201, *:9201), the app may be reachable
	// past the proxy. That's a warning for TLS alone, and an error for a proxy that
	// requires credentials. Every address here counts as the app's, whatever its variable
	// is named, unless it has another port. Default: false.
	AssumeLoopback bool `json:"assumeLoopback,omitempty"`

	own *RebindPreset // from spec.rebindPresets
}

// rebindPort returns the port to which the app moves.
func (p *Base) rebindPort() int32 {
	if p.Rebind.Port == 0 && p.Rebind.Preset != "" {
		return p.Port + 1
	}
	return p.Rebind.Port
}

func (p *Base) validateRebind(without string, fs *sidecar.Findings) {
	r := p.Rebind
	if p.leavesApp() {
		if r != nil {
			fs.Add(sidecar.Error, "bad-value", "rebind", fmt.Sprintf("in mode %s the app keeps its port", p.Mode),
				"remove it, or write mode: takeover")
		}
		return
	}
	if r == nil {
		fs.Add(sidecar.Error, "missing-field", "rebind", "the app must move to another port, and nothing says how",
			`write a free port, and the variables or arguments that move the app, as in rebind: {port: 9201, env: {HOST: `+
				`127.0.0.1, PORT: "9201"}}, or mode: front or redirect if it can't be moved`)
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
	case len(all) == 0: // validateReachable reports it
	case !strings.Contains(strings.Join(all, "\n"), port):
		fs.Add(sidecar.Warning, "rebind-untold", "rebind", "neither env nor args contain the app's new port "+port,
			"write it into one of them, unless the app's own configuration has it")
	}
	if preset := r.findPreset(); preset == nil && r.Preset != "" || preset != nil && preset.Refuse != "" {
		return // the rest depends on the preset
	}
	p.validateReachable(without, fs)
}
