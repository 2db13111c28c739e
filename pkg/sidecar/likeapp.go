package sidecar

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// InheritFrom gives a container what it doesn't say itself and the app's has: image, env,
// envFrom, mounts, working directory and security context.
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
		if !slices.ContainsFunc(mounts, func(mine corev1.VolumeMount) bool { return mine.MountPath == m.MountPath }) {
			c.VolumeMounts = append(c.VolumeMounts, m)
		}
	}
	c.VolumeMounts = append(c.VolumeMounts, mounts...)
}

// joinEnv has the variables of a container's own and those of the app's that it
// doesn't have. The app's may refer to its own, so they come behind them; but those
// of its own that refer to others come last.
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
		if !slices.ContainsFunc(own, func(mine corev1.EnvVar) bool { return mine.Name == e.Name }) {
			first = append(first, e)
		}
	}
	return append(first, last...)
}
