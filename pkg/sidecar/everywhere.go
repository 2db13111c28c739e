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

// elsewhere finds the manifest's containers that aren't served but have variables
// that are to be the same everywhere. What an earlier run has laid on isn't among
// them: see generated.
func (f *flattener) elsewhere(asked []Asked, want func(*corev1.Container, part)) {
	var laid map[string]bool
	for i := range asked {
		a := &asked[i]
		vars := a.Change.App.everywhere()
		if len(vars) == 0 {
			continue
		}
		if laid == nil {
			laid = names(asked)
		}
		served := a.Served()
		for _, list := range [][]corev1.Container{f.w.Pod.Spec.InitContainers, f.w.Pod.Spec.Containers} {
			for j := range list {
				c := &list[j]
				if laid[c.Name] || slices.ContainsFunc(served, func(s *corev1.Container) bool { return s.Name == c.Name }) {
					continue
				}
				var mine App
				var unseen []string
				for _, v := range vars {
					if slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool { return e.Name == v.Name }) || others(asked, i, c.Name, v.Name) {
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

// others reports whether another sidecar gives a container that it serves the
// variable: from then on the container has it.
func others(asked []Asked, but int, container, variable string) bool {
	for i := range asked {
		if i == but || !slices.ContainsFunc(asked[i].Served(), func(c *corev1.Container) bool { return c.Name == container }) {
			continue
		}
		if slices.ContainsFunc(asked[i].Change.App.Env, func(v EnvVar) bool { return v.Name == variable }) {
			return true
		}
	}
	return false
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
	out := asked
	for i := range asked {
		for _, v := range asked[i].Change.App.everywhere() {
			for j := range out {
				if j == i || !f.sets(out[j].Change, asked[i].Name, v, false) {
					continue
				}
				if &out[0] == &asked[0] {
					out = slices.Clone(asked)
				}
				out[j].Change = out[j].Change.Clone()
				f.sets(out[j].Change, asked[i].Name, v, true)
			}
		}
	}
	return out
}

// sets reports whether containers of a change have another value than v's, and
// writes it if it's to.
func (f *flattener) sets(c *Change, owner string, v EnvVar, write bool) (some bool) {
	for _, list := range [][]corev1.Container{c.InitContainers, c.Containers} {
		for i := range list {
			for j := range list[i].Env {
				e := &list[i].Env[j]
				switch {
				case e.Name != v.Name || same(*e, v.EnvVar):
				case e.ValueFrom != nil && !write:
					f.findings = append(f.findings, Finding{Severity: Error, Code: "env-replace", Object: f.w.Ref, Sidecar: owner,
						Message: "can't replace " + v.Name + " of container " + list[i].Name + ": it has " + say(*e) + ", and what that is shows only in the cluster",
						Hint:    "change it where the value comes from"})
				case e.ValueFrom == nil:
					some = true
					if write {
						e.Value = v.Value
					}
				}
			}
		}
	}
	return some
}
