package sidecar

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// An EnvVar is a variable that the app's container gets: that of core/v1, which may also
// be appended to an existing value, or replace it.
type EnvVar struct {
	corev1.EnvVar `json:",inline"`
	// AppendWith appends the value to the existing one of the app or of another sidecar,
	// with this text between them, such as " " for JAVA_TOOL_OPTIONS or ":" for lists like
	// PATH. A value that the list has already isn't appended again. Without appendWith,
	// another value is a conflict.
	AppendWith string `json:"appendWith,omitempty"`
	// Replace lets the value replace another one in the manifest, which is a conflict
	// otherwise. It's for plain values: a value of valueFrom is known only in the cluster.
	Replace bool `json:"replace,omitempty"`
	// Everywhere sets the value in all other containers and init containers of the pod,
	// too, if they have the variable. It needs replace.
	Everywhere bool `json:"everywhere,omitempty"`
}

// VarsEverywhere returns the variables with Everywhere.
func (a *App) VarsEverywhere() []EnvVar {
	var vars []EnvVar
	for _, e := range a.Env {
		if e.Everywhere {
			vars = append(vars, e)
		}
	}
	return vars
}

// Vars makes variables that are set, not appended.
func Vars(env ...corev1.EnvVar) []EnvVar {
	var out []EnvVar
	for _, e := range env {
		out = append(out, EnvVar{EnvVar: e})
	}
	return out
}

// VisitReferences calls f for each variable that a value refers to as $(NAME);
// $$(NAME) is an escape, and everything else is text. Like the kubelet, it accepts any
// name
// (k8s.io/kubernetes/third_party/forked/golang/expansion).
func VisitReferences(value string, f func(name string)) {
	for {
		i := strings.IndexByte(value, '$')
		if i < 0 || i+1 == len(value) {
			return
		}
		value = value[i+1:]
		switch value[0] {
		case '$':
			value = value[1:]
		case '(':
			if end := strings.IndexByte(value, ')'); end > 0 {
				f(value[1:end])
				value = value[end+1:]
			}
		}
	}
}

// MayGet returns those of the names that a container may get from envFrom: its sources have them, or aren't among the
// manifests.
func (w *Workload) MayGet(c *corev1.Container, names ...string) (out []string) {
	for _, name := range names {
		for _, from := range c.EnvFrom {
			var source *ConfigMap
			switch {
			case from.ConfigMapRef != nil:
				source = w.ConfigMap(from.ConfigMapRef.Name)
			case from.SecretRef != nil:
				source = w.Secret(from.SecretRef.Name)
			}
			key, fits := strings.CutPrefix(name, from.Prefix)
			if fits && (source == nil || slices.Contains(source.Keys, key)) && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}
