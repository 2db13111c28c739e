package merge

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Redirects are those of vars by which a sidecar leads a container that it doesn't serve.
// Where one that serves it has a variable of that name, that one counts there: two
// tunnels may lead two apps to two servers by one name.
func Redirects(asked []sidecar.Answer, vars []sidecar.EnvVar, container string) []sidecar.EnvVar {
	for i := range asked {
		if b := &asked[i]; len(b.Change.App.Env) > 0 && b.Serves(container) {
			vars = slices.DeleteFunc(slices.Clone(vars), func(v sidecar.EnvVar) bool {
				return slices.ContainsFunc(b.Change.App.Env, func(mine sidecar.EnvVar) bool { return mine.Name == v.Name })
			})
		}
	}
	return vars
}

// elsewhere finds the manifest's containers that aren't served but have variables
// that are to be the same everywhere. What an earlier run has laid on isn't among
// them: see redirected.
func (f *flattener) elsewhere(asked []sidecar.Answer, want func(*corev1.Container, part)) {
	var laid map[string]bool
	for i := range asked {
		a := &asked[i]
		all := a.Change.App.VarsEverywhere()
		if len(all) == 0 {
			continue
		}
		if laid == nil {
			laid = sidecar.ContainerNames(asked)
		}
		for c := range f.w.AllContainers() {
			if laid[c.Name] || a.Serves(c.Name) {
				continue
			}
			var mine sidecar.App
			var unseen []string
			for _, v := range Redirects(asked, all, c.Name) {
				if slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool { return e.Name == v.Name }) {
					mine.Env = append(mine.Env, v)
				} else {
					unseen = append(unseen, v.Name)
				}
			}
			if len(mine.Env) > 0 {
				want(c, part{a.Name, &mine})
			}
			if len(unseen) > 0 && len(c.EnvFrom) > 0 {
				f.add(sidecar.Warning, "env-replace-hidden", a.Name, f.container(c.Name).To("envFrom"),
					"can't be looked into: if "+strings.Join(unseen, ", ")+" comes from there, it stays as it is in this container",
					"write the variable into the container's env, where it's replaced")
			}
		}
	}
}

// redirected gives what is asked with the values that are to be the same
// everywhere in the containers of other sidecars too: a migration that has the
// app's variables must go the same way.
func (f *flattener) redirected(asked []sidecar.Answer) []sidecar.Answer {
	led := map[string]bool{}
	for i := range asked {
		for _, v := range asked[i].Change.App.VarsEverywhere() {
			led[v.Name] = true
		}
	}
	if len(led) == 0 {
		return asked
	}
	out := slices.Clone(asked)
	for i := range out {
		out[i].Change = out[i].Change.Clone()
		for c := range out[i].Change.AllContainers() {
			for j := range c.Env {
				if e := &c.Env[j]; led[e.Name] {
					f.redirect(asked, i, c.Name, e)
				}
			}
		}
	}
	return out
}

// Redirected gives what is asked with the values that are to be the same everywhere in
// the containers of all sidecars, as [Edits] lays them on.
func Redirected(w *sidecar.Workload, asked []sidecar.Answer) []sidecar.Answer {
	return newFlattener(w).redirected(asked)
}

// redirect gives a variable of a sidecar's container the value that it's to have
// everywhere.
func (f *flattener) redirect(asked []sidecar.Answer, of int, container string, e *corev1.EnvVar) {
	to, owner, other := RedirectFor(asked, of, e.Name)
	refuse := func(code, owner, message, hint string) {
		f.findings = append(f.findings, sidecar.Finding{Severity: sidecar.Error, Code: code, Object: f.w.Ref, Sidecar: owner,
			Message: message, Hint: hint})
	}
	switch {
	case to == nil || other == "" && same(*e, to.EnvVar):
	case other != "":
		refuse("conflict", other, "leads "+e.Name+" of container "+container+" another way than "+owner+" does",
			"let both want the same, or give the variable another name for one of them")
	case e.ValueFrom != nil:
		refuse("env-replace", owner, "can't replace "+e.Name+" of container "+container+": it has "+say(*e)+
			", and what that is shows only in the cluster", "change it where the value comes from")
	default:
		e.Value = to.Value
	}
}

// RedirectFor finds the value that a variable of a sidecar's containers is to have, who wants
// it so, and who otherwise. Those that serve the same app as the sidecar count before
// others.
func RedirectFor(asked []sidecar.Answer, of int, name string) (to *sidecar.EnvVar, owner, other string) {
	for _, near := range []bool{true, false} {
		for i := range asked {
			if i == of || sharesApp(&asked[i], &asked[of]) != near {
				continue
			}
			for _, v := range asked[i].Change.App.VarsEverywhere() {
				switch {
				case v.Name != name:
				case to == nil:
					to, owner = &v, asked[i].Name
				case other == "" && !same(to.EnvVar, v.EnvVar):
					other = asked[i].Name
				}
			}
		}
		if to != nil {
			break
		}
	}
	return to, owner, other
}

// sharesApp reports whether two sidecars serve an app in common.
func sharesApp(a, b *sidecar.Answer) bool {
	return slices.ContainsFunc(a.ServedApps(), func(c *corev1.Container) bool { return b.Serves(c.Name) })
}
