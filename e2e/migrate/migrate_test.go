package migrate

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/e2e/rendered"
	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/pattern/migrate"
)

// The secret has no password in its URL: that would be an argument.
var secret = map[string]string{"url": "postgres://shop@127.0.0.1:5432/postgres?sslmode=disable", "password": password}

const names = "alter table users add column name text; insert into users values (1, 'eve');"

var (
	first = map[string]string{
		"0001_users.up.sql":   "create table users (id int primary key);",
		"0001_users.down.sql": "drop table users;",
	}
	second = map[string]string{"0002_names.up.sql": names}
	slow   = map[string]string{"0002_names.up.sql": "select pg_sleep(1); " + names}
	wrong  = map[string]string{"0002_names.up.sql": "alter table nobody add column name text;"}
)

func files(parts ...map[string]string) map[string]string {
	all := map[string]string{}
	for _, part := range parts {
		for name, text := range part {
			all[name] = text
		}
	}
	return all
}

func engine() config.Entry {
	return config.Entry{Migrate: &migrate.Migrate{
		Engine:      migrate.GolangMigrate,
		Source:      &migrate.MigrationSource{ConfigMapName: "sql"},
		DatabaseURL: &migrate.SecretKey{SecretName: "db", Key: "url"},
		Password:    &migrate.SecretKey{SecretName: "db", Key: "password"},
	}}
}

// launch runs the rendered engine over files of a ConfigMap.
func launch(t *testing.T, spec corev1.Container, sql map[string]string) *pod.Container {
	t.Helper()
	return pod.Launch(t, filled(t, spec, secret), mounts(t, sql))
}

// mounts are the files, and what the engine's image has: Alpine's shell beside it.
func mounts(t *testing.T, sql map[string]string) map[string]*pod.Volume {
	t.Helper()
	programs := pod.NewApplets(t, "sh")
	engine, err := os.ReadFile(filepath.Join(pod.Built(), "migrate"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(programs.Dir, "migrate"), engine, 0o755))
	return map[string]*pod.Volume{"/migrations": pod.NewVolume(t, sql), pod.Programs: programs}
}

func TestGolangMigrate(t *testing.T) {
	spec := rendered.Render(t, app, engine()).Pod(t)
	require.Len(t, spec.InitContainers, 1)
	migrate := spec.InitContainers[0]

	t.Run("up, and nothing to do", func(t *testing.T) {
		postgres(t)
		launch(t, migrate, first).RequireSuccess()
		require.Equal(t, "1|f", query(t, "select version, dirty from schema_migrations"))
		again := launch(t, migrate, first) // another pod, or the same one started again
		again.RequireSuccess()
		says(t, again, "no change")
		launch(t, migrate, files(first, second)).RequireSuccess()
		require.Equal(t, "1|eve", query(t, "select id, name from users"))
	})
	t.Run("an old pod after a new one", func(t *testing.T) {
		postgres(t)
		launch(t, migrate, files(first, second)).RequireSuccess()
		old := launch(t, migrate, files(first, map[string]string{"9999_notes.txt": "", "v1_x.up.sql": ""}))
		old.RequireSuccess()
		says(t, old, "WARNING: the database is at version 2, ahead of the newest file, 0001: nothing is migrated")
		require.Equal(t, "2|f", query(t, "select version, dirty from schema_migrations"))
		require.Equal(t, "1|eve", query(t, "select id, name from users"))
		launch(t, migrate, files(first, second)).RequireSuccess() // and forward again
	})
	t.Run("not ahead, and it fails", func(t *testing.T) {
		postgres(t)
		launch(t, migrate, files(first, second)).RequireSuccess()
		third := map[string]string{"0003_more.up.sql": "select 1;"}
		for what, sql := range map[string]map[string]string{
			"a file is missing": files(first, third),
			"no file at all":    {},
			"none of the form":  {"0001.sql": "select 1;", "first.up.sql": "select 1;"},
		} {
			failing := launch(t, migrate, sql)
			failing.RequireFailure()
			require.NotContains(t, failing.Log.String(), "WARNING", what)
		}
		query(t, "update schema_migrations set version = 3, dirty = true")
		failing := launch(t, migrate, first) // ahead, and half done
		failing.RequireFailure()
		require.NotContains(t, failing.Log.String(), "WARNING")
	})
	t.Run("it's told to end", func(t *testing.T) {
		postgres(t)
		launch(t, migrate, first).RequireSuccess()
		slow := map[string]string{"0002_slow.up.sql": "select pg_sleep(600);"}
		running := pod.LaunchFirst(t, filled(t, migrate, secret), mounts(t, files(first, slow)))
		sleeping := "select count(*) from pg_stat_activity where wait_event = 'PgSleep'"
		pod.Poll(t, "a migration", func() bool { return query(t, sleeping) == "1" })
		running.Terminate()
		running.RequireFailure()
	})
	t.Run("several at once", func(t *testing.T) {
		postgres(t)
		launch(t, migrate, first).RequireSuccess()
		var pods []*pod.Container
		for range 3 {
			pods = append(pods, launch(t, migrate, files(first, slow)))
		}
		pod.Poll(t, "one to migrate and the others to wait", func() bool {
			busy := "select count(*) from pg_stat_activity where wait_event_type = 'Lock' or wait_event = 'PgSleep'"
			return query(t, busy) == "3"
		})
		for _, p := range pods {
			raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.Cmd.Process.Pid))
			require.NoError(t, err)
			require.Contains(t, string(raw), "-database=postgres://shop@127.0.0.1", "it's the argument")
			require.NotContains(t, string(raw), password)
			require.Equal(t, "65534 65534 65534 65534", pod.ReadStatus(t, p.Cmd.Process.Pid, "Uid"))
		}
		for _, p := range pods {
			p.RequireSuccess()
		}
		require.Equal(t, "2|f", query(t, "select version, dirty from schema_migrations"))
		require.Equal(t, "1", query(t, "select count(*) from users"))
	})
	t.Run("a wrong one keeps the pod from starting", func(t *testing.T) {
		postgres(t)
		failing := launch(t, migrate, files(first, wrong))
		failing.RequireFailure()
		says(t, failing, `relation "nobody" does not exist`)
		require.Equal(t, "2|t", query(t, "select version, dirty from schema_migrations"))
		launch(t, migrate, files(first, second)).RequireFailure() // until somebody has looked at it
	})
	t.Run("no database", func(t *testing.T) {
		down := launch(t, migrate, first)
		down.RequireFailure() // and the kubelet tries again
		says(t, down, "connection refused")
	})
}

// The app's own program: a script in place of a framework.
func TestOwnProgram(t *testing.T) {
	script := `set -e
psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -q -f /srv/schema.sql
echo "migrated as $(id -u)"`
	schema := map[string]string{"schema.sql": "create table if not exists users (id int primary key);"}
	own := func(mode migrate.MigrationMode) config.Entry {
		return config.Entry{Migrate: &migrate.Migrate{Command: []string{"busybox", "sh", "-c", script}, Mode: mode}}
	}
	spec := rendered.Render(t, app, own(migrate.MigrateInit)).Pod(t)
	jobs := rendered.Decode[batchv1.Job](t, rendered.Render(t, app, own(migrate.MigrateJob)), "Job")
	require.Len(t, jobs, 1)
	ofJob := jobs[0].Spec.Template.Spec.Containers[0]
	for mode, c := range map[string]corev1.Container{"init": spec.InitContainers[0], "job": ofJob} {
		t.Run(mode, func(t *testing.T) {
			postgres(t)
			require.Equal(t, "shop:1", c.Image)
			for range 2 {
				run := pod.Launch(t, filled(t, c, secret), map[string]*pod.Volume{"/srv": pod.NewVolume(t, schema)})
				run.RequireSuccess()
				says(t, run, "migrated as 1000\n")
			}
			require.Equal(t, "0", query(t, "select count(*) from users"))
		})
	}
}

// says waits for what a container writes.
func says(t *testing.T, c *pod.Container, text string) {
	t.Helper()
	pod.Poll(t, text, func() bool { return strings.Contains(c.Log.String(), text) })
}
