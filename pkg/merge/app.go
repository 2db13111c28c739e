package merge

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// part is what one sidecar wants of one container of the app.
type part struct {
	owner string
	app   *sidecar.App
}

// apps flattens what all sidecars want of the app's containers, container by
// container: what one appends may refer to what another does.
func (f *flattener) apps(asked []sidecar.Answer) {
	var order []*corev1.Container
	parts := map[string][]part{}
	for i := range asked {
		app := &asked[i].Change.App
		if len(app.Env) == 0 && len(app.Args) == 0 && len(app.VolumeMounts) == 0 {
			continue
		}
		for _, c := range asked[i].ServedApps() {
			if parts[c.Name] == nil {
				order = append(order, c)
			}
			parts[c.Name] = append(parts[c.Name], part{asked[i].Name, app})
		}
	}
	f.elsewhere(asked, func(c *corev1.Container, p part) {
		if parts[c.Name] == nil {
			order = append(order, c)
		}
		parts[c.Name] = append(parts[c.Name], p)
	})
	for _, c := range order {
		at := f.container(c.Name)
		f.env(c, at.To("env"), parts[c.Name])
		f.args(c, at.To("args"), parts[c.Name])
		f.mounts(c, at.To("volumeMounts"), parts[c.Name])
	}
}

// HasAll reports whether a container has all that the app is to get, as after an
// earlier run.
func HasAll(c *corev1.Container, a *sidecar.App) bool {
	for i := range fields {
		if of := fields[i].app; of != nil {
			for _, e := range of(c, a) {
				if !holds(c, &e) {
					return false
				}
			}
		}
	}
	return true
}

// HasContainers reports whether the pod has all containers of the change by their
// names, as after an earlier run.
func HasContainers(w *sidecar.Workload, c *sidecar.Change) bool {
	for i := range c.Containers {
		if w.Container(c.Containers[i].Name) == nil {
			return false
		}
	}
	return true
}

// args appends arguments. An edit addresses an argument by its text, so that one
// which is there already isn't added again; where that would tear a flag from
// its value, as in -E a -E b, the flag must be written as one argument.
func (f *flattener) args(c *corev1.Container, at sidecar.Path, parts []part) {
	have := c.Args
	warned := len(c.Args) > 0 || len(c.Command) > 0
	for _, p := range parts {
		args := p.app.Args
		if len(args) == 0 {
			continue
		}
		if !warned && !p.app.ReplacesCMD {
			f.add(sidecar.Warning, "args-replace-cmd", p.owner, at,
				"the container has no args of its own: those added replace the image's CMD",
				"write the image's CMD into the manifest's args")
		}
		warned = true
		if within(have, args) {
			continue
		}
		have = slices.Clip(have)
		for i, arg := range args {
			switch {
			case !slices.Contains(have, arg):
				f.post(p.owner, sidecar.Edit{Path: at.At(".", arg), Value: arg})
				have = append(have, arg)
			case loose(args, i):
				f.add(sidecar.Error, "args-twice", p.owner, at, "the arguments have "+quoteArg(args, i)+
					" already, and what belongs to it would be torn from it",
					"write a flag and its value as one argument, as in --flag=value")
			}
		}
	}
}

// within reports whether all of args stand in have, one behind the other.
func within(have, args []string) bool {
	for i := 0; i+len(args) <= len(have); i++ {
		if slices.Equal(have[i:i+len(args)], args) {
			return true
		}
	}
	return false
}

// loose reports whether an argument means something only beside another one: a
// flag whose value follows, or what is no flag.
func loose(args []string, i int) bool {
	return !sidecar.IsFlag(args[i]) || i+1 < len(args) && !sidecar.IsFlag(args[i+1])
}

// quoteArg names an argument: a flag by its text, and what may be a secret by the
// flag before it.
func quoteArg(args []string, i int) string {
	switch {
	case sidecar.IsFlag(args[i]):
		name, _, _ := strings.Cut(args[i], "=")
		return name
	case i > 0 && sidecar.IsFlag(args[i-1]):
		return "the value of " + args[i-1]
	}
	return "one of the words"
}
