package merge

import (
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Without is the pod of w without what sidecars change in it.
func Without(w *sidecar.Workload, asked []sidecar.Answer) *sidecar.Alone {
	a := w.Copy()
	f := newFlattener(w)
	for i := range asked {
		c := asked[i].Change
		for j := range fields {
			if fd := &fields[j]; fd.pod != nil && fd.name != "containers" { // one of the app's name is a conflict
				for _, e := range fd.pod(f, &asked[i]) {
					if !e.Delete {
						remove(reflect.ValueOf(&a.Pod).Elem(), e.Path[len(w.Template):])
					}
				}
			}
		}
		if asked[i].Serves(w.App.Name) {
			takeOff(a, &c.App)
		} else if everywhere := Redirects(asked, c.App.VarsEverywhere(), w.App.Name); len(everywhere) > 0 {
			takeOff(a, &sidecar.App{Env: slices.DeleteFunc(everywhere, func(v sidecar.EnvVar) bool {
				return !slices.ContainsFunc(w.App.Env, func(have corev1.EnvVar) bool { return have.Name == v.Name })
			})})
		}
	}
	if security := a.Pod.Spec.SecurityContext; security != nil && same(security, &corev1.PodSecurityContext{}) {
		a.Pod.Spec.SecurityContext = nil
	}
	slices.Sort(a.Led)
	a.Led = slices.Compact(a.Led)
	return a
}

// takeOff takes off what the app gets from one sidecar. Where a variable is appended to,
// what it has besides stays.
func takeOff(a *sidecar.Alone, ours *sidecar.App) {
	rest := *ours
	rest.Env = nil
	for _, v := range ours.Env {
		i := slices.IndexFunc(a.App.Env, func(have corev1.EnvVar) bool { return have.Name == v.Name })
		if v.AppendWith != "" && i >= 0 && a.App.Env[i].ValueFrom == nil {
			if a.App.Env[i].Value = apart(a.App.Env[i].Value, v.Value, v.AppendWith); a.App.Env[i].Value != "" {
				continue
			}
		} else if v.Replace {
			a.Led = append(a.Led, v.Name)
		}
		rest.Env = append(rest.Env, v)
	}
	for i := range fields {
		if of := fields[i].app; of != nil {
			for _, e := range of(a.App, &rest) {
				remove(reflect.ValueOf(a.App).Elem(), e.Path)
			}
		}
	}
}

// apart undoes joined.
func apart(list, part, separator string) string {
	before, after, found := strings.Cut(separator+list+separator, separator+part+separator)
	if !found {
		return list
	}
	return strings.TrimPrefix(strings.TrimSuffix(before+separator+after, separator), separator)
}
