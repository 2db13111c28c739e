package sidecar

import corev1 "k8s.io/api/core/v1"

// Bare is what a pod is without the sidecars: what they set isn't there, whether
// the manifest has it by itself, by an earlier run, or not at all. So a run over
// the result sees the same. Where they append to a variable, the rest stays.
type Bare struct {
	Pod corev1.PodTemplateSpec
	App *corev1.Container // points into Pod
	// variables that sidecars lead elsewhere, in order: what the manifest has there can't be told any more
	Redirected []string
}

// CopyPod is the pod of w as it stands, as a start for Alone.
func (w *Workload) CopyPod() *Bare {
	a := &Bare{Pod: *w.Pod.DeepCopy()}
	for c := range PodContainers(&a.Pod.Spec) {
		if c.Name == w.App.Name {
			a.App = c
		}
	}
	return a
}
