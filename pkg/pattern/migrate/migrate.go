// Package migrate holds Migrate, which brings a database up to date before the app starts,
// in each pod or in a Job.
package migrate

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Migrate brings a database up to date before the app starts, with the app's own program
// (command or args) or with an engine. As an init container, it runs at each start of each
// pod, so it often has nothing to do. Mode job runs it only once for each change.
type Migrate struct {
	// Command migrates with the app's own image, as in [bin/rails, db:migrate]. It gets the
	// app container's resources, and its variables, mounts and security context including
	// those of all sidecars. Default: the image's entrypoint, with args.
	Command []string `json:"command,omitempty"`
	// Args of the command. Default: none.
	Args []string `json:"args,omitempty"`
	// Engine migrates from files: golang-migrate, flyway or liquibase. In mode init, a
	// database that is ahead of the files, as after a rollback, doesn't keep pods from
	// starting. Required without command and args.
	Engine MigrationEngine `json:"engine,omitempty"`
	// Image to run in place of the app's, or of the engine's own. With golang-migrate in mode
	// init, it needs sh.
	Image string `json:"image,omitempty"`
	// Source of the engine's files. Required with an engine.
	Source *MigrationSource `json:"source,omitempty"`
	// DatabaseURL is the URL of the database in the engine's form:
	// postgres://db/shop?sslmode=verify-full for golang-migrate, jdbc:postgresql://db/shop
	// for the others. golang-migrate reads it from an argument only, which other programs
	// in the container can see, and those in the pod if it shares its process namespace. So
	// for PostgreSQL, leave the password out of the URL and write password. Required with
	// an engine.
	DatabaseURL *SecretKey `json:"databaseURL,omitempty"`
	// Username of the engine at the database. With golang-migrate it's for PostgreSQL only.
	// Default: the one in the URL.
	Username *SecretKey `json:"username,omitempty"`
	// Password of the user. With golang-migrate it's for PostgreSQL only. Default: the
	// one in the URL.
	Password *SecretKey `json:"password,omitempty"`
	// Changelog is the root file for liquibase, in the source. Default: changelog.xml.
	Changelog string `json:"changelog,omitempty"`
	// Mode is when to migrate: init (an init container that runs before each start of a
	// pod, after tunnels and waits) or job (a Job beside the workload, which runs once).
	// The Job has no sidecars, and nothing that they give the app: it can't use a tunnel or
	// files with secrets. Nor does it get the app's devices, such as GPUs. Default: init.
	Mode MigrationMode `json:"mode,omitempty"`
	// Hook runs the Job before each change of the workload: argocd (PreSync) or helm
	// (pre-install and pre-upgrade; Helm 3 ignores hooks in the output of a post-renderer).
	// Without a hook, the Job is applied together with the workload. As a Job can't be
	// changed, its name then has a hash of what it does, so that a change makes a new Job.
	// The hash covers the names of files in a ConfigMap, but no changes that are made after
	// outrigger, such as images in a kustomize overlay: use a hook there. Default: no hook.
	Hook MigrationHook `json:"hook,omitempty"`
	// BackoffLimit is the number of retries of the Job. Default: 6, by Kubernetes.
	BackoffLimit *int32 `json:"backoffLimit,omitempty"`
	// ActiveDeadlineSeconds limits the time of the Job, including retries. A migration that
	// is killed may leave a lock or half of a change. Default: no limit.
	ActiveDeadlineSeconds *int64 `json:"activeDeadlineSeconds,omitempty"`
	// TTLSecondsAfterFinished deletes the Job some time after it has finished. Tools that
	// keep a cluster equal to its manifests, such as Argo CD and Flux, then create the Job
	// again, and it runs again. Default: it stays.
	TTLSecondsAfterFinished *int32 `json:"ttlSecondsAfterFinished,omitempty"`
}

// A MigrationEngine is a program that migrates from files.
type MigrationEngine string

const (
	GolangMigrate MigrationEngine = "golang-migrate"
	Flyway        MigrationEngine = "flyway"
	Liquibase     MigrationEngine = "liquibase"
)

// A MigrationMode is when to migrate.
type MigrationMode string

const (
	MigrateInit MigrationMode = "init"
	MigrateJob  MigrationMode = "job"
)

// A MigrationHook is the tool that runs the Job before a change of the workload.
type MigrationHook string

const (
	HookArgoCD MigrationHook = "argocd"
	HookHelm   MigrationHook = "helm"
)

// A MigrationSource holds the engine's files: a ConfigMap, or an image.
type MigrationSource struct {
	// ConfigMapName is the ConfigMap with the files as keys.
	ConfigMapName string `json:"configMapName,omitempty"`
	// Image with the files. Its own cp copies them before the migration, unless imageVolume
	// is true. Default: the image that migrates.
	Image string `json:"image,omitempty"`
	// Path of the folder in the image. Required without configMapName.
	Path string `json:"path,omitempty"`
	// ImageVolume mounts the image as a volume, so no files are copied. It needs
	// spec.kubernetesVersion 1.36 or newer. Default: false.
	ImageVolume bool `json:"imageVolume,omitempty"`
}

// A SecretKey is a value in a Secret.
type SecretKey struct {
	// SecretName is the name of the Secret.
	SecretName string `json:"secretName"`
	// Key in the Secret.
	Key string `json:"key"`
}

var (
	_ sidecar.Pattern    = (*Migrate)(nil)
	_ sidecar.Standalone = (*Migrate)(nil)
)

// migrationSize has no limit, as the app's needs aren't known.
var migrationSize = pattern.Size{CPU: "50m", Memory: "128Mi"}

// RunsAlone reports whether the migration is a Job, which has no sidecars.
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
	c.Dials = []sidecar.Dial{{For: "the database", AtStart: true}} // its address is in a Secret, or the app's own
	return c, nil
}

// addCommand adds the app's own program. Its resources are the app's, so as an init
// container it requests nothing that the pod doesn't have.
func (p *Migrate) addCommand(w *sidecar.Workload, c *sidecar.Change) {
	resources := *w.App.Resources.DeepCopy()
	if p.Mode == MigrateJob {
		leaveDevicesOut(&resources)
	}
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
