package merge

import (
	"path"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// flattenMounts adds volume mounts. Merge finds different mounts at one address. Two
// spellings of one path, and a device at a path, are different addresses, so they are
// compared here.
func (f *flattener) flattenMounts(c *corev1.Container, at sidecar.Path, parts []part) {
	n := 0
	for _, p := range parts {
		n += len(p.app.VolumeMounts)
	}
	if n == 0 {
		return
	}
	seen := make(map[string]mount, len(c.VolumeMounts)+n)
	for i := range c.VolumeMounts {
		seen[path.Clean(c.VolumeMounts[i].MountPath)] = mount{mount: &c.VolumeMounts[i]}
	}
	for i := range c.VolumeDevices {
		seen[path.Clean(c.VolumeDevices[i].DevicePath)] = mount{device: c.VolumeDevices[i].Name}
	}
	for _, p := range parts {
		for i := range p.app.VolumeMounts {
			m := &p.app.VolumeMounts[i]
			clean := path.Clean(m.MountPath)
			switch first, twice := seen[clean]; {
			case !twice:
				seen[clean] = mount{mount: m, owner: p.owner}
			case first.mount == nil || first.mount.MountPath != m.MountPath:
				f.report(sidecar.Error, "mount-conflict", p.owner, at.At("mountPath", m.MountPath),
					"mounts "+describeValue(*m)+", but "+first.String()+" at the same path", "mount it somewhere else")
				continue
			}
			f.post(p.owner, sidecar.Edit{Path: at.At("mountPath", m.MountPath), Value: *m})
		}
	}
}

// mount is a volume or a device at a path of a container.
type mount struct {
	mount  *corev1.VolumeMount
	device string
	owner  string // the sidecar; "": the manifest
}

func (m mount) String() string {
	switch {
	case m.mount == nil:
		return "the manifest has device " + m.device
	case m.owner == "":
		return "the manifest has " + describeValue(*m.mount)
	}
	return m.owner + " mounts " + describeValue(*m.mount)
}
