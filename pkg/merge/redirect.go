package merge

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// RedirectsFor returns those of vars that a sidecar sets in a container that it doesn't
// serve. A variable of a sidecar that serves the container takes precedence there: two
// tunnels may use one name for the servers of two apps.
func RedirectsFor(answers []sidecar.Answer, vars []sidecar.EnvVar, container string) []sidecar.EnvVar {
	for i := range answers {
		if b := &answers[i]; len(b.Change.App.Env) > 0 && b.Serves(container) {
			vars = slices.DeleteFunc(slices.Clone(vars), func(v sidecar.EnvVar) bool {
				return slices.ContainsFunc(b.Change.App.Env, func(own sidecar.EnvVar) bool { return own.Name == v.Name })
			})
		}
	}
	return vars
}

// findRedirected calls add for each container of the manifest that a sidecar doesn't serve
// but that has one of its variables with `everywhere`. Containers of an earlier run
// aren't among them: redirectContainers handles these.
func (f *flattener) findRedirected(answers []sidecar.Answer, add func(*corev1.Container, part)) {
	var generated map[string]bool
	for i := range answers {
		a := &answers[i]
		all := a.Change.App.VarsEverywhere()
		if len(all) == 0 {
			continue
		}
		if generated == nil {
			generated = sidecar.ContainerNames(answers)
		}
		for c := range f.w.AllContainers() {
			if generated[c.Name] || a.Serves(c.Name) {
				continue
			}
			var app sidecar.App
			var missing []string
			for _, v := range RedirectsFor(answers, all, c.Name) {
				if slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool { return e.Name == v.Name }) {
					app.Env = append(app.Env, v)
				} else {
					missing = append(missing, v.Name)
				}
			}
			if len(app.Env) > 0 {
				add(c, part{a.Name, &app})
			}
			if missing = f.w.MayGet(c, missing...); len(missing) > 0 {
				f.report(sidecar.Warning, "env-replace-hidden", a.Name, f.containerPath(c.Name).To("envFrom"),
					"its variables are known only in the cluster: if "+strings.Join(missing, ", ")+
						" is among them, it isn't replaced in this container",
					"write the variable into the container's env, where it's replaced")
			}
		}
	}
}

// redirectContainers returns the answers with variables that have `everywhere` set in the
// containers of all sidecars: a migration with the app's variables must connect to the
// same server as the app.
func (f *flattener) redirectContainers(answers []sidecar.Answer) []sidecar.Answer {
	redirects := map[string]bool{}
	for i := range answers {
		for _, v := range answers[i].Change.App.VarsEverywhere() {
			redirects[v.Name] = true
		}
	}
	if len(redirects) == 0 {
		return answers
	}
	out := slices.Clone(answers)
	for i := range out {
		out[i].Change = out[i].Change.Clone()
		for c := range out[i].Change.AllContainers() {
			for j := range c.Env {
				if e := &c.Env[j]; redirects[e.Name] {
					f.redirectVariable(answers, i, c.Name, e)
				}
			}
		}
	}
	return out
}

// RedirectContainers returns the answers with variables that have `everywhere` set in the
// containers of all sidecars, as [Edits] does.
func RedirectContainers(w *sidecar.Workload, answers []sidecar.Answer) []sidecar.Answer {
	return newFlattener(w).redirectContainers(answers)
}

// redirectVariable sets a variable of a sidecar's container to the value that another
// sidecar sets everywhere.
func (f *flattener) redirectVariable(answers []sidecar.Answer, of int, container string, e *corev1.EnvVar) {
	to, owner, other := RedirectFor(answers, of, e.Name)
	refuse := func(code, owner, message, hint string) {
		f.findings = append(f.findings, sidecar.Finding{Severity: sidecar.Error, Code: code, Object: f.w.Ref, Sidecar: owner,
			Message: message, Hint: hint})
	}
	switch {
	case to == nil || other == "" && sameJSON(*e, to.EnvVar):
	case other != "":
		refuse("conflict", other, "sets "+e.Name+" of container "+container+" to another value than "+owner+" does",
			"make both equal, or rename the variable for one of them")
	case e.ValueFrom != nil:
		refuse("env-replace", owner, "can't replace "+e.Name+" of container "+container+": it has "+describeValue(*e)+
			", and its value is known only in the cluster", "change the value where it comes from")
	default:
		e.Value = to.Value
	}
}

// RedirectFor finds the variable that another sidecar sets everywhere, its owner, and
// another sidecar that sets a different value. Sidecars that serve the same app as
// answers[of] take precedence.
func RedirectFor(answers []sidecar.Answer, of int, name string) (to *sidecar.EnvVar, owner, other string) {
	for _, shared := range []bool{true, false} {
		for i := range answers {
			if i == of || sharesApp(&answers[i], &answers[of]) != shared {
				continue
			}
			for _, v := range answers[i].Change.App.VarsEverywhere() {
				switch {
				case v.Name != name:
				case to == nil:
					to, owner = &v, answers[i].Name
				case other == "" && !sameJSON(to.EnvVar, v.EnvVar):
					other = answers[i].Name
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
