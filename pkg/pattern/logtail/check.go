package logtail

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Check finds errors in the entry for this workload.
func (p *LogTail) Check(w *sidecar.Workload) sidecar.Findings {
	var fs sidecar.Findings
	if pattern.CheckLinux(w, &fs); w.App == nil {
		return fs
	}
	at, errs := p.findPlace(w)
	fs = append(fs, errs...)
	if !errs.Failed() {
		p.checkVolume(w, at, &fs)
	}
	p.checkNested(w, &fs)
	p.checkUser(w, &fs)
	p.AppConfig.checkConfig(w, &fs)
	p.FluentBit.checkFluentBit(w, &fs)
	return fs
}

// checkVolume finds a size limit without an effect, and volumes that several pods share.
func (p *LogTail) checkVolume(w *sidecar.Workload, at logPlace, fs *sidecar.Findings) {
	if !at.own && p.SizeLimit != nil && p.Volume == "" {
		fs.Add(sidecar.Warning, "log-volume", "sizeLimit", "has no effect: the app has volume "+at.mount.Name+" there",
			"remove it")
	}
	source, _ := sourceOf(w, at.mount.Name)
	if at.own || source == nil || !at.lasts || at.mount.SubPathExpr != "" {
		return
	}
	if w.Replicas != nil && *w.Replicas < 2 && w.Ref.Kind != "DaemonSet" {
		return
	}
	if source.HostPath != nil && w.Ref.Kind == "DaemonSet" {
		return // each node has one pod and one such volume
	}
	if w.Replicas != nil || w.Ref.Kind == "DaemonSet" {
		fs.Add(sidecar.Warning, "log-volume-shared", "directory", "the pods of this workload share volume "+at.mount.Name+
			", and each would stream the files of all",
			"mount it with subPathExpr: $(POD_NAME), or log to an emptyDir")
	}
}

// checkNested finds files that are on another volume than the directory.
func (p *LogTail) checkNested(w *sidecar.Workload, fs *sidecar.Findings) {
	for _, c := range w.ServedApps() {
		for i, f := range p.Files {
			if n := strings.IndexAny(f, "*?["); n >= 0 {
				f = f[:n] + "x" // stands for each match
			}
			if m := mountOver(c, path.Join(p.Directory, f)); m != nil &&
				strings.HasPrefix(path.Clean(m.MountPath), p.Directory+"/") {
				fs.Add(sidecar.Error, "log-volume", fmt.Sprintf("files[%d]", i),
					fmt.Sprintf("is in %s, where container %s has another volume, %s", path.Clean(m.MountPath), c.Name, m.Name),
					"write another entry for that directory")
			}
		}
	}
}

// findUser returns the user of the sidecar: the app's, which can read what it has written,
// but never root.
func (p *LogTail) findUser(w *sidecar.Workload, i pattern.Image) pattern.Image {
	uid, gid := pattern.RunsAs(w, w.App)
	if uid == nil || *uid == 0 {
		return i
	}
	i.UID, i.GID = *uid, *uid
	if gid != nil {
		i.GID = *gid
	}
	return i
}

// checkUser finds apps with files that the sidecar may not be able to read.
func (p *LogTail) checkUser(w *sidecar.Workload, fs *sidecar.Findings) {
	if pattern.OverriddenUser(w) != nil || pattern.RemovesUser(w) {
		return // the user was chosen
	}
	readable := "what everyone can read"
	if pod := w.Pod.Spec.SecurityContext; pod != nil && pod.FSGroup != nil {
		readable += fmt.Sprintf(", or group %d", *pod.FSGroup)
	}
	uid, _ := pattern.RunsAs(w, w.App)
	switch {
	case uid == nil: // most images decide it themselves, and most logs can be read by everyone
		fs.Add(sidecar.Info, "log-user", "",
			fmt.Sprintf("container %s doesn't set runAsUser, so the sidecar runs as a user of its own and streams only %s",
				w.App.Name, readable),
			"write runAsUser into the securityContext of the container or its pod")
	case *uid == 0:
		fs.Add(sidecar.Warning, "log-user", "",
			fmt.Sprintf("container %s runs as root, and the sidecar doesn't, so it streams only %s", w.App.Name, readable),
			"run the app as another user, or write override.securityContext: {runAsUser: 0, runAsNonRoot: false}")
	}
	for _, c := range w.ServedApps() {
		if other, _ := pattern.RunsAs(w, c); uid != nil && (other == nil || *other != *uid) {
			fs.Add(sidecar.Warning, "log-user", "",
				fmt.Sprintf(
					"container %s may not run as user %d, as container %s does, so the sidecar streams only %s of its files",
					c.Name, *uid, w.App.Name, readable), "run both as the same user")
		}
	}
}

// checkFluentBit finds variables that nothing sets, and Secrets and ConfigMaps of the input
// that lack a key.
func (f *FluentBit) checkFluentBit(w *sidecar.Workload, fs *sidecar.Findings) {
	if f == nil {
		return
	}
	known := []string{"HOSTNAME"} // every container has it
	env := f.Env
	if w.Override != nil {
		env = slices.Concat(env, w.Override.Env)
	}
	for _, e := range env {
		known = append(known, e.Name)
	}
	check := func(at string, list ...Settings) {
		for _, s := range list {
			for _, name := range s.variableNames() {
				if !slices.Contains(known, name) {
					fs.Add(sidecar.Error, "env-missing", at, "nothing sets the variable "+strconv.Quote(name),
						"write it into fluentBit.env")
				}
			}
		}
	}
	check("fluentBit.parser", f.Parser)
	check("fluentBit.input", f.Input)
	check("fluentBit.filters", f.Filters...)
	check("fluentBit.outputs", f.Outputs...)
	for i, e := range f.Env {
		at := fmt.Sprintf("fluentBit.env[%d]", i)
		if e.ValueFrom == nil {
			continue
		}
		if s := e.ValueFrom.SecretKeyRef; s != nil {
			pattern.CheckSecretKeys(w, "secret-key", at, s.Name, []string{s.Key}, "name one that has the key, or set key", fs)
		}
		if m := e.ValueFrom.ConfigMapKeyRef; m != nil {
			if c := w.ConfigMap(m.Name); c != nil && !slices.Contains(c.Keys, m.Key) {
				fs.Add(sidecar.Error, "configmap-key", at,
					fmt.Sprintf("ConfigMap %s has no key %s (it has %s)", m.Name, m.Key, pattern.JoinSorted(c.Keys)),
					"name one that has the key, or set key")
			}
		}
	}
}
