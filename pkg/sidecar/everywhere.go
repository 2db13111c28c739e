package sidecar

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// everywhere are those of the app's variables that all containers get that have
// them.
func (a *App) everywhere() []EnvVar {
	var vars []EnvVar
	for _, e := range a.Env {
		if e.Everywhere {
			vars = append(vars, e)
		}
	}
	return vars
}

// leads are those of vars by which a sidecar leads a container that it doesn't serve.
// Where one that serves it has a variable of that name, that one counts there: two
// tunnels may lead two apps to two servers by one name.
func leads(asked []Asked, vars []EnvVar, container string) []EnvVar {
	for i := range asked {
		if b := &asked[i]; len(b.Change.App.Env) > 0 && b.has(container) {
			vars = slices.DeleteFunc(slices.Clone(vars), func(v EnvVar) bool {
				return slices.ContainsFunc(b.Change.App.Env, func(mine EnvVar) bool { return mine.Name == v.Name })
			})
		}
	}
	return vars
}

// has reports whether the sidecar serves a container.
func (a *Asked) has(container string) bool {
	return slices.ContainsFunc(a.Served(), func(c *corev1.Container) bool { return c.Name == container })
}

// elsewhere finds the manifest's containers that aren't served but have variables
// that are to be the same everywhere. What an earlier run has laid on isn't among
// them: see generated.
func (f *flattener) elsewhere(asked []Asked, want func(*corev1.Container, part)) {
	var laid map[string]bool
	for i := range asked {
		a := &asked[i]
		all := a.Change.App.everywhere()
		if len(all) == 0 {
			continue
		}
		if laid == nil {
			laid = names(asked)
		}
		for _, list := range [][]corev1.Container{f.w.Pod.Spec.InitContainers, f.w.Pod.Spec.Containers} {
			for j := range list {
				c := &list[j]
				if laid[c.Name] || a.has(c.Name) {
					continue
				}
				var mine App
				var unseen []string
				for _, v := range leads(asked, all, c.Name) {
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
					f.add(Warning, "env-replace-hidden", a.Name, f.container(c.Name).To("envFrom"),
						"can't be looked into: if "+strings.Join(unseen, ", ")+" comes from there, it stays as it is in this container",
						"write the variable into the container's env, where it's replaced")
				}
			}
		}
	}
}

// names are those of all containers that the sidecars bring.
func names(asked []Asked) map[string]bool {
	all := map[string]bool{}
	for i := range asked {
		for _, list := range [][]corev1.Container{asked[i].Change.Containers, asked[i].Change.InitContainers} {
			for j := range list {
				all[list[j].Name] = true
			}
		}
	}
	return all
}

// generated gives what is asked with the values that are to be the same
// everywhere in the containers of other sidecars too: a migration that has the
// app's variables must go the same way.
func (f *flattener) generated(asked []Asked) []Asked {
	led := map[string]bool{}
	for i := range asked {
		for _, v := range asked[i].Change.App.everywhere() {
			led[v.Name] = true
		}
	}
	if len(led) == 0 {
		return asked
	}
	out := slices.Clone(asked)
	for i := range out {
		out[i].Change = out[i].Change.Clone()
		for _, list := range [][]corev1.Container{out[i].Change.InitContainers, out[i].Change.Containers} {
			for j := range list {
				for k := range list[j].Env {
					if e := &list[j].Env[k]; led[e.Name] {
						f.lead(asked, i, list[j].Name, e)
					}
				}
			}
		}
	}
	return out
}

// lead gives a variable of a sidecar's container the value that it's to have
// everywhere.
func (f *flattener) lead(asked []Asked, of int, container string, e *corev1.EnvVar) {
	to, owner, other := ways(asked, of, e.Name)
	refuse := func(code, owner, message, hint string) {
		f.findings = append(f.findings, Finding{Severity: Error, Code: code, Object: f.w.Ref, Sidecar: owner, Message: message, Hint: hint})
	}
	switch {
	case to == nil || other == "" && same(*e, to.EnvVar):
	case other != "":
		refuse("conflict", other, "leads "+e.Name+" of container "+container+" another way than "+owner+" does", "let both want the same, or give the variable another name for one of them")
	case e.ValueFrom != nil:
		refuse("env-replace", owner, "can't replace "+e.Name+" of container "+container+": it has "+say(*e)+", and what that is shows only in the cluster", "change it where the value comes from")
	default:
		e.Value = to.Value
	}
}

// ways finds the value that a variable of a sidecar's containers is to have, who wants
// it so, and who otherwise. Those that serve the same app as the sidecar count before
// others.
func ways(asked []Asked, of int, name string) (to *EnvVar, owner, other string) {
	for _, near := range []bool{true, false} {
		for i := range asked {
			if i == of || asked[i].near(&asked[of]) != near {
				continue
			}
			for _, v := range asked[i].Change.App.everywhere() {
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

// near reports whether two sidecars serve an app in common.
func (a *Asked) near(b *Asked) bool {
	return slices.ContainsFunc(a.Served(), func(c *corev1.Container) bool { return b.has(c.Name) })
}
