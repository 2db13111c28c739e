package agent

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/nearest"
	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Check finds errors in the entry for this workload.
func (p *ConfigReload) Check(w *sidecar.Workload) sidecar.Findings {
	var fs sidecar.Findings
	if pattern.CheckLinux(w, &fs); w.App == nil {
		return fs
	}
	p.checkVolumes(w, &fs)
	if p.Signal != nil {
		p.checkProcess(w, &fs)
	}
	return fs
}

// checkVolumes finds volumes that never change in a running app.
func (p *ConfigReload) checkVolumes(w *sidecar.Workload, fs *sidecar.Findings) {
	names := p.watchedVolumes(w)
	if len(names) == 0 {
		fs.AddUnfit(sidecar.Error, "nothing-to-watch", "volumes",
			fmt.Sprintf("container %s mounts no ConfigMap and no Secret", w.App.Name), "exclude this workload")
	}
	for i, name := range names {
		field, others := "volumes", ", or name the others in volumes"
		if len(p.Volumes) > 0 {
			field, others = fmt.Sprintf("volumes[%d]", i), ""
		}
		at := slices.IndexFunc(w.Pod.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == name })
		if at < 0 {
			fs.Add(sidecar.Error, "volume-unknown", field, "the pod has no volume "+name, p.otherVolumes(w, name))
			continue
		}
		v := &w.Pod.Spec.Volumes[at]
		if len(volumeSources(v)) == 0 {
			fs.Add(sidecar.Error, "nothing-to-watch", field, "volume "+name+" has no ConfigMap and no Secret",
				p.otherVolumes(w, name))
			continue
		}
		if hasToken(v) {
			fs.Add(sidecar.Warning, "reload-token", field,
				"volume "+name+
					" also has a service account token, which changes every hour, and the app would be notified each time",
				"mount the token as a volume of its own")
		}
		p.checkMounts(w, name, field, others, fs)
		for _, s := range volumeSources(v) {
			p.checkSource(w, s, field, others, fs)
		}
	}
}

// otherVolumes returns a hint at the volumes that could be watched.
func (p *ConfigReload) otherVolumes(w *sidecar.Workload, name string) string {
	var all []string
	for i := range w.Pod.Spec.Volumes {
		if v := &w.Pod.Spec.Volumes[i]; len(volumeSources(v)) > 0 && v.Name != pattern.VolumeName(w, "script") {
			all = append(all, v.Name)
		}
	}
	if near := nearest.Name(name, all); near != "" {
		return "did you mean " + near
	}
	return "those with ConfigMaps and Secrets: " + pattern.JoinSorted(all)
}

// checkMounts finds mounts whose files never change after the container's start.
func (p *ConfigReload) checkMounts(w *sidecar.Workload, name, field, others string, fs *sidecar.Findings) {
	seen := false
	for _, c := range w.ServedApps() {
		for _, m := range mountsOf(c, name) {
			seen = true
			if m.SubPath == "" && m.SubPathExpr == "" {
				continue
			}
			p.addUseless(fs, "subpath-no-reload", field,
				fmt.Sprintf(
					"container %s mounts volume %s at %s with subPath, where files never change after the container's start", c.Name,
					name, m.MountPath),
				"mount the whole volume, in a folder of its own"+others)
		}
	}
	if !seen {
		fs.Add(sidecar.Error, "nothing-to-watch", field,
			fmt.Sprintf("container %s doesn't mount volume %s", w.App.Name, name),
			"mount it, or set this entry's app to the container that does")
	}
}

// addUseless adds an error about a volume whose changes no running app sees. If the config doesn't name the volume, the
// workload isn't one for the pattern: a document for many workloads can't name the volumes of each.
func (p *ConfigReload) addUseless(fs *sidecar.Findings, code, field, message, hint string) {
	add := fs.Add
	if len(p.Volumes) == 0 {
		add = fs.AddUnfit
	}
	add(sidecar.Error, code, field, message, hint)
}

// kustomizeName matches a name with kustomize's hash suffix: ten of sixteen letters and
// digits without vowels (sigs.k8s.io/kustomize/api/hasher).
var kustomizeName = pattern.LazyRegexp(`-[2456789bcdfghkmt]{10}$`)

// checkSource finds ConfigMaps and Secrets whose new content never reaches a running app.
func (p *ConfigReload) checkSource(w *sidecar.Workload, s source, field, others string, fs *sidecar.Findings) {
	known := w.ConfigMap(s.name)
	if s.kind == "Secret" {
		known = w.Secret(s.name)
	}
	switch {
	case known != nil && known.Hashed || kustomizeName().MatchString(s.name):
		p.addUseless(fs, "hash-no-reload", field,
			s.String()+
				" gets a new name with each change, through kustomize's hash suffix, so the pods are replaced and need no reload",
			"write options: {disableNameSuffixHash: true} in its generator, or remove this pattern"+others)
	case known != nil && known.Immutable:
		p.addUseless(fs, "immutable-no-reload", field, s.String()+" is immutable: its content never changes",
			"remove immutable from it, or remove this pattern"+others)
	}
	for _, c := range w.ServedApps() {
		if from := describeVariables(c, s); from != "" {
			fs.Add(sidecar.Info, "env-no-reload", field,
				fmt.Sprintf("container %s has %s of %s, too, and variables never change after its start", c.Name, from, s), "")
		}
	}
}

// describeVariables names the variables that a container has from a ConfigMap or Secret. ""
// means none.
func describeVariables(c *corev1.Container, s source) string {
	for _, f := range c.EnvFrom {
		if f.ConfigMapRef != nil && s == (source{"ConfigMap", f.ConfigMapRef.Name}) ||
			f.SecretRef != nil && s == (source{"Secret", f.SecretRef.Name}) {
			return "all variables"
		}
	}
	var names []string
	for _, e := range c.Env {
		if f := e.ValueFrom; f != nil && (f.ConfigMapKeyRef != nil && s == (source{"ConfigMap", f.ConfigMapKeyRef.Name}) ||
			f.SecretKeyRef != nil && s == (source{"Secret", f.SecretKeyRef.Name})) {
			names = append(names, e.Name)
		}
	}
	return strings.Join(names, ", ")
}

// checkProcess finds apps that can't be sent a signal.
func (p *ConfigReload) checkProcess(w *sidecar.Workload, fs *sidecar.Findings) {
	if w.Pod.Spec.HostPID {
		fs.AddUnfit(sidecar.Error, "host-pid", "signal",
			"the pod uses the node's process namespace (hostPID), and can't share its own",
			"remove hostPID, or use webhook")
	}
	uid, _ := pattern.RunsAs(w, w.App)
	switch {
	case pattern.OverriddenUser(w) != nil || pattern.RemovesUser(w): // the user was chosen
	case uid == nil:
		fs.Add(sidecar.Error, "user-unknown", "signal",
			fmt.Sprintf("the user of container %s isn't known, and only a process of the same user may send it a signal",
				w.App.Name),
			"write the image's user into securityContext.runAsUser of the container or the pod, or use webhook")
	case *uid == 0:
		fs.Add(sidecar.Warning, "user-root", "signal",
			fmt.Sprintf(
				"container %s runs as root, so the sidecar that sends it signals does too, though without root's capabilities",
				w.App.Name),
			"run the app as another user, or use webhook")
	}
	if initSystem(w.App) {
		fs.Add(sidecar.Warning, "process-1", "signal",
			fmt.Sprintf("container %s starts with an init system (s6, systemd) that must be process 1, which it isn't when "+
				"containers share their processes", w.App.Name),
			"use webhook, or start the app without it")
	}
}

// initSystem reports whether a container is known to start with an init system.
func initSystem(c *corev1.Container) bool {
	return len(c.Command) > 0 &&
		slices.Contains([]string{"/init", "/sbin/init", "/lib/systemd/systemd", "/usr/lib/systemd/systemd"}, c.Command[0]) ||
		strings.Contains("/"+c.Image, "/linuxserver/") // all of these use s6-overlay
}
