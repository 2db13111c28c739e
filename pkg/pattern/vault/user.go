package vault

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// findUser is the image, with whom its container runs as, and the permissions that make
// the files readable for the app and, if possible, for nobody else.
//
// Where all served containers have one user that is written down, ours is that one:
// then nobody else need read the files. Else, with an fsGroup, the kubelet gives the
// volume to that group, files in it have it too (its folder is setgid), and all
// containers of the pod are in it. Else nothing is known of the app's user, and the
// files are for everybody; but the volume is in memory, it is this pod's, and only
// containers that mount it see them.
func (p *Vault) findUser(w *sidecar.Workload) (pattern.Image, string) {
	i := p.programImage()
	user, group := appUser(w)
	own := pattern.OverriddenUser(w)
	switch {
	case own != nil && user != nil && *user == *own:
		return i, "0400"
	case own == nil && user != nil && *user != 0: // never root for the app's sake: it may read all or nothing
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

// appUser is the user that all containers which are served run as, and their group,
// as far as the manifest says; nil where it doesn't, or they differ.
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

// programName skips the image's entrypoint, which changes owners and capabilities, for
// which one must be root.
func (p *Vault) programName() string {
	if p.Program == OpenBao {
		return "bao"
	}
	return "vault"
}
