package logtail

import (
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A logPlace is the folder of the files, and its volume.
type logPlace struct {
	mount corev1.VolumeMount // in the sidecar
	dir   string             // the directory as the sidecar sees it
	env   []corev1.EnvVar    // variables in the mount's subPathExpr
	own   bool               // the volume is added for the logs
	lay   bool               // the app's mount is added
	lasts bool               // the volume outlives the pod
}

// findPlace finds the volume of the directory: the one that all served containers mount
// there or above it, or one that they get.
func (p *LogTail) findPlace(w *sidecar.Workload) (logPlace, sidecar.Findings) {
	var fs sidecar.Findings
	add := func(message, hint string) (logPlace, sidecar.Findings) {
		fs.Add(sidecar.Error, "log-volume", "directory", message, hint)
		return logPlace{}, fs
	}
	var found *corev1.VolumeMount
	for i, c := range w.ServedApps() {
		m := mountOver(c, p.Directory)
		if m != nil && m.MountPath == p.Directory && (m.Name == pattern.VolumeName(w, "logs") || m.Name == p.Volume) &&
			plainMount(m) {
			m = nil // this mount is the one that we add
		} else if m != nil && p.Volume != "" && path.Clean(m.MountPath) != p.Directory && m.Name != p.Volume {
			m = nil // the named volume is mounted below it
		}
		if i > 0 && !sameMount(m, found) {
			return add(fmt.Sprintf("containers %s and %s have different volumes there", w.App.Name, c.Name),
				"write another entry for one of them")
		}
		found = m
	}
	at := logPlace{mount: corev1.VolumeMount{Name: pattern.VolumeName(w, "logs"), MountPath: logsDir, ReadOnly: true},
		dir: logsDir}
	name := pattern.VolumeName(w, "logs")
	switch {
	case found == nil && p.Volume == "":
		at.own, at.lay = true, true
	case found == nil:
		name, at.lay = p.Volume, true
	case p.Volume != "" && found.Name != p.Volume:
		return add(fmt.Sprintf("container %s mounts volume %s there", w.App.Name, found.Name),
			"remove volume, or name that one")
	case found.ReadOnly:
		return add(fmt.Sprintf("container %s mounts volume %s at %s read-only, and can't write there", w.App.Name, found.Name,
			found.MountPath), "name the folder that it writes to")
	default:
		name = found.Name
		at.mount.SubPath, at.mount.SubPathExpr = found.SubPath, found.SubPathExpr
		at.dir = path.Join(logsDir, strings.TrimPrefix(p.Directory, path.Clean(found.MountPath)))
	}
	at.mount.Name = name
	if at.own {
		return at, nil
	}
	source, known := sourceOf(w, name)
	switch {
	case !known:
		fs.Add(sidecar.Error, "log-volume", "volume", "the pod has no volume named "+name,
			"there are: "+pattern.JoinSorted(pattern.VolumeNames(w)))
	case source != nil && pattern.IsReadOnlySource(source):
		return add("volume "+name+" is read-only: it shows what the cluster has", "name another folder")
	}
	at.lasts = source == nil || source.EmptyDir == nil && source.Ephemeral == nil && source.CSI == nil
	var missing []string
	if at.env, missing = referredVariables(w.App, at.mount.SubPathExpr); missing != nil {
		return add("the sidecar would need variable "+pattern.JoinSorted(missing)+" of subPathExpr, which container "+
			w.App.Name+" has from elsewhere", "write it into the container's env")
	}
	return at, fs
}

// mountOver returns the mount of a container that a path is on, or nil.
func mountOver(c *corev1.Container, p string) (best *corev1.VolumeMount) {
	for i := range c.VolumeMounts {
		m := &c.VolumeMounts[i]
		at := path.Clean(m.MountPath)
		if (p == at || at == "/" || strings.HasPrefix(p, at+"/")) &&
			(best == nil || len(at) > len(path.Clean(best.MountPath))) {
			best = m
		}
	}
	return best
}

// plainMount reports whether a mount has the form that we add.
func plainMount(m *corev1.VolumeMount) bool {
	return reflect.DeepEqual(*m, corev1.VolumeMount{Name: m.Name, MountPath: m.MountPath})
}

// sameMount reports whether two mounts have the same volume at the same path.
func sameMount(a, b *corev1.VolumeMount) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Name == b.Name && path.Clean(a.MountPath) == path.Clean(b.MountPath) &&
		a.SubPath == b.SubPath && a.SubPathExpr == b.SubPathExpr && a.ReadOnly == b.ReadOnly
}

// sourceOf finds a volume of the pod. A volume claim of a StatefulSet has no source.
func sourceOf(w *sidecar.Workload, name string) (source *corev1.VolumeSource, known bool) {
	if slices.Contains(w.Claims, name) { // a claim hides a volume with the same name
		return nil, true
	}
	for i := range w.Pod.Spec.Volumes {
		if v := &w.Pod.Spec.Volumes[i]; v.Name == name {
			return &v.VolumeSource, true
		}
	}
	return nil, false
}

var mountReference = pattern.LazyRegexp(`\$\(([^()]*)\)`)

// referredVariables returns the variables that a text refers to as $(NAME), and those that
// they refer to themselves, in the container's order. missing are names that env doesn't
// have.
func referredVariables(c *corev1.Container, text string) (env []corev1.EnvVar, missing []string) {
	want := map[string]bool{}
	collect := func(s string) {
		for _, m := range mountReference().FindAllStringSubmatch(s, -1) {
			want[m[1]] = true
		}
	}
	collect(text)
	for _, e := range slices.Backward(c.Env) {
		if want[e.Name] {
			env = append(env, *e.DeepCopy())
			delete(want, e.Name)
			collect(e.Value)
		}
	}
	slices.Reverse(env)
	return env, slices.Sorted(maps.Keys(want))
}
