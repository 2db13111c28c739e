package step

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Permissions lets the app's user write to volumes of the pod. The first answer is
// fsGroup: the kubelet gives a volume to a group that all containers are in, with no
// container and no privilege. Where it doesn't do that, for hostPath and NFS, an init
// container changes the owner, unless it's right already; that needs root, which
// Pod Security's level restricted refuses.
type Permissions struct {
	// Volumes are names of volumes that the app mounts.
	Volumes []string `json:"volumes"`
	// Mode says how: fsGroup or chown. Default: chown for hostPath and NFS, fsGroup
	// for all others. A CSI driver without support for fsGroup needs chown to be
	// written, and so does a volume that many nodes write to (ReadWriteMany).
	Mode PermissionMode `json:"mode,omitempty"`
	// RunAsUser is the number of the user that the app runs as, for chown. Default:
	// that of the app's, or the pod's, securityContext.
	RunAsUser *int64 `json:"runAsUser,omitempty"`
	// RunAsGroup is the number of the group: of the fsGroup, and, with chown, of the
	// owner. Default: the pod's fsGroup where it has one, else the runAsGroup of the
	// app's, or the pod's, securityContext, else, for fsGroup, the number of its user.
	RunAsGroup *int64 `json:"runAsGroup,omitempty"`
	// FSGroupChangePolicy says when the kubelet walks through a whole volume: Always,
	// or OnRootMismatch, only if its root isn't the group's yet. Default: the pod's, else
	// OnRootMismatch.
	FSGroupChangePolicy corev1.PodFSGroupChangePolicy `json:"fsGroupChangePolicy,omitempty"`
}

// A PermissionMode says how a volume becomes writable.
type PermissionMode string

const (
	ModeFSGroup PermissionMode = "fsGroup"
	ModeChown   PermissionMode = "chown"
)

var _ sidecar.Pattern = (*Permissions)(nil)

// volumesDir is where the init container has volumes, at the app's paths below it:
// an app may have one where the image has its programs.
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
		if v.EmptyDir == nil { // those are new, and the policy isn't for them
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
			Image:        pattern.BusyboxImage.Ref,
			Command:      stepScript("permissions"),
			Args:         args,
			Resources:    stepSize.Resources(w),
			VolumeMounts: mounts,
			// CHOWN for the owner, DAC_OVERRIDE for folders that only their owner may enter.
			SecurityContext: asRoot("CHOWN", "DAC_OVERRIDE"),
		}}
	}
	return c, nil
}

// modeFor is how a volume becomes writable: the kubelet never changes what belongs to
// the node or to an NFS server (k8s.io/kubernetes/pkg/volume: their Attributes aren't
// Managed).
func (p *Permissions) modeFor(v corev1.Volume) PermissionMode {
	switch {
	case p.Mode != "":
		return p.Mode
	case v.HostPath != nil || v.NFS != nil:
		return ModeChown
	}
	return ModeFSGroup
}

// fsGroup is the pod's group of its volumes. One that is there stays: it does.
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

// chownOwner is whom chown gives volumes to, and what stat is asked for to compare. A
// group that nothing tells stays what it is.
func (p *Permissions) chownOwner(w *sidecar.Workload) (form, chownOwner string) {
	user, group := pattern.RunsAs(w, w.App)
	if p.RunAsUser != nil {
		user = p.RunAsUser
	}
	if p.RunAsGroup != nil {
		group = p.RunAsGroup
	}
	if user == nil {
		return "", "" // an error: see check
	}
	if group == nil {
		return "%u", fmt.Sprint(*user)
	}
	return "%u:%g", fmt.Sprintf("%d:%d", *user, *group)
}

// appMounts are where the app has a volume, made writable and put where nothing of
// the image is: with the parts of it that it sees, which are there from then on.
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
