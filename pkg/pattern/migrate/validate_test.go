package migrate_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/pattern/migrate"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

func TestMigrateValidate(t *testing.T) {
	for want, edit := range map[string]func(p *migrate.Migrate){
		"":                             func(p *migrate.Migrate) {},
		"engine: \"goose\" is unknown": func(p *migrate.Migrate) { p.Engine = "goose" },
		"databaseURL: the database's URL is missing": func(p *migrate.Migrate) { p.DatabaseURL = nil },
		"databaseURL.secretName: no Secret":          func(p *migrate.Migrate) { p.DatabaseURL.SecretName = "" },
		"password.key: \"a b\" can't be a key": func(p *migrate.Migrate) {
			p.Password = &migrate.SecretKey{SecretName: "db", Key: "a b"}
		},
		"source: the source of the migrations is missing": func(p *migrate.Migrate) { p.Source = nil },
		"source: the source of the migrations is": func(p *migrate.Migrate) {
			p.Source = &migrate.MigrationSource{Image: "sql:1"}
		},
		"source.configMapName: \"A\" can't":      func(p *migrate.Migrate) { p.Source.ConfigMapName = "A" },
		"source.configMapName: image is set too": func(p *migrate.Migrate) { p.Source.Image = "sql:1" },
		"source.image: \"sql 1\" isn't a valid image name": func(p *migrate.Migrate) {
			p.Source = &migrate.MigrationSource{Image: "sql 1", Path: "/sql"}
		},
		"source.path: \"/s,ql\" isn't a valid absolute path": func(p *migrate.Migrate) {
			p.Source = &migrate.MigrationSource{Image: "sql:1", Path: "/s,ql"}
		},
		"source.imageVolume: has no effect": func(p *migrate.Migrate) {
			p.Image, p.Source = "own:1", &migrate.MigrationSource{Path: "/sql", ImageVolume: true}
		},
		"image: \"$(X)\" isn't a valid image name": func(p *migrate.Migrate) { p.Image = "$(X)" },
		"mode: \"cron\" is unknown":                func(p *migrate.Migrate) { p.Mode = "cron" },
		"hook: \"flux\" is unknown":                func(p *migrate.Migrate) { p.Mode, p.Hook = migrate.MigrateJob, "flux" },
		"backoffLimit: is too small": func(p *migrate.Migrate) {
			p.Mode, p.BackoffLimit = migrate.MigrateJob, new(int32(-1))
		},
		"ttlSecondsAfterFinished: is too sm": func(p *migrate.Migrate) {
			p.Mode, p.TTLSecondsAfterFinished = migrate.MigrateJob, new(int32(-1))
		},
	} {
		p := engine(migrate.GolangMigrate)
		edit(p)
		err := p.Validate().Err()
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, want)
		_, err = sidecar.Build(p, shop())
		require.ErrorContains(t, err, want, "whoever asks without reading the config is told, too")
	}
}

// An engine that finds nothing by which to migrate says nothing either.
func TestMigrateFiles(t *testing.T) {
	for engineName, c := range map[migrate.MigrationEngine]struct{ good, bad string }{
		migrate.GolangMigrate: {"0001_users.up.sql", "0001_users.sql"},
		migrate.Flyway:        {"V1__users.sql", "V1_users.sql"},
		migrate.Liquibase:     {"changelog.xml", "changelog.yaml"},
	} {
		key := c.good
		w := shop()
		w.ConfigMaps = func(name string) *sidecar.ConfigMap {
			return map[string]*sidecar.ConfigMap{"sql": {Keys: []string{key}}}[name]
		}
		_, err := sidecar.Build(engine(engineName), w)
		require.NoError(t, err)
		key = c.bad
		_, err = sidecar.Build(engine(engineName), w)
		require.ErrorContains(t, err, "source.configMapName: ConfigMap sql has no migrations (its keys: "+c.bad+
			"); name the files like "+c.good)
	}
}

// Files that are in the engine's image are read where they are; libpq's variables are
// for golang-migrate what the others have of their own.
func TestMigrateOwnImage(t *testing.T) {
	p := engine(migrate.GolangMigrate)
	p.Image, p.Source = "own:1", &migrate.MigrationSource{Path: "/app/sql"}
	p.Username, p.Password = &migrate.SecretKey{SecretName: "db", Key: "user"},
		&migrate.SecretKey{SecretName: "db", Key: "password"}
	c, err := sidecar.Build(p, shop())
	require.NoError(t, err)
	require.Empty(t, c.Volumes)
	require.Equal(t, "own:1", c.InitContainers[0].Image)
	require.Equal(t, "-path=/app/sql", c.InitContainers[0].Args[0])
	var names []string
	for _, e := range c.InitContainers[0].Env {
		require.Empty(t, e.Value, "nothing is written out")
		names = append(names, e.Name)
	}
	require.Equal(t, []string{"DATABASE_URL", "PGUSER", "PGPASSWORD"}, names)
}
