package step

import (
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Check finds errors in the entry for this workload.
func (p *Permissions) Check(w *sidecar.Workload) sidecar.Findings {
	var fs sidecar.Findings
	pattern.CheckLinux(w, &fs)
	var chown, group []string
	for i, name := range p.Volumes {
		at := fmt.Sprintf("volumes[%d]", i)
		v, ok := checkWritable(w, at, name, &fs)
		if !ok {
			continue
		}
		if p.modeFor(v) == ModeFSGroup {
			group = append(group, name)
			if kind := unmanagedKind(v); kind != "" {
				fs.Add(sidecar.Error, "fs-group", "mode", "volume "+name+" is "+kind+", whose group the kubelet doesn't change",
					"use chown for it, or remove mode")
			}
			continue
		}
		chown = append(chown, name)
		checkHostPath(v, at, &fs)
		if checkSubPaths(w, at, name, &fs); w.App != nil && len(appMounts(w, name)) == 0 {
			fs.AddUnfit(sidecar.Error, "volume-unused", at,
				fmt.Sprintf("container %s doesn't mount volume %s to write to it", w.App.Name, name),
				"name a volume that it mounts, or set app to the container that mounts it")
		}
	}
	if others := sharedVolumes(w, p.Volumes); group != nil && others != nil {
		fs.Add(sidecar.Info, "fs-group", "volumes", "the kubelet changes the group of all volumes of the pod, so also of "+
			pattern.JoinSorted(others), "")
	}
	if group != nil && p.fsGroup(w) == nil {
		fs.Add(sidecar.Error, "user-unknown", "runAsGroup",
			"the app's group isn't known: neither its nor the pod's securityContext has a runAsGroup or runAsUser",
			"write it (the command id in the app's container prints it)")
	}
	if chown == nil {
		return fs
	}
	p.checkOwner(w, &fs)
	pattern.CheckAdmitted(w, "restricted", "mode", "the root container that makes the app the owner of "+
		pattern.JoinSorted(chown),
		"use mode fsGroup if the volume supports it, let the volume's provisioner set the owner, or use "+
			"a namespace that admits root", &fs)
	return fs
}

// checkOwner finds apps with an unknown user.
func (p *Permissions) checkOwner(w *sidecar.Workload, fs *sidecar.Findings) {
	_, owner := p.chownOwner(w)
	if owner == "" {
		fs.Add(sidecar.Error, "user-unknown", "runAsUser",
			"the app's user isn't known: neither its nor the pod's securityContext has a runAsUser",
			"write it (the command id in the app's container prints it)")
		return
	}
	if p.RunAsUser != nil {
		return
	}
	for _, c := range w.Apps {
		if user, _ := pattern.RunsAs(w, c); user == nil || fmt.Sprint(*user) != strings.Split(owner, ":")[0] {
			fs.Add(sidecar.Error, "user-unknown", "runAsUser",
				fmt.Sprintf("containers %s and %s don't run as the same user", w.App.Name, c.Name),
				"write the user that must own the volumes")
			return
		}
	}
}

// unmanagedKind returns the kind of a volume that fsGroup doesn't change, or "".
func unmanagedKind(v corev1.Volume) string {
	switch {
	case v.HostPath != nil:
		return "a hostPath"
	case v.NFS != nil:
		return "of NFS"
	}
	return ""
}

// sharedVolumes returns volumes that outlive the pod and get its group too, though they
// aren't named.
func sharedVolumes(w *sidecar.Workload, named []string) (names []string) {
	for _, name := range pattern.VolumeNames(w) {
		v, _ := podVolume(w, name)
		if lasting := v.VolumeSource == (corev1.VolumeSource{}) || v.PersistentVolumeClaim != nil ||
			v.CSI != nil; lasting && !slices.Contains(named, name) {
			names = append(names, name)
		}
	}
	return names
}

// checkHostPath finds folders of the node's own system.
func checkHostPath(v corev1.Volume, at string, fs *sidecar.Findings) {
	if v.HostPath == nil {
		return
	}
	dir := path.Clean(v.HostPath.Path)
	system := slices.Contains([]string{"/", "/home", "/media", "/mnt", "/opt", "/srv", "/tmp", "/var", "/var/lib",
		"/var/log"}, dir)
	for _, parent := range []string{"/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/root", "/run", "/sbin",
		"/sys", "/usr", "/var/lib/containerd", "/var/lib/kubelet", "/var/run"} {
		system = system || dir == parent || strings.HasPrefix(dir, parent+"/")
	}
	if system {
		fs.Add(sidecar.Error, "host-path", at, "volume "+v.Name+" is the node's "+dir+", which the app must not own",
			"mount a folder that only the app uses")
	}
}

// checkSubPaths finds mounts whose folder the init container doesn't know.
func checkSubPaths(w *sidecar.Workload, at, volume string, fs *sidecar.Findings) {
	if w.App == nil {
		return
	}
	for _, m := range w.App.VolumeMounts {
		if m.Name == volume && m.SubPathExpr != "" {
			fs.Add(sidecar.Error, "sub-path", at,
				"volume "+volume+" is mounted with subPathExpr, which depends on the app's variables",
				"use subPath, or mode fsGroup if the volume supports it")
		}
	}
}
