package logtail

import (
	"fmt"
	iofs "io/fs"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Validate finds what is wrong with the config whatever the workload is.
func (p *LogTail) Validate() sidecar.Findings {
	var fs sidecar.Findings
	if p.Directory == "" {
		fs.Add(sidecar.Error, "missing-field", "directory", "no folder is named",
			"write the one in which the app writes its logs, as in /var/log/app")
	} else if !path.IsAbs(p.Directory) || path.Clean(p.Directory) != p.Directory || p.Directory == "/" ||
		!plainFile(p.Directory) || strings.ContainsAny(p.Directory, ":*?[") {
		fs.Add(sidecar.Error, "bad-value", "directory", fmt.Sprintf("%q isn't a valid folder path", p.Directory),
			"write one like /var/log/app")
	}
	if len(p.Files) == 0 {
		fs.Add(sidecar.Error, "missing-field", "files", "no file is named",
			`write names or patterns, as in [app.log, "*.json"]`)
	}
	for i, f := range p.Files {
		at := fmt.Sprintf("files[%d]", i)
		switch {
		case f == "." || !iofs.ValidPath(f):
			fs.Add(sidecar.Error, "bad-value", at, fmt.Sprintf("%q isn't a file in the directory", f),
				"write a name like app.log or gc/gc.log")
		case !plainFile(f):
			fs.Add(sidecar.Error, "bad-value", at, fmt.Sprintf("%q has a character that a name can't have here", f),
				`write a pattern with ? instead of \, $ and invisible characters`)
		case slices.Contains(p.Files[:i], f):
			fs.Add(sidecar.Error, "bad-value", at, f+" is listed twice", "remove one of them")
		case p.FluentBit != nil && strings.Contains(f, ","):
			fs.Add(sidecar.Error, "bad-value", at, fmt.Sprintf("%q has a comma, which separates files for fluent-bit", f),
				"write a pattern with ? instead")
		}
	}
	pattern.CheckEnum("from", p.From, &fs, FromStart, FromEnd)
	if p.Volume != "" {
		pattern.CheckLabelName("volume", p.Volume, "", &fs)
	}
	switch {
	case p.SizeLimit == nil:
	case p.Volume != "":
		pattern.RefuseField("sizeLimit", "volume names an existing one", &fs)
	case p.SizeLimit.Sign() <= 0:
		fs.Add(sidecar.Error, "bad-value", "sizeLimit", p.SizeLimit.String()+" isn't a valid size", "write one like 1Gi")
	}
	if p.Merge && p.FluentBit != nil {
		pattern.RefuseField("merge", "one fluent-bit reads all files anyway", &fs)
	}
	p.AppConfig.validateConfig(&fs)
	p.FluentBit.validateFluentBit(&fs)
	if c := p.AppConfig; c != nil && p.FluentBit != nil && c.ConfigMapName == "" && c.fileKey() == fluentKey {
		fs.Add(sidecar.Error, "bad-value", "appConfig.key", fluentKey+" is the key of fluent-bit's own configuration",
			"write another one")
	}
	return fs
}

// plainFile reports whether a name means itself, but for patterns, to the kubelet, to
// a shell that looks for files, and to fluent-bit.
func plainFile(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return strings.ContainsRune(`\$`, r) || !unicode.IsGraphic(r) || r == unicode.ReplacementChar
	})
}

// Check finds what is wrong with the config for this workload.
func (p *LogTail) Check(w *sidecar.Workload) sidecar.Findings {
	var fs sidecar.Findings
	if pattern.CheckLinux(w, &fs); w.App == nil {
		return fs
	}
	at, wrong := p.findPlace(w)
	fs = append(fs, wrong...)
	if !wrong.Failed() {
		p.checkVolume(w, at, &fs)
	}
	p.checkNested(w, &fs)
	p.checkUser(w, &fs)
	p.AppConfig.checkConfig(w, &fs)
	p.FluentBit.checkFluentBit(w, &fs)
	return fs
}

// checkVolume finds volumes in which the files aren't what they seem.
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
				f = f[:n] + "x" // whatever it matches
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

// findUser is whom the sidecar runs as: the app's, who can read what it writes, but
// never root.
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

// checkUser finds apps whose files the sidecar may not be able to read.
func (p *LogTail) checkUser(w *sidecar.Workload, fs *sidecar.Findings) {
	if o := w.Override; o != nil && o.SecurityContext != nil && o.SecurityContext.RunAsUser != nil {
		return // somebody has thought of it
	}
	able := "what everyone can read"
	if pod := w.Pod.Spec.SecurityContext; pod != nil && pod.FSGroup != nil {
		able += fmt.Sprintf(", or group %d", *pod.FSGroup)
	}
	uid, _ := pattern.RunsAs(w, w.App)
	switch {
	case uid == nil:
		fs.Add(sidecar.Warning, "log-user", "",
			fmt.Sprintf("container %s doesn't set runAsUser, so the sidecar runs as a user of its own and streams only %s",
				w.App.Name, able),
			"write runAsUser into the securityContext of the container or its pod")
	case *uid == 0:
		fs.Add(sidecar.Warning, "log-user", "",
			fmt.Sprintf("container %s runs as root, and the sidecar doesn't, so it streams only %s", w.App.Name, able),
			"run the app as another user, or write override.securityContext: {runAsUser: 0, runAsNonRoot: false}")
	}
	for _, c := range w.ServedApps() {
		if other, _ := pattern.RunsAs(w, c); uid != nil && (other == nil || *other != *uid) {
			fs.Add(sidecar.Warning, "log-user", "",
				fmt.Sprintf("container %s may not run as user %d, as container %s does; of its files the sidecar streams only %s",
					c.Name, *uid, w.App.Name, able), "run both as the same user")
		}
	}
}
