package sidecar

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// InheritFrom sets fields that a container doesn't set itself to those of the app's
// container: image, env, envFrom, mounts, working directory and security context.
func InheritFrom(c, app *corev1.Container) {
	if c.Image == "" {
		c.Image = app.Image
		if c.ImagePullPolicy == "" {
			c.ImagePullPolicy = app.ImagePullPolicy
		}
	}
	if c.WorkingDir == "" {
		c.WorkingDir = app.WorkingDir
	}
	if c.SecurityContext == nil {
		c.SecurityContext = app.SecurityContext.DeepCopy()
	}
	c.Env = joinEnv(c.Env, app.Env)
	c.EnvFrom = append(slices.Clone(app.EnvFrom), c.EnvFrom...)
	mounts := c.VolumeMounts
	c.VolumeMounts = nil
	for _, m := range app.VolumeMounts {
		if !slices.ContainsFunc(mounts, func(own corev1.VolumeMount) bool { return own.MountPath == m.MountPath }) {
			c.VolumeMounts = append(c.VolumeMounts, m)
		}
	}
	c.VolumeMounts = append(c.VolumeMounts, mounts...)
}

// joinEnv returns a container's own variables and those of the app that it doesn't have.
// Those of the app may refer to its own, so they come after them. Its own ones that
// refer to others come last.
func joinEnv(own, apps []corev1.EnvVar) []corev1.EnvVar {
	var first, last []corev1.EnvVar
	for _, e := range own {
		refers := false
		VisitReferences(e.Value, func(string) { refers = true })
		if refers {
			last = append(last, e)
		} else {
			first = append(first, e)
		}
	}
	for _, e := range apps {
		if !slices.ContainsFunc(own, func(o corev1.EnvVar) bool { return o.Name == e.Name }) {
			first = append(first, e)
		}
	}
	return append(first, last...)
}
