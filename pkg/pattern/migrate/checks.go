package migrate

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Validate finds what is wrong with the config whatever the workload is.
func (p *Migrate) Validate() sidecar.Findings {
	var fs sidecar.Findings
	own := len(p.Command) > 0 || len(p.Args) > 0
	switch {
	case own && p.Engine != "":
		fs.Add(sidecar.Error, "bad-value", "engine", "command is set too, which migrates with the app's own program",
			"remove one of them")
	case own:
		why := "the app's own program knows its database"
		for _, f := range []struct {
			field string
			set   bool
		}{{"source", p.Source != nil}, {"databaseURL", p.DatabaseURL != nil}, {"username", p.Username != nil},
			{"password", p.Password != nil}} {
			if f.set {
				pattern.RefuseField(f.field, why, &fs)
			}
		}
	case p.Engine == "":
		fs.Add(sidecar.Error, "missing-field", "command", "no migration is configured",
			"write the command of the app's own program, as in [bin/rails, db:migrate], or name an engine: golang-migrate, "+
				"flyway or liquibase")
	default:
		pattern.CheckEnum("engine", p.Engine, &fs, GolangMigrate, Flyway, Liquibase)
		p.validateEngine(&fs)
	}
	if p.Changelog != "" {
		if p.Engine != Liquibase {
			pattern.RefuseField("changelog", "only liquibase reads one", &fs)
		} else if !isRelative(p.Changelog) {
			fs.Add(sidecar.Error, "bad-value", "changelog", fmt.Sprintf("%q isn't a file of the source", p.Changelog),
				"write one like changelog.xml or db/changelog.xml")
		}
	}
	pattern.CheckImageName("image", p.Image, &fs)
	p.validateJob(&fs)
	return fs
}

func (p *Migrate) validateEngine(fs *sidecar.Findings) {
	if p.DatabaseURL == nil {
		fs.Add(sidecar.Error, "missing-field", "databaseURL", "the database's URL is missing",
			"name the Secret and its key, as in {secretName: db, key: url}")
	}
	p.DatabaseURL.validateKey("databaseURL", fs)
	p.Username.validateKey("username", fs)
	p.Password.validateKey("password", fs)
	s := p.Source
	switch {
	case s == nil || s.ConfigMapName == "" && s.Path == "":
		fs.Add(sidecar.Error, "missing-field", "source", "the source of the migrations is missing",
			"name a ConfigMap as configMapName, or an image and the path in it")
		return
	case s.ConfigMapName != "":
		pattern.CheckObjectName("source.configMapName", s.ConfigMapName, fs)
		if s.Image != "" || s.Path != "" || s.ImageVolume {
			fs.Add(sidecar.Error, "bad-value", "source.configMapName", "image is set too, and the files come from one of them",
				"remove one")
		}
	case s.Image == "" && p.Image == "":
		fs.Add(sidecar.Error, "missing-field", "source.image", "the engine's own image has no migrations",
			"name the image that has them")
	case s.Image == "" && s.ImageVolume:
		pattern.RefuseField("source.imageVolume", "the files are in the image that migrates", fs)
	}
	pattern.CheckImageName("source.image", s.Image, fs)
	pattern.CheckFilePath("source.path", s.Path, "/app/migrations", fs)
}

func (p *Migrate) validateJob(fs *sidecar.Findings) {
	pattern.CheckEnum("mode", p.Mode, fs, MigrateInit, MigrateJob)
	pattern.CheckEnum("hook", p.Hook, fs, HookArgoCD, HookHelm)
	numbers := []struct {
		field      string
		set, wrong bool
	}{
		{"hook", p.Hook != "", false},
		{"backoffLimit", p.BackoffLimit != nil, p.BackoffLimit != nil && *p.BackoffLimit < 0},
		{"activeDeadlineSeconds", p.ActiveDeadlineSeconds != nil,
			p.ActiveDeadlineSeconds != nil && *p.ActiveDeadlineSeconds < 1},
		{"ttlSecondsAfterFinished", p.TTLSecondsAfterFinished != nil,
			p.TTLSecondsAfterFinished != nil && *p.TTLSecondsAfterFinished < 0},
	}
	for _, n := range numbers {
		if n.set && p.Mode != MigrateJob {
			pattern.RefuseField(n.field, "it's for mode job", fs)
		} else if n.wrong {
			fs.Add(sidecar.Error, "bad-value", n.field, "is too small", "write a larger number, or remove it")
		}
	}
}

// isRelative reports whether a text is the path of a file below a folder.
func isRelative(file string) bool {
	return file != "" && path.Clean(file) == file && !path.IsAbs(file) && !strings.HasPrefix(file, "..") &&
		!strings.ContainsAny(file, "$\n\r")
}

func (k *SecretKey) validateKey(field string, fs *sidecar.Findings) {
	if k == nil {
		return
	}
	if k.SecretName == "" {
		fs.Add(sidecar.Error, "missing-field", field+".secretName", "no Secret is named", "name the one that has the value")
	} else {
		pattern.CheckObjectName(field+".secretName", k.SecretName, fs)
	}
	if k.Key == "" {
		fs.Add(sidecar.Error, "missing-field", field+".key", "no key is named", "name the key that has the value")
	}
	pattern.CheckKey(field+".key", k.Key, fs)
}

// Check finds what is wrong with the config for this workload.
func (p *Migrate) Check(w *sidecar.Workload) sidecar.Findings {
	var fs sidecar.Findings
	pattern.CheckLinux(w, &fs)
	p.DatabaseURL.checkSecret("databaseURL", w, &fs)
	p.Username.checkSecret("username", w, &fs)
	p.Password.checkSecret("password", w, &fs)
	if s := p.Source; s != nil {
		if s.ImageVolume {
			pattern.CheckImageVolume("source.imageVolume", w, &fs)
		}
		p.checkFiles(w, &fs)
	}
	if p.Engine == GolangMigrate && p.Password == nil && w.Pod.Spec.ShareProcessNamespace != nil &&
		*w.Pod.Spec.ShareProcessNamespace && p.Mode != MigrateJob {
		fs.Add(sidecar.Warning, "secret-in-argument", "databaseURL",
			"golang-migrate takes the URL as an argument, and the containers of this pod see each other's arguments",
			"remove the password from the URL, and name it as password (PostgreSQL only)")
	}
	if p.Mode != MigrateJob {
		p.checkLocks(w, &fs)
	}
	return fs
}

// Check finds a Secret of the input that lacks the key.
func (k *SecretKey) checkSecret(field string, w *sidecar.Workload, fs *sidecar.Findings) {
	if k == nil {
		return
	}
	if keys, known := w.Secrets[k.SecretName]; known && k.Key != "" && !slices.Contains(keys, k.Key) {
		fs.Add(sidecar.Error, "secret-key", field+".key",
			fmt.Sprintf("Secret %s has no key %s (it has %s)", k.SecretName, k.Key, pattern.JoinSorted(keys)),
			"name one of those")
	}
}

// checkFiles finds a ConfigMap of the input in which the engine finds nothing.
func (p *Migrate) checkFiles(w *sidecar.Workload, fs *sidecar.Findings) {
	m := w.ConfigMap(p.Source.ConfigMapName)
	if m == nil {
		return
	}
	is, form := func(key string) bool {
		return key == cmp.Or(p.Changelog, "changelog.xml")
	}, cmp.Or(p.Changelog, "changelog.xml")
	switch p.Engine {
	case GolangMigrate:
		is, form = func(key string) bool {
			return strings.Contains(key, ".up.") && key[0] >= '0' && key[0] <= '9'
		}, "0001_users.up.sql"
	case Flyway:
		is, form = func(key string) bool { return strings.Contains(key, "__") }, "V1__users.sql"
	}
	if !slices.ContainsFunc(m.Keys, is) {
		fs.Add(sidecar.Error, "configmap-missing", "source.configMapName",
			fmt.Sprintf("ConfigMap %s has no migrations (its keys: %s)", p.Source.ConfigMapName,
				pattern.JoinSorted(m.Keys)),
			"name files as "+form+" does it")
	}
}

// checkHook finds what a hook needs before it's there: hooks run before all that is
// no hook.
func checkHook(hook MigrationHook, w *sidecar.Workload, pod *corev1.PodSpec, fs *sidecar.Findings) {
	if hook == "" {
		return
	}
	var names []string
	need := func(kind, name string, known bool) {
		if name = kind + " " + name; known && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	configMap := func(name string) { need("ConfigMap", name, w.ConfigMap(name) != nil) }
	secret := func(name string) { _, known := w.Secrets[name]; need("Secret", name, known) }
	for _, v := range pod.Volumes {
		if v.ConfigMap != nil {
			configMap(v.ConfigMap.Name)
		}
		if v.Secret != nil {
			secret(v.Secret.SecretName)
		}
	}
	for _, c := range pod.Containers {
		for _, e := range c.EnvFrom {
			if e.ConfigMapRef != nil {
				configMap(e.ConfigMapRef.Name)
			}
			if e.SecretRef != nil {
				secret(e.SecretRef.Name)
			}
		}
		for _, e := range c.Env {
			if from := e.ValueFrom; from != nil && from.ConfigMapKeyRef != nil {
				configMap(from.ConfigMapKeyRef.Name)
			} else if from != nil && from.SecretKeyRef != nil {
				secret(from.SecretKeyRef.Name)
			}
		}
	}
	if _, annotations := w.ServiceAccount(); annotations != nil && pod.ServiceAccountName != "" {
		need("ServiceAccount", pod.ServiceAccountName, true)
	}
	if len(names) > 0 {
		fs.Add(sidecar.Warning, "hook-early", "hook",
			"the Job runs before these exist, or with their old content after a change: "+strings.Join(names, ", "),
			"make them earlier hooks too, or manage them elsewhere; migrations can come from an image")
	}
}
