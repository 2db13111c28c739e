package migrate_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern/migrate"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// shop is a workload whose database is migrated.
func shop() *sidecar.Workload {
	w := &sidecar.Workload{Ref: sidecar.Ref{Group: "apps", Kind: "Deployment", Name: "shop"},
		Template: sidecar.Fields("spec", "template"),
		Name:     "migrate", Placement: sidecar.Native, Kubernetes: sidecar.Version{Major: 1, Minor: 33}}
	w.Pod.Spec.Containers = []corev1.Container{{Name: "shop", Image: "shop:1.2"}}
	w.App = &w.Pod.Spec.Containers[0]
	w.Apps = []*corev1.Container{w.App}
	return w
}

func engine(name migrate.MigrationEngine) *migrate.Migrate {
	return &migrate.Migrate{Engine: name, Source: &migrate.MigrationSource{ConfigMapName: "sql"},
		DatabaseURL: &migrate.SecretKey{SecretName: "db", Key: "url"}}
}

// said are the findings that a pattern leaves, without an error.
func said(t *testing.T, p sidecar.Pattern, w *sidecar.Workload) string {
	t.Helper()
	c, err := sidecar.Build(p, w)
	require.NoError(t, err)
	var lines []string
	for _, f := range c.Notes {
		lines = append(lines, string(f.Severity)+" "+f.Code+": "+f.Message)
	}
	return strings.Join(lines, "\n")
}

// noLock is the warning where a tool's migrations may run twice at once.
func noLock(tool string) string {
	return "warning migrate-at-once: runs in 3 pods at once, and " + tool + " takes no lock"
}

func TestMigrateAtOnce(t *testing.T) {
	for command, want := range map[string]string{
		"alembic upgrade head":                         noLock("alembic"),
		"flask db upgrade":                             noLock("alembic"),
		"python /srv/manage.py migrate --no-input":     noLock("Django"),
		"sh -c cd /srv && python manage.py migrate; x": noLock("Django"),
		"npx sequelize-cli db:migrate":                 noLock("Sequelize"),
		"php artisan migrate --force":                  noLock("Laravel"),
		"php artisan migrate --force --isolated":       "",
		"bin/rails db:migrate":                         "",
		"npx prisma migrate deploy":                    "",
		"npx knex migrate:latest": "warning migrate-lock: Knex keeps its lock in a table: if a pod is " +
			"stopped while it migrates, the lock stays, and no other pod can start",
		"bin/own":         "info migrate-at-once: runs in 3 pods at once",
		"alembic current": "info migrate-at-once: runs in 3 pods at once",
	} {
		words := strings.SplitN(command, " ", 3)
		p := &migrate.Migrate{Command: words[:1], Args: words[1:]}
		w := shop()
		w.Replicas = new(int32(3))
		require.Equal(t, want, said(t, p, w), command)
		p.Mode = migrate.MigrateJob
		require.Empty(t, said(t, p, w), command)
	}
	alembic := &migrate.Migrate{Args: []string{"alembic", "upgrade"}}
	for want, change := range map[string]func(w *sidecar.Workload){
		"": func(w *sidecar.Workload) { w.Replicas = nil },
		"warning migrate-at-once: runs on every node at once, and alembic takes no lock": func(w *sidecar.Workload) {
			w.Ref.Kind = "DaemonSet"
		},
	} {
		w := shop()
		change(w)
		require.Equal(t, want, said(t, alembic, w))
	}
	w := shop()
	w.Replicas, w.Ref.Kind = new(int32(3)), "StatefulSet" // whose pods start one by one
	require.Empty(t, said(t, alembic, w))

	w = shop()
	w.Replicas = new(int32(2))
	require.Empty(t, said(t, engine(migrate.GolangMigrate), w))
	require.Empty(t, said(t, engine(migrate.Flyway), w))
	require.Contains(t, said(t, engine(migrate.Liquibase), w), "warning migrate-lock: liquibase keeps its lock in a table")
}

// Old pods have old files, and so has a rollback: init containers accept that. A Job says
// that it can't migrate.
func TestMigrateAhead(t *testing.T) {
	p := engine(migrate.GolangMigrate)
	c, err := sidecar.Build(p, shop())
	require.NoError(t, err)
	require.Contains(t, c.InitContainers[0].Command[2], "ahead of the newest file")
	require.NotContains(t, c.InitContainers[0].Args, "up")
	w := shop()
	w.ConfigMaps = func(name string) *sidecar.ConfigMap {
		return map[string]*sidecar.ConfigMap{"sql": {Keys: []string{"1_a.up.sql"}, Hashed: true}}[name]
	}
	require.Empty(t, said(t, p, w))
	p.Mode = migrate.MigrateJob
	require.Contains(t, said(t, p, w),
		"warning job-immutable: kustomize renames ConfigMap sql")
	p.Hook = migrate.HookArgoCD
	require.NotContains(t, said(t, p, w), "job-immutable")
}

func TestMigrateSecretInArgument(t *testing.T) {
	w := shop()
	w.Pod.Spec.ShareProcessNamespace = new(true)
	p := engine(migrate.GolangMigrate)
	require.Contains(t, said(t, p, w), "warning secret-in-argument: ")
	p.Mode = migrate.MigrateJob // a pod of its own
	require.Empty(t, said(t, p, w))
	p.Mode, p.Password = "", &migrate.SecretKey{SecretName: "db", Key: "password"}
	require.Empty(t, said(t, p, w))
}

// job is the Job that a pattern emits.
func job(t *testing.T, p *migrate.Migrate, w *sidecar.Workload) batchv1.Job {
	t.Helper()
	c, err := sidecar.Build(p, w)
	require.NoError(t, err)
	require.Empty(t, c.InitContainers, "nothing is in the pod")
	require.Empty(t, c.Volumes)
	require.Empty(t, c.LikeApp)
	require.Len(t, c.Objects, 1)
	var out batchv1.Job
	require.NoError(t, json.Unmarshal(c.Objects[0].RawMessage, &out))
	return out
}

// A Job can't be changed, so another one comes where another thing is to be done, and
// only there.
func TestMigrateJobName(t *testing.T) {
	p := engine(migrate.GolangMigrate)
	p.Mode = migrate.MigrateJob
	w := shop()
	files := []string{"1_a.up.sql"}
	w.ConfigMaps = func(name string) *sidecar.ConfigMap {
		if name != "sql" {
			return nil
		}
		return &sidecar.ConfigMap{Keys: files}
	}
	first := job(t, p, w)
	require.Regexp(t, `^shop-migrate-[0-9a-f]{8}$`, first.Name)
	require.Equal(t, first, job(t, p, w))

	files = append(files, "2_b.up.sql")
	second := job(t, p, w)
	require.NotEqual(t, first.Name, second.Name)
	require.Equal(t, first.Spec, second.Spec)

	w.Override = &corev1.Container{Image: "migrate:mirror"}
	third := job(t, p, w)
	require.NotEqual(t, second.Name, third.Name)
	require.Equal(t, "migrate:mirror", third.Spec.Template.Spec.Containers[0].Image)

	p.Hook = migrate.HookHelm
	hooked := job(t, p, w)
	require.Equal(t, "shop-migrate", hooked.Name)
	require.Equal(t, map[string]string{"helm.sh/hook": "pre-install,pre-upgrade",
		"helm.sh/hook-delete-policy": "before-hook-creation"}, hooked.Annotations)

	w.Ref.Name = strings.Repeat("long-", 40) + "er"
	p.Hook = ""
	require.LessOrEqual(t, len(job(t, p, w).Name), 63, "its pods have the name as a label")
	p.Hook = migrate.HookArgoCD
	require.LessOrEqual(t, len(job(t, p, w).Name), 63)
}

// The Job's pod is where the app's are, but none of theirs: their Services don't
// select it.
func TestMigrateJobPod(t *testing.T) {
	w := shop()
	w.Pod.Labels = map[string]string{"app": "shop"}
	spec := &w.Pod.Spec
	spec.ServiceAccountName, spec.NodeSelector = "shop", map[string]string{"disk": "ssd"}
	spec.Tolerations = []corev1.Toleration{{Key: "gpu"}}
	spec.SecurityContext = &corev1.PodSecurityContext{RunAsNonRoot: new(true)}
	spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{}, PodAntiAffinity: &corev1.PodAntiAffinity{}}
	w.App.EnvFrom = []corev1.EnvFromSource{
		{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "shop"}}}}
	w.App.Env = []corev1.EnvVar{{Name: "CACHE", Value: "redis://localhost:6379"}}
	p := &migrate.Migrate{Command: []string{"bin/migrate"}, Mode: migrate.MigrateJob}
	pod := job(t, p, w).Spec.Template
	require.NotContains(t, pod.Labels, "app")
	require.Equal(t, "shop", pod.Spec.ServiceAccountName)
	require.Equal(t, spec.NodeSelector, pod.Spec.NodeSelector)
	require.Equal(t, spec.Tolerations, pod.Spec.Tolerations)
	require.Equal(t, spec.SecurityContext, pod.Spec.SecurityContext)
	require.Equal(t, &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{}}, pod.Spec.Affinity)
	require.Equal(t, corev1.RestartPolicyNever, pod.Spec.RestartPolicy)
	require.Equal(t, w.App.EnvFrom, pod.Spec.Containers[0].EnvFrom)
	require.Equal(t, "warning job-loopback: CACHE points to the pod itself, and nothing else runs in the Job",
		said(t, p, w))

	mine := job(t, &migrate.Migrate{Engine: migrate.Flyway, Source: &migrate.MigrationSource{Image: "sql:1", Path: "/sql"},
		DatabaseURL: &migrate.SecretKey{SecretName: "db", Key: "url"}, Mode: migrate.MigrateJob}, w).Spec.Template.Spec
	require.Empty(t, mine.ServiceAccountName, "an engine has no business with the API server")
	require.Equal(t, new(false), mine.AutomountServiceAccountToken)
	require.Equal(t, []string{"cp", "-R", "/sql/.", "/migrations"}, mine.InitContainers[0].Command)
	require.Empty(t, mine.Containers[0].EnvFrom)
	for _, e := range mine.Containers[0].Env {
		require.NotEqual(t, "FLYWAY_IGNORE_MIGRATION_PATTERNS", e.Name, "a Job is never older than the database")
	}
}

// What the hook needs must be there before it.
func TestMigrateHookEarly(t *testing.T) {
	w := shop()
	w.Secrets = map[string][]string{"shop": {"password"}, "tls": {"tls.crt"}}
	w.ConfigMaps = func(name string) *sidecar.ConfigMap {
		return map[string]*sidecar.ConfigMap{"conf": {}, "env": {}}[name]
	}
	w.ServiceAccounts = func(string) map[string]string { return map[string]string{} }
	w.Pod.Spec.ServiceAccountName = "shop"
	ref := func(name string) corev1.LocalObjectReference { return corev1.LocalObjectReference{Name: name} }
	w.App.EnvFrom = []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: ref("env")}},
		{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: ref("elsewhere")}}}
	w.App.Env = []corev1.EnvVar{
		{
			Name: "A", ValueFrom: &corev1.EnvVarSource{
				SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: ref("shop"), Key: "password"}}},
		{
			Name: "B", ValueFrom: &corev1.EnvVarSource{
				ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: ref("env"), Key: "b"}}},
	}
	w.App.VolumeMounts = []corev1.VolumeMount{{Name: "conf", MountPath: "/conf"}, {Name: "tls", MountPath: "/tls"},
		{Name: "claimed", MountPath: "/data"}}
	w.Pod.Spec.Volumes = []corev1.Volume{
		{
			Name: "conf", VolumeSource: corev1.VolumeSource{
				ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: ref("conf")}}},
		{Name: "tls", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "tls"}}},
	}
	p := &migrate.Migrate{Command: []string{"bin/migrate"}, Mode: migrate.MigrateJob, Hook: migrate.HookArgoCD}
	require.Equal(t, "warning job-volume: the Job doesn't get /data: volume claimed is for the workload's own "+
		"pods\nwarning hook-early: the Job runs before these exist, or with their old content after a change: ConfigMap "+
		"conf, Secret tls, ConfigMap env, Secret shop, ServiceAccount shop", said(t, p, w))
	p.Hook = ""
	require.NotContains(t, said(t, p, w), "hook-early")
}

// The app's program gets the app's resources; where it has none, none that limit it.
func TestMigrateResources(t *testing.T) {
	w := shop()
	p := &migrate.Migrate{Command: []string{"bin/migrate"}}
	c, err := sidecar.Build(p, w)
	require.NoError(t, err)
	require.Equal(t, []string{"migrate"}, c.LikeApp)
	require.NotEmpty(t, c.InitContainers[0].Resources.Requests)
	require.Empty(t, c.InitContainers[0].Resources.Limits)
	w.App.Resources.Limits = corev1.ResourceList{
		corev1.ResourceMemory: c.InitContainers[0].Resources.Requests[corev1.ResourceMemory]}
	c, err = sidecar.Build(p, w)
	require.NoError(t, err)
	require.Equal(t, w.App.Resources, c.InitContainers[0].Resources)
}
