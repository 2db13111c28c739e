// Package sidecartest makes small workloads for tests of merge and verify.
package sidecartest

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Deployment is the name of [Workload].
var Deployment = sidecar.Ref{Group: "apps", Kind: "Deployment", Namespace: "prod", Name: "web"}

// Workload returns a small pod with an app and an init container.
func Workload() *sidecar.Workload {
	w := &sidecar.Workload{
		Ref: Deployment, Template: sidecar.Fields("spec", "template"),
		Name: "proxy", Kubernetes: sidecar.Version{Major: 1, Minor: 33},
	}
	w.Pod.Spec.InitContainers = []corev1.Container{{Name: "setup", Ports: []corev1.ContainerPort{{ContainerPort: 7000}}}}
	w.Pod.Spec.Containers = []corev1.Container{
		{Name: "app", Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 9200}}},
		{Name: "other", Ports: []corev1.ContainerPort{{Name: "web", ContainerPort: 8080}}},
	}
	w.App = &w.Pod.Spec.Containers[0]
	return w
}

// Answer returns a native sidecar that serves the app of w.
func Answer(w *sidecar.Workload, name string, c *sidecar.Change) sidecar.Answer {
	return sidecar.Answer{Name: name, Placement: sidecar.Native, App: w.App, Change: c}
}

// Vars reads "A=1 B=$(A) C+=x": += appends with a comma.
func Vars(text string) []sidecar.EnvVar {
	var env []sidecar.EnvVar
	for _, word := range strings.Fields(text) {
		name, value, _ := strings.Cut(word, "=")
		e := sidecar.EnvVar{EnvVar: corev1.EnvVar{Name: strings.TrimSuffix(name, "+"), Value: value}}
		if strings.HasSuffix(name, "+") {
			e.AppendWith = ","
		}
		env = append(env, e)
	}
	return env
}

// PlainVars reads "NAME=value" as variables of a container.
func PlainVars(text string) (env []corev1.EnvVar) {
	for _, e := range Vars(text) {
		env = append(env, e.EnvVar)
	}
	return env
}

// Redirecting reads variables, as Vars does, that replace others in all containers.
func Redirecting(text string) sidecar.App {
	app := sidecar.App{Env: Vars(text)}
	for i := range app.Env {
		app.Env[i].Replace, app.Env[i].Everywhere = true, true
	}
	return app
}
