// Package migrate holds Migrate, which brings a database up to date before the app
// starts, in each pod or in a Job.
package migrate

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Migrate brings a database up to date before the app starts: by the app's own
// program, where command or args are given, or by an engine. As an init container
// it runs at each start of each pod, so it's asked often and mostly has nothing to
// do; mode job runs it once for each change instead.
type Migrate struct {
	// Command migrates with the app's own image, as in [bin/rails, db:migrate]. It gets
	// the variables, mounts and security context that the app's container has when
	// all sidecars are laid on, and its resources. Default: the image's entrypoint,
	// where args are given.
	Command []string `json:"command,omitempty"`
	// Args of the command. Default: none.
	Args []string `json:"args,omitempty"`
	// Engine migrates from files: golang-migrate, flyway or liquibase. Required unless
	// command or args are given.
	Engine MigrationEngine `json:"engine,omitempty"`
	// Image runs instead of the app's, or instead of the engine's own.
	Image string `json:"image,omitempty"`
	// Source has the engine's files. Required with an engine.
	Source *MigrationSource `json:"source,omitempty"`
	// DatabaseURL is where the database is, as the engine writes it:
	// postgres://db/shop?sslmode=verify-full for golang-migrate,
	// jdbc:postgresql://db/shop for the others. golang-migrate knows no variable for it
	// and gets it as an argument, which other programs of the container, and those of
	// the pod if it shares its process namespace, can see: for PostgreSQL, leave the
	// password out of it and name it as password. Required with an engine.
	DatabaseURL *SecretKey `json:"databaseURL,omitempty"`
	// Username is whom the engine connects as. With golang-migrate it's for PostgreSQL
	// only. Default: the one in the URL.
	Username *SecretKey `json:"username,omitempty"`
	// Password of the user. With golang-migrate it's for PostgreSQL only. Default: the
	// one in the URL.
	Password *SecretKey `json:"password,omitempty"`
	// Changelog is the root file for liquibase, in the source. Default: changelog.xml.
	Changelog string `json:"changelog,omitempty"`
	// Mode says when to migrate: init (an init container, before each start of a pod,
	// after tunnels and waits) or job (a Job beside the workload, which runs once).
	// No sidecar runs in the Job and it gets nothing that sidecars give the app: no
	// way through a tunnel, no files of a secret. Default: init.
	Mode MigrationMode `json:"mode,omitempty"`
	// Hook makes the Job one that is run before the workload is changed, each time:
	// argocd (PreSync) or helm (pre-install and pre-upgrade; Helm 3 sees no hooks in what
	// a post-renderer gives). Without it, the Job comes at the same time as the workload,
	// and its name has a hash of what it does, since a Job can't be changed: what does
	// something new is a new Job. The hash knows the names of the files in a ConfigMap,
	// but nothing that is changed after outrigger, as images by an overlay of
	// kustomize: there, use a hook.
	Hook MigrationHook `json:"hook,omitempty"`
	// BackoffLimit is how often the Job is tried again. Default: 6, by Kubernetes.
	BackoffLimit *int32 `json:"backoffLimit,omitempty"`
	// ActiveDeadlineSeconds is how long the Job may take, with all tries. A migration
	// that is killed may leave a lock or half of a change. Default: no limit.
	ActiveDeadlineSeconds *int64 `json:"activeDeadlineSeconds,omitempty"`
	// TTLSecondsAfterFinished deletes the Job some time after its end. What keeps a
	// cluster like its manifests, as Argo CD and Flux do, makes it anew then, and it
	// runs again. Default: it stays.
	TTLSecondsAfterFinished *int32 `json:"ttlSecondsAfterFinished,omitempty"`
}

// A MigrationEngine is a program that migrates from files.
type MigrationEngine string

const (
	GolangMigrate MigrationEngine = "golang-migrate"
	Flyway        MigrationEngine = "flyway"
	Liquibase     MigrationEngine = "liquibase"
)

// A MigrationMode says when to migrate.
type MigrationMode string

const (
	MigrateInit MigrationMode = "init"
	MigrateJob  MigrationMode = "job"
)

// A MigrationHook says who runs the Job before the workload is changed.
type MigrationHook string

const (
	HookArgoCD MigrationHook = "argocd"
	HookHelm   MigrationHook = "helm"
)

// A MigrationSource has the files by which an engine migrates: in a ConfigMap, or
// in an image.
type MigrationSource struct {
	// ConfigMapName is the ConfigMap whose keys are the files.
	ConfigMapName string `json:"configMapName,omitempty"`
	// Image has the files. They're copied by its own cp before the migration, unless
	// imageVolume is true. Default: the image that migrates.
	Image string `json:"image,omitempty"`
	// Path of the folder in the image. Required unless configMapName is given.
	Path string `json:"path,omitempty"`
	// ImageVolume mounts the image as a volume, instead of copying the files. It needs
	// Kubernetes 1.36, by spec.kubernetesVersion. Default: false.
	ImageVolume bool `json:"imageVolume,omitempty"`
}

// A SecretKey is a value in a Secret.
type SecretKey struct {
	// SecretName is the Secret.
	SecretName string `json:"secretName"`
	// Key in the Secret.
	Key string `json:"key"`
}

var (
	_ sidecar.Pattern    = (*Migrate)(nil)
	_ sidecar.Standalone = (*Migrate)(nil)
)

// migrationSize: what an app needs of itself isn't known, so there's no limit.
var migrationSize = pattern.Size{CPU: "50m", Memory: "128Mi"}

// RunsAlone reports whether the migration is a Job, in which no sidecar runs.
func (p *Migrate) RunsAlone() bool { return p.Mode == MigrateJob }

// Change adds the init container, or emits the Job.
func (p *Migrate) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	c := &sidecar.Change{Phase: sidecar.PhaseMigrate}
	if p.Engine == "" {
		p.addCommand(w, c)
	} else {
		p.addEngine(w, c)
	}
	if p.Mode == MigrateJob {
		return p.moveToJob(w, c)
	}
	return c, nil
}

// addCommand migrates by the app's program. What that needs, the app's own resources say;
// as an init container it asks for nothing that the pod doesn't have.
func (p *Migrate) addCommand(w *sidecar.Workload, c *sidecar.Change) {
	resources := *w.App.Resources.DeepCopy()
	if len(resources.Requests) == 0 && len(resources.Limits) == 0 {
		resources = corev1.ResourceRequirements{Requests: pattern.ResourceList(migrationSize.CPU, migrationSize.Memory)}
	}
	c.InitContainers = []corev1.Container{{
		Name:      w.Name,
		Image:     p.Image,
		Command:   p.Command,
		Args:      p.Args,
		Resources: resources,
	}}
	c.LikeApp = []string{w.Name}
}
