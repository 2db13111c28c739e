package merge

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// part is what one sidecar changes in one container of the app.
type part struct {
	owner string
	app   *sidecar.App
}

// flattenApps makes edits of what all sidecars change in the app's containers, container
// by container: a variable of one sidecar may refer to that of another.
func (f *flattener) flattenApps(answers []sidecar.Answer) {
	var order []*corev1.Container
	parts := map[string][]part{}
	for i := range answers {
		app := &answers[i].Change.App
		if len(app.Env)+len(app.Args)+len(app.VolumeMounts)+len(app.Ports) == 0 {
			continue
		}
		for _, c := range answers[i].ServedApps() {
			if parts[c.Name] == nil {
				order = append(order, c)
			}
			parts[c.Name] = append(parts[c.Name], part{answers[i].Name, app})
		}
	}
	f.findRedirected(answers, func(c *corev1.Container, p part) {
		if parts[c.Name] == nil {
			order = append(order, c)
		}
		parts[c.Name] = append(parts[c.Name], p)
	})
	for _, c := range order {
		at := f.containerPath(c.Name)
		f.flattenEnv(c, at.To("env"), parts[c.Name])
		f.flattenArgs(c, at.To("args"), parts[c.Name])
		f.flattenMounts(c, at.To("volumeMounts"), parts[c.Name])
		for _, p := range parts[c.Name] {
			for _, e := range portsOf(c, p.app) {
				e.Path = append(slices.Clone(at), e.Path...)
				f.post(p.owner, e)
			}
		}
	}
}

// HasAll reports whether a container already has all that the app gets, as after an earlier
// run.
func HasAll(c *corev1.Container, a *sidecar.App) bool {
	for i := range fields {
		if appEdits := fields[i].app; appEdits != nil {
			for _, e := range appEdits(c, a) {
				if !hasEdit(c, &e) {
					return false
				}
			}
		}
	}
	return true
}

// HasContainers reports whether the pod has containers with the names of all that the
// change adds, as after an earlier run.
func HasContainers(w *sidecar.Workload, c *sidecar.Change) bool {
	for i := range c.Containers {
		if w.Container(c.Containers[i].Name) == nil {
			return false
		}
	}
	return true
}

// flattenArgs appends arguments. An edit addresses an argument by its text, so an existing
// one isn't added again. If that would separate a flag from its value, as in -E a -E b,
// the flag must be written as one argument.
func (f *flattener) flattenArgs(c *corev1.Container, at sidecar.Path, parts []part) {
	have := c.Args
	warned := len(c.Args) > 0 || len(c.Command) > 0
	for _, p := range parts {
		args := p.app.Args
		if len(args) == 0 {
			continue
		}
		if !warned && !p.app.ReplacesCMD {
			f.report(sidecar.Warning, "args-replace-cmd", p.owner, at,
				"the container has no args, so the added ones replace the image's CMD",
				"write the image's CMD into the manifest's args")
		}
		warned = true
		if l := readLaunch(slices.Concat(c.Command, c.Args)); l.lost != "" {
			f.report(sidecar.Error, "args-unread", p.owner, at,
				"the added arguments wouldn't reach the app, since "+l.program+" "+l.lost, l.hint)
			continue
		}
		if containsRun(have, args) {
			continue
		}
		have = slices.Clip(have)
		for i, arg := range args {
			switch {
			case !slices.Contains(have, arg):
				f.post(p.owner, sidecar.Edit{Path: at.At(".", arg), Value: arg})
				have = append(have, arg)
			case isPartOfPair(args, i):
				f.report(sidecar.Error, "args-twice", p.owner, at, "the arguments already have "+quoteArg(args, i)+
					", so a flag and its value would be separated",
					"write a flag and its value as one argument, as in --flag=value")
			}
		}
	}
}

// containsRun reports whether have contains all of args, one after the other.
func containsRun(have, args []string) bool {
	for i := 0; i+len(args) <= len(have); i++ {
		if slices.Equal(have[i:i+len(args)], args) {
			return true
		}
	}
	return false
}

// isPartOfPair reports whether an argument may belong to another one: a flag that isn't
// followed by a flag, or an argument that isn't a flag.
func isPartOfPair(args []string, i int) bool {
	return !sidecar.IsFlag(args[i]) || i+1 < len(args) && !sidecar.IsFlag(args[i+1])
}

// quoteArg describes an argument without its value, which may be secret: a flag by its
// name, another argument by the flag before it.
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
