package merge

import (
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// BareOf returns the pod of w without anything that sidecars set in it.
func BareOf(w *sidecar.Workload, answers []sidecar.Answer) *sidecar.Bare {
	a := w.CopyPod()
	f := newFlattener(w)
	for i := range answers {
		c := answers[i].Change
		for j := range fields {
			if fd := &fields[j]; fd.pod != nil && fd.name != "containers" { // a container of the app's name is a conflict
				for _, e := range fd.pod(f, &answers[i]) {
					if !e.Delete {
						removeAt(reflect.ValueOf(&a.Pod).Elem(), e.Path[len(w.Template):])
					}
				}
			}
		}
		if answers[i].Serves(w.App.Name) {
			removeAppEdits(a, &c.App)
		} else if redirects := RedirectsFor(answers, c.App.VarsEverywhere(), w.App.Name); len(redirects) > 0 {
			removeAppEdits(a, &sidecar.App{Env: slices.DeleteFunc(redirects, func(v sidecar.EnvVar) bool {
				return !slices.ContainsFunc(w.App.Env, func(have corev1.EnvVar) bool { return have.Name == v.Name })
			})})
		}
	}
	if security := a.Pod.Spec.SecurityContext; security != nil && sameJSON(security, &corev1.PodSecurityContext{}) {
		a.Pod.Spec.SecurityContext = nil
	}
	slices.Sort(a.Redirected)
	a.Redirected = slices.Compact(a.Redirected)
	return a
}

// removeAppEdits removes what the app gets from one sidecar. It removes only the appended
// part of a variable with appendWith.
func removeAppEdits(a *sidecar.Bare, ours *sidecar.App) {
	rest := *ours
	rest.Env = nil
	for _, v := range ours.Env {
		i := slices.IndexFunc(a.App.Env, func(have corev1.EnvVar) bool { return have.Name == v.Name })
		if v.AppendWith != "" && i >= 0 && a.App.Env[i].ValueFrom == nil {
			if a.App.Env[i].Value = removePart(a.App.Env[i].Value, v.Value, v.AppendWith); a.App.Env[i].Value != "" {
				continue
			}
		} else if v.Replace {
			a.Redirected = append(a.Redirected, v.Name)
		}
		rest.Env = append(rest.Env, v)
	}
	for i := range fields {
		if appEdits := fields[i].app; appEdits != nil {
			for _, e := range appEdits(a.App, &rest) {
				removeAt(reflect.ValueOf(a.App).Elem(), e.Path)
			}
		}
	}
}

// removePart undoes appendPart.
func removePart(list, part, separator string) string {
	before, after, found := strings.Cut(separator+list+separator, separator+part+separator)
	if !found {
		return list
	}
	return strings.TrimPrefix(strings.TrimSuffix(before+separator+after, separator), separator)
}
