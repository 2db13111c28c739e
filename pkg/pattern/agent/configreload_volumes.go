package agent

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// watchedVolumes returns the names of the watched volumes. In the output of an earlier run,
// they're those that the watcher mounts: other sidecars may have given the app more volumes
// since, which aren't the app's own.
func (p *ConfigReload) watchedVolumes(w *sidecar.Workload) []string {
	if len(p.Volumes) > 0 {
		return p.Volumes
	}
	var names []string
	if own := w.Container(w.Name); own != nil {
		for _, m := range own.VolumeMounts {
			if m.MountPath == watchDir+"/"+m.Name {
				names = append(names, m.Name)
			}
		}
	}
	if names != nil {
		return names
	}
	for i := range w.Pod.Spec.Volumes {
		v := &w.Pod.Spec.Volumes[i]
		if len(volumeSources(v)) > 0 && !hasToken(v) && slices.ContainsFunc(w.ServedApps(), func(c *corev1.Container) bool {
			return mountsOf(c, v.Name) != nil
		}) {
			names = append(names, v.Name)
		}
	}
	return names
}

// mountsOf returns the mounts of a volume in a container.
func mountsOf(c *corev1.Container, name string) (out []corev1.VolumeMount) {
	for _, m := range c.VolumeMounts {
		if m.Name == name {
			out = append(out, m)
		}
	}
	return out
}

// A source is a ConfigMap or Secret that a volume contains.
type source struct{ kind, name string }

func (s source) String() string { return s.kind + " " + s.name }

// volumeSources returns the sources of a volume. Other kinds of volumes have none.
func volumeSources(v *corev1.Volume) (out []source) {
	switch {
	case v.ConfigMap != nil:
		return []source{{"ConfigMap", v.ConfigMap.Name}}
	case v.Secret != nil:
		return []source{{"Secret", v.Secret.SecretName}}
	case v.Projected == nil:
		return nil
	}
	for _, s := range v.Projected.Sources {
		if s.ConfigMap != nil {
			out = append(out, source{"ConfigMap", s.ConfigMap.Name})
		}
		if s.Secret != nil {
			out = append(out, source{"Secret", s.Secret.Name})
		}
	}
	return out
}

// hasToken reports whether a volume also contains a service account token, which the
// kubelet replaces every hour.
func hasToken(v *corev1.Volume) bool {
	return v.Projected != nil && slices.ContainsFunc(v.Projected.Sources, func(s corev1.VolumeProjection) bool {
		return s.ServiceAccountToken != nil
	})
}
