package sidecar

import corev1 "k8s.io/api/core/v1"

// Bare is the pod without anything that sidecars set, whoever wrote it, so that a run over
// our own output sees the same pod. If a sidecar appends to a variable, the rest of its
// value stays.
type Bare struct {
	Pod corev1.PodTemplateSpec
	App *corev1.Container // points into Pod
	// names of variables that sidecars replace, sorted: their values in the manifest aren't known any more
	Redirected []string
}

// CopyPod returns a copy of the pod of w, from which package merge makes a Bare.
func (w *Workload) CopyPod() *Bare {
	a := &Bare{Pod: *w.Pod.DeepCopy()}
	for c := range PodContainers(&a.Pod.Spec) {
		if c.Name == w.App.Name {
			a.App = c
		}
	}
	return a
}
