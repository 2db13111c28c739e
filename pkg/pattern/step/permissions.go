package step

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Permissions lets the app's user write to volumes of the pod. The preferred way is
// fsGroup: the kubelet changes a volume's group to one that all containers are in, without
// a container or a privilege. For hostPath and NFS, which the kubelet doesn't change, an
// init container changes the owner unless it's right already. That needs root, which the
// Pod Security level restricted refuses.
type Permissions struct {
	// Volumes are the names of volumes that the app mounts.
	Volumes []string `json:"volumes" config:"nonempty"`
	// Mode is how volumes become writable: fsGroup or chown. Write chown for a CSI driver
	// without support for fsGroup, and for a volume that many nodes write to
	// (ReadWriteMany). Default: chown for hostPath and NFS, fsGroup for all others.
	Mode PermissionMode `json:"mode,omitempty"`
	// RunAsUser is the ID of the app's user, for chown. Default: that in the
	// securityContext of the app or the pod.
	RunAsUser *int64 `json:"runAsUser,omitempty"`
	// RunAsGroup is the ID of the group: of the fsGroup and, with chown, of the owner.
	// Default: the pod's fsGroup if it has one, else the runAsGroup in the securityContext
	// of the app or the pod, else, for fsGroup, the ID of its user.
	RunAsGroup *int64 `json:"runAsGroup,omitempty"`
	// FSGroupChangePolicy is when the kubelet changes all files of a volume: Always, or
	// OnRootMismatch (only if the volume's root doesn't have the group yet). Default: the
	// pod's, else OnRootMismatch.
	FSGroupChangePolicy corev1.PodFSGroupChangePolicy `json:"fsGroupChangePolicy,omitempty"`
}

// A PermissionMode is how a volume becomes writable.
type PermissionMode string

const (
	ModeFSGroup PermissionMode = "fsGroup"
	ModeChown   PermissionMode = "chown"
)

var _ sidecar.Pattern = (*Permissions)(nil)

// volumesDir is the folder of the volumes in the init container, each at the app's path
// below it. At the app's own path, one might hide programs of the image.
const volumesDir = "/volumes"

// Change gives volumes to the pod's group, or to the app's user.
func (p *Permissions) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	c := &sidecar.Change{Phase: sidecar.PhaseKernel}
	var mounts []corev1.VolumeMount
	for _, name := range p.Volumes {
		v, _ := podVolume(w, name)
		if p.modeFor(v) == ModeChown {
			mounts = append(mounts, appMounts(w, name)...)
			continue
		}
		c.Pod.FSGroup = p.fsGroup(w)
		if v.EmptyDir == nil { // an emptyDir is always new
			c.Pod.FSGroupChangePolicy = p.changePolicy(w)
		}
	}
	if mounts != nil {
		form, owner := p.chownOwner(w)
		args := []string{form, owner}
		for i := range mounts {
			args = append(args, escapeArgs(mounts[i].MountPath)...)
		}
		c.InitContainers = []corev1.Container{{
			Name:         w.Name,
			Image:        w.Pulled(pattern.BusyboxImage.Ref),
			Command:      stepScript("permissions"),
			Args:         args,
			Resources:    stepSize.Resources(w),
			VolumeMounts: mounts,
			// CHOWN for the owner, DAC_OVERRIDE for folders that only their owner may enter.
			SecurityContext: pattern.RootSecurityContext("CHOWN", "DAC_OVERRIDE"),
		}}
	}
	return c, nil
}

// modeFor returns how a volume becomes writable. The kubelet never changes volumes of the
// node or of an NFS server (k8s.io/kubernetes/pkg/volume: their Attributes aren't Managed).
func (p *Permissions) modeFor(v corev1.Volume) PermissionMode {
	switch {
	case p.Mode != "":
		return p.Mode
	case v.HostPath != nil || v.NFS != nil:
		return ModeChown
	}
	return ModeFSGroup
}

// fsGroup returns the group for the pod's volumes. An existing one is kept.
func (p *Permissions) fsGroup(w *sidecar.Workload) *int64 {
	if p.RunAsGroup != nil {
		return new(*p.RunAsGroup)
	}
	if pod := w.Pod.Spec.SecurityContext; pod != nil && pod.FSGroup != nil {
		return new(*pod.FSGroup)
	}
	user, group := pattern.RunsAs(w, w.App)
	for _, id := range []*int64{group, p.RunAsUser, user} {
		if id != nil {
			return new(*id)
		}
	}
	return nil
}

func (p *Permissions) changePolicy(w *sidecar.Workload) corev1.PodFSGroupChangePolicy {
	if p.FSGroupChangePolicy != "" {
		return p.FSGroupChangePolicy
	}
	if pod := w.Pod.Spec.SecurityContext; pod != nil && pod.FSGroupChangePolicy != nil {
		return *pod.FSGroupChangePolicy
	}
	return corev1.FSGroupChangeOnRootMismatch
}

// chownOwner returns the new owner for chown, and the format with which stat prints the
// present one. An unknown group is left as it is.
func (p *Permissions) chownOwner(w *sidecar.Workload) (form, owner string) {
	user, group := pattern.RunsAs(w, w.App)
	if p.RunAsUser != nil {
		user = p.RunAsUser
	}
	if p.RunAsGroup != nil {
		group = p.RunAsGroup
	}
	if user == nil {
		return "", "" // Check reports an error
	}
	if group == nil {
		return "%u", fmt.Sprint(*user)
	}
	return "%u:%g", fmt.Sprintf("%d:%d", *user, *group)
}

// appMounts returns the app's mounts of a volume, made writable, in a folder where they
// hide nothing of the image. A mount with a subPath creates that folder of the volume.
func appMounts(w *sidecar.Workload, volume string) (mounts []corev1.VolumeMount) {
	if w.App == nil {
		return nil
	}
	seen := map[string]bool{}
	for _, m := range w.App.VolumeMounts {
		if m.Name == volume && !m.ReadOnly && !seen[m.SubPath] {
			seen[m.SubPath] = true
			mounts = append(mounts, corev1.VolumeMount{Name: m.Name, MountPath: volumesDir + m.MountPath, SubPath: m.SubPath})
		}
	}
	return mounts
}
