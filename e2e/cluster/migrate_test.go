//go:build cluster

package cluster

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMigrate has pods that all bring the database up to date before they start: one
// does it, the others wait. The database comes up after them. A Job does what is new.
func TestMigrate(t *testing.T) {
	images(t)
	loadPostgres(t)
	loadShellImage(t, "docker.io/migrate/migrate:v4.20.1", filepath.Join(bin, "migrate"))
	n := newNamespace(t)
	host := n.host("postgres")
	n.apply(fmt.Sprintf(`apiVersion: v1
kind: Secret
metadata: {name: db}
stringData:
  password: 'a $(word) of @:/%%'
  url: "postgres://shop@%s:5432/postgres?sslmode=disable"
`, host))
	config := func(more string) string {
		return sidecars("Deployment", "shop", `
    - override: {resources: {requests: {cpu: 5m}}}
      migrate:
        engine: golang-migrate
        source: {configMapName: migrations}
        databaseURL: {secretName: db, key: url}
        password: {secretName: db, key: password}
`+more)
	}
	n.inject(config("    - waitFor: {targets: [\""+host+":5432\"], intervalSeconds: 1}\n"),
		strings.Replace(workload, "replicas: 2", "replicas: 4", 1)+migrations)
	n.tells("shop", "wait-for", "waiting for postgres")
	n.apply(postgres)
	n.rolledOut("postgres")
	n.rolledOut("shop")
	n.calm()
	query := func(sql string) string {
		psql := []string{"/postgres/bin/psql", "-h", "127.0.0.1", "-U", "shop", "-d", "postgres", "-Atc", sql}
		return n.exec(n.pod("postgres"), "postgres", psql...)
	}
	require.Equal(t, "2 f", query("select version || ' ' || case when dirty then 't' else 'f' end from schema_migrations"))
	require.Equal(t, "alice", query("select name from users"))

	bob := "  3_bob.up.sql: insert into users values ('bob');\n"
	n.inject(config("        mode: job\n"), singleReplica(workload)+migrations+bob)
	becomes(t, "Jobs", "1", func() string { return fmt.Sprint(len(strings.Fields(n.kc("get", "jobs", "-o", "name")))) })
	n.completes(strings.TrimPrefix(n.kc("get", "jobs", "-o", "name"), "job.batch/"))
	require.Equal(t, "alice\nbob", query("select name from users order by name"))
	n.rolledOut("shop")
	n.calm()
}
