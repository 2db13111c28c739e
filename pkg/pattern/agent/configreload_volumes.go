package agent

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// watchedVolumes are those that are watched. On its own result a run watches what it
// watched: what other sidecars have given the app since isn't the app's.
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

// mountsOf are the mounts of a volume in a container.
func mountsOf(c *corev1.Container, name string) (out []corev1.VolumeMount) {
	for _, m := range c.VolumeMounts {
		if m.Name == name {
			out = append(out, m)
		}
	}
	return out
}

// A source is a ConfigMap or Secret that a volume shows.
type source struct{ kind, name string }

func (s source) String() string { return s.kind + " " + s.name }

// volumeSources are those of a volume; none where it's of another kind.
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

// hasToken reports whether a volume has a token of the kubelet's too, which is another
// one every hour.
func hasToken(v *corev1.Volume) bool {
	return v.Projected != nil && slices.ContainsFunc(v.Projected.Sources, func(s corev1.VolumeProjection) bool {
		return s.ServiceAccountToken != nil
	})
}
