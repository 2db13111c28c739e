package vault

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// findUser returns the image with the user of its container, and permissions that make the
// files readable for the app and, if possible, for no other user.
//
// If all served containers are known to have the same user, ours has it too, and no other
// user needs to read the files. Otherwise, with an fsGroup, the kubelet gives the volume to
// that group, new files get it too (the folder is setgid), and all containers of the pod
// are in it. Otherwise the app's user is unknown, and everybody can read the files. But the
// volume is in memory, it belongs to this pod, and only containers that mount it see the
// files.
func (p *Vault) findUser(w *sidecar.Workload) (pattern.Image, string) {
	i := p.programImage()
	user, group := appUser(w)
	own := pattern.OverriddenUser(w)
	switch {
	case pattern.RemovesUser(w) && (w.Pod.Spec.SecurityContext == nil || w.Pod.Spec.SecurityContext.FSGroup == nil):
		return i, "0444"
	case pattern.RemovesUser(w):
		return i, "0440"
	case own != nil && user != nil && *user == *own:
		return i, "0400"
	case own == nil && user != nil && *user != 0: // never root: its user can read the files anyway
		i.UID = *user
		if group != nil {
			i.GID = *group
		}
		return i, "0400"
	case w.Pod.Spec.SecurityContext != nil && w.Pod.Spec.SecurityContext.FSGroup != nil:
		return i, "0440"
	}
	return i, "0444"
}

// appUser returns the user and group of all served containers, or nil if the manifest
// doesn't set them or they differ.
func appUser(w *sidecar.Workload) (user, group *int64) {
	apps := w.Apps
	if len(apps) == 0 && w.App != nil {
		apps = []*corev1.Container{w.App}
	}
	for i, app := range apps {
		u, g := pattern.RunsAs(w, app)
		if i == 0 {
			user, group = u, g
		}
		if user == nil || u == nil || *u != *user {
			return nil, nil
		}
		if group == nil || g == nil || *g != *group {
			group = nil
		}
	}
	return user, group
}

func (p *Vault) programImage() pattern.Image {
	if p.Program == OpenBao {
		return pattern.OpenBaoImage
	}
	return pattern.VaultImage
}

// programName returns the command. It skips the image's entrypoint, which must be root to
// change owners and capabilities.
func (p *Vault) programName() string {
	if p.Program == OpenBao {
		return "bao"
	}
	return "vault"
}
