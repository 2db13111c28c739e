package migrate

import (
	"cmp"
	_ "embed"
	"path"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

const migrationsDir = "/migrations" // of the engine's files, unless they're in its own image

// golang-migrate is one binary. The others are JVMs, with a quarter of the limit as heap.
var (
	goMigrateSize = pattern.Size{CPU: "10m", Memory: "32Mi", MaxMemory: "128Mi", FixedCPU: "100m"}
	jvmSize       = pattern.Size{CPU: "100m", Memory: "256Mi", MaxMemory: "512Mi", FixedCPU: "500m"}
)

// addEngine adds the container of the engine. Credentials are variables that the kubelet
// sets from Secrets.
func (p *Migrate) addEngine(w *sidecar.Workload, c *sidecar.Change) {
	dir, mount := p.addSource(w, c)
	var out corev1.Container
	switch p.Engine {
	case Flyway:
		out = p.newFlyway(w, c, dir)
	case Liquibase:
		out = p.newLiquibase(w, c, dir)
	default:
		out = p.golangMigrate(w, dir)
	}
	out.Name, out.Image = w.Name, cmp.Or(p.Image, out.Image)
	if mount != nil {
		out.VolumeMounts = append([]corev1.VolumeMount{*mount}, out.VolumeMounts...)
	}
	c.InitContainers = append(c.InitContainers, out)
}

// addSource adds the engine's files, and returns their folder and its mount, if it needs
// one.
func (p *Migrate) addSource(w *sidecar.Workload, c *sidecar.Change) (dir string, mount *corev1.VolumeMount) {
	name := pattern.VolumeName(w, "source")
	switch s := p.Source; {
	case s.ConfigMapName != "":
		c.Volumes = append(c.Volumes, pattern.ConfigMapVolume(name, s.ConfigMapName))
	case s.Image == "":
		return s.Path, nil
	case s.ImageVolume:
		c.Volumes = append(c.Volumes, pattern.ImageVolume(name, s.Image))
		return path.Join(migrationsDir, s.Path), &corev1.VolumeMount{Name: name, MountPath: migrationsDir, ReadOnly: true}
	default:
		c.Volumes = append(c.Volumes, pattern.CopiesVolume(name))
		c.InitContainers = append(c.InitContainers,
			pattern.NewCopier(w, sourceName(w.Name), s.Image, "-R", s.Path+"/.", migrationsDir, name))
	}
	return migrationsDir, &corev1.VolumeMount{Name: name, MountPath: migrationsDir, ReadOnly: true}
}

//go:embed files/golang-migrate.sh
var goMigrateScript string

// golangMigrate waits up to 600 seconds for the lock of another pod. With its default of 15
// seconds, the other pods would fail during a long migration. Its arguments are those of a
// script in an init container, which accepts a database that is ahead of the files, as
// newFlyway does. The official image is Alpine's, with a shell (Dockerfile at v4.20.1).
func (p *Migrate) golangMigrate(w *sidecar.Workload, dir string) corev1.Container {
	env := []corev1.EnvVar{p.DatabaseURL.secretEnv("DATABASE_URL")}
	if p.Username != nil {
		env = append(env, p.Username.secretEnv("PGUSER"))
	}
	if p.Password != nil {
		env = append(env, p.Password.secretEnv("PGPASSWORD"))
	}
	args := []string{"-path=" + dir, "-database=$(DATABASE_URL)", "-lock-timeout=600"}
	command := []string{"sh", "-c", goMigrateScript[strings.Index(goMigrateScript, "# Written"):], "migrate"}
	if p.Mode == MigrateJob {
		command, args = []string{"migrate"}, append(args, "up")
	}
	return corev1.Container{
		Image:           w.Pulled(pattern.MigrateImage.Ref),
		Command:         command,
		Args:            args,
		Env:             env,
		Resources:       goMigrateSize.Resources(w),
		SecurityContext: pattern.RestrictedSecurityContext(pattern.MigrateImage),
	}
}

// newFlyway accepts a database that is ahead of its files, so that an old pod can restart
// after a newer one has migrated.
func (p *Migrate) newFlyway(w *sidecar.Workload, c *sidecar.Change, dir string) corev1.Container {
	env := []corev1.EnvVar{p.DatabaseURL.secretEnv("FLYWAY_URL")}
	if p.Username != nil {
		env = append(env, p.Username.secretEnv("FLYWAY_USER"))
	}
	if p.Password != nil {
		env = append(env, p.Password.secretEnv("FLYWAY_PASSWORD"))
	}
	env = append(env, corev1.EnvVar{Name: "FLYWAY_LOCATIONS", Value: "filesystem:" + dir})
	if p.Mode != MigrateJob {
		env = append(env, corev1.EnvVar{Name: "FLYWAY_IGNORE_MIGRATION_PATTERNS", Value: "*:future"})
	}
	return corev1.Container{
		Image:           w.Pulled(pattern.FlywayImage.Ref),
		Command:         []string{"flyway"},
		Args:            []string{"migrate"},
		Env:             append(env, corev1.EnvVar{Name: "FLYWAY_SKIP_CHECK_FOR_UPDATE", Value: "true"}),
		Resources:       jvmSize.Resources(w),
		VolumeMounts:    []corev1.VolumeMount{p.addTmp(w, c)},
		SecurityContext: pattern.RestrictedSecurityContext(pattern.FlywayImage),
	}
}

func (p *Migrate) newLiquibase(w *sidecar.Workload, c *sidecar.Change, dir string) corev1.Container {
	env := []corev1.EnvVar{p.DatabaseURL.secretEnv("LIQUIBASE_COMMAND_URL")}
	if p.Username != nil {
		env = append(env, p.Username.secretEnv("LIQUIBASE_COMMAND_USERNAME"))
	}
	if p.Password != nil {
		env = append(env, p.Password.secretEnv("LIQUIBASE_COMMAND_PASSWORD"))
	}
	return corev1.Container{
		Image:   w.Pulled(pattern.LiquibaseImage.Ref),
		Command: []string{"liquibase"}, // its entrypoint would install drivers
		Args:    []string{"update"},
		Env: append(env,
			corev1.EnvVar{Name: "LIQUIBASE_SEARCH_PATH", Value: dir},
			corev1.EnvVar{Name: "LIQUIBASE_COMMAND_CHANGELOG_FILE", Value: cmp.Or(p.Changelog, "changelog.xml")},
			corev1.EnvVar{Name: "LIQUIBASE_HEADLESS", Value: "true"},
			corev1.EnvVar{Name: "LIQUIBASE_ANALYTICS_ENABLED", Value: "false"}),
		Resources:       jvmSize.Resources(w),
		VolumeMounts:    []corev1.VolumeMount{p.addTmp(w, c)},
		SecurityContext: pattern.RestrictedSecurityContext(pattern.LiquibaseImage),
	}
}

// addTmp adds a volume for temporary files of a JVM, since the root is read-only.
func (p *Migrate) addTmp(w *sidecar.Workload, c *sidecar.Change) corev1.VolumeMount {
	name := pattern.VolumeName(w, "tmp")
	c.Volumes = append(c.Volumes, pattern.TmpVolume(name))
	return corev1.VolumeMount{Name: name, MountPath: "/tmp"}
}

func (k *SecretKey) secretEnv(name string) corev1.EnvVar {
	return pattern.SecretEnvVar(name, k.SecretName, k.Key)
}

func sourceName(sidecarName string) string {
	return sidecar.Shorten(sidecarName+"-source", sidecar.LabelLength)
}

// ContainerNames returns the names of the containers: the migration, and the one that copies its
// files.
func (p *Migrate) ContainerNames(name string) []string { return []string{name, sourceName(name)} }
