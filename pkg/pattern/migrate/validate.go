package migrate

import (
	"fmt"
	"path"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Validate finds errors in the entry alone.
func (p *Migrate) Validate() sidecar.Findings {
	var fs sidecar.Findings
	own := len(p.Command) > 0 || len(p.Args) > 0
	switch {
	case own && p.Engine != "":
		fs.Add(sidecar.Error, "bad-value", "engine", "command is set too, which migrates with the app's own program",
			"remove one of them")
	case own:
		why := "the app's own program has its own settings"
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
		pattern.ValidateEnum("engine", p.Engine, &fs, GolangMigrate, Flyway, Liquibase)
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
	pattern.ValidateImageName("image", p.Image, &fs)
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
		pattern.ValidateObjectName("source.configMapName", s.ConfigMapName, fs)
		if s.Image != "" || s.Path != "" || s.ImageVolume {
			fs.Add(sidecar.Error, "bad-value", "source.configMapName",
				"image is set too, and the files come from only one of them",
				"remove one of them")
		}
	case s.Image == "" && p.Image == "":
		fs.Add(sidecar.Error, "missing-field", "source.image", "the engine's own image has no migrations",
			"name the image that has them")
	case s.Image == "" && s.ImageVolume:
		pattern.RefuseField("source.imageVolume", "the files are in the image that migrates", fs)
	}
	pattern.ValidateImageName("source.image", s.Image, fs)
	pattern.ValidateFilePath("source.path", s.Path, "/app/migrations", fs)
}

func (p *Migrate) validateJob(fs *sidecar.Findings) {
	pattern.ValidateEnum("mode", p.Mode, fs, MigrateInit, MigrateJob)
	pattern.ValidateEnum("hook", p.Hook, fs, HookArgoCD, HookHelm)
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
		pattern.ValidateObjectName(field+".secretName", k.SecretName, fs)
	}
	if k.Key == "" {
		fs.Add(sidecar.Error, "missing-field", field+".key", "no key is named", "name the key that has the value")
	}
	pattern.ValidateKey(field+".key", k.Key, fs)
}
