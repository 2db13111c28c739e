package sidecar

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// An EnvVar is a variable that the app's container gets: that of core/v1, which
// may also be joined to the value that is there, or replace it.
type EnvVar struct {
	corev1.EnvVar `json:",inline"`
	// AppendWith, where it's set, appends the value to the one that the app or
	// another sidecar gives the variable already, with this text between them, as
	// " " for JAVA_TOOL_OPTIONS or ":" for PATH-like lists. A value that is among
	// the existing ones isn't appended again. Without it, another value is a
	// conflict.
	AppendWith string `json:"appendWith,omitempty"`
	// Replace, where it's true, lets the value take the place of another one that
	// a container's manifest gives the variable, which is a conflict else. It is
	// for plain values: what valueFrom gives shows only in the cluster.
	Replace bool `json:"replace,omitempty"`
	// Everywhere, where it's true, makes this the value in all other containers
	// and init containers of the pod too, as far as they have the variable. It
	// comes with replace.
	Everywhere bool `json:"everywhere,omitempty"`
}

// VarsEverywhere are those of the app's variables that all containers get that have
// them.
func (a *App) VarsEverywhere() []EnvVar {
	var vars []EnvVar
	for _, e := range a.Env {
		if e.Everywhere {
			vars = append(vars, e)
		}
	}
	return vars
}

// Vars are variables that are set and not appended.
func Vars(env ...corev1.EnvVar) []EnvVar {
	var out []EnvVar
	for _, e := range env {
		out = append(out, EnvVar{EnvVar: e})
	}
	return out
}

// VisitReferences calls f for each variable that a value refers to as $(NAME);
// $$(NAME) is an escape, and everything else is text. Like the kubelet, it asks
// nothing of the form of a name
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
