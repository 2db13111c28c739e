package migrate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Check finds errors in the entry for this workload.
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

// checkSecret finds a Secret of the input that lacks the key.
func (k *SecretKey) checkSecret(field string, w *sidecar.Workload, fs *sidecar.Findings) {
	if k != nil && k.Key != "" {
		pattern.CheckSecretKeys(w, "secret-key", field+".key", k.SecretName, []string{k.Key}, "name one of those", fs)
	}
}

// checkFiles finds a ConfigMap of the input without files for the engine.
func (p *Migrate) checkFiles(w *sidecar.Workload, fs *sidecar.Findings) {
	m := w.ConfigMap(p.Source.ConfigMapName)
	if m == nil {
		return
	}
	example := cmp.Or(p.Changelog, "changelog.xml")
	isMigration := func(key string) bool { return key == example }
	switch p.Engine {
	case GolangMigrate:
		example = "0001_users.up.sql"
		isMigration = func(key string) bool { return strings.Contains(key, ".up.") && key[0] >= '0' && key[0] <= '9' }
	case Flyway:
		example = "V1__users.sql"
		isMigration = func(key string) bool { return strings.Contains(key, "__") }
	}
	if !slices.ContainsFunc(m.Keys, isMigration) {
		fs.Add(sidecar.Error, "configmap-missing", "source.configMapName",
			fmt.Sprintf("ConfigMap %s has no migrations (its keys: %s)", p.Source.ConfigMapName,
				pattern.JoinSorted(m.Keys)),
			"name the files like "+example)
	}
}

// checkHook finds objects that a hook needs before they exist, as hooks run before all
// other objects.
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
			"make them earlier hooks, manage them elsewhere, or take migrations from an image")
	}
}
