package merge

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Without is the pod of w without what sidecars change in it.
func Without(w *sidecar.Workload, asked []sidecar.Answer) *sidecar.Alone {
	a := w.Copy()
	spec := &a.Pod.Spec
	for i := range asked {
		c := asked[i].Change
		spec.Volumes = slices.DeleteFunc(spec.Volumes, func(v corev1.Volume) bool {
			return slices.ContainsFunc(c.Volumes, func(ours corev1.Volume) bool { return ours.Name == v.Name })
		})
		withoutPod(a, &c.Pod)
		if served := asked[i].Served(); slices.ContainsFunc(served, func(s *corev1.Container) bool { return s.Name == w.App.Name }) {
			less(a, &c.App, w.App)
		} else if everywhere := Redirects(asked, c.App.VarsEverywhere(), w.App.Name); len(everywhere) > 0 {
			everywhere = slices.DeleteFunc(everywhere, func(v sidecar.EnvVar) bool {
				return !slices.ContainsFunc(w.App.Env, func(have corev1.EnvVar) bool { return have.Name == v.Name })
			})
			less(a, &sidecar.App{Env: everywhere}, w.App)
		}
	}
	slices.Sort(a.Led)
	a.Led = slices.Compact(a.Led)
	return a
}

// less takes off what the app gets from one sidecar.
func less(a *sidecar.Alone, ours *sidecar.App, app *corev1.Container) {
	for _, v := range ours.Env {
		i := slices.IndexFunc(a.App.Env, func(have corev1.EnvVar) bool { return have.Name == v.Name })
		if v.AppendWith != "" && i >= 0 && a.App.Env[i].ValueFrom == nil {
			if a.App.Env[i].Value = apart(a.App.Env[i].Value, v.Value, v.AppendWith); a.App.Env[i].Value != "" {
				continue
			}
		} else if v.Replace {
			a.Led = append(a.Led, v.Name)
		}
		a.App.Env = slices.DeleteFunc(a.App.Env, func(have corev1.EnvVar) bool { return have.Name == v.Name })
	}
	a.App.VolumeMounts = slices.DeleteFunc(a.App.VolumeMounts, func(have corev1.VolumeMount) bool {
		return slices.ContainsFunc(ours.VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == have.MountPath })
	})
}

// withoutPod takes off what the pod gets from one sidecar.
func withoutPod(a *sidecar.Alone, ours *sidecar.Pod) {
	spec := &a.Pod.Spec
	spec.ImagePullSecrets = slices.DeleteFunc(spec.ImagePullSecrets, func(s corev1.LocalObjectReference) bool { return slices.Contains(ours.ImagePullSecrets, s) })
	for key := range ours.Annotations {
		delete(a.Pod.Annotations, key)
	}
	security := spec.SecurityContext
	if security == nil {
		return
	}
	if ours.FSGroup != nil {
		security.FSGroup = nil
	}
	if ours.FSGroupChangePolicy != "" {
		security.FSGroupChangePolicy = nil
	}
	security.Sysctls = slices.DeleteFunc(security.Sysctls, func(s corev1.Sysctl) bool {
		return slices.ContainsFunc(ours.Sysctls, func(o corev1.Sysctl) bool { return o.Name == s.Name })
	})
	if same(security, &corev1.PodSecurityContext{}) {
		spec.SecurityContext = nil
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
