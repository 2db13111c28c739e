package merge

import (
	"path"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// mounts adds volume mounts. Merge tells those of one path that differ; what it
// can't see, since they're other addresses, is one path in two spellings and
// devices at the path.
func (f *flattener) mounts(c *corev1.Container, at sidecar.Path, parts []part) {
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
				f.add(sidecar.Error, "mount-conflict", p.owner, at.At("mountPath", m.MountPath), "wants "+say(*m)+", but "+
					first.String()+" at the same place", "mount it somewhere else")
				continue
			}
			f.post(p.owner, sidecar.Edit{Path: at.At("mountPath", m.MountPath), Value: *m})
		}
	}
}

// mount is what stands at a path of a container: a volume or a device.
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
		return "the manifest has " + say(*m.mount)
	}
	return m.owner + " wants " + say(*m.mount)
}
