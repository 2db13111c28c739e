//go:build cluster

package cluster

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const postgresImage = "docker.io/outrigger-dev/postgres:1"

// loadPostgres makes an image of Debian's, and of the libraries that it needs.
func loadPostgres(t *testing.T) {
	t.Helper()
	homes, err := filepath.Glob("/usr/lib/postgresql/*")
	require.NoError(t, err)
	require.NotEmpty(t, homes, "`make install` has it")
	home := homes[len(homes)-1]
	files := map[string][]byte{
		"bin/busybox": contents(t, "/usr/bin/busybox"),
		"etc/passwd":  []byte("postgres:x:999:999::/:/bin/sh\n"),
	}
	add := func(file string) { files[strings.TrimPrefix(file, "/")] = contents(t, file) }
	shared := "/usr/share/postgresql/" + filepath.Base(home)
	for _, dir := range []string{home + "/bin", home + "/lib", shared, "/usr/share/zoneinfo/Etc"} {
		require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || strings.Contains(path, "llvmjit") {
				return err
			}
			if d.Name() == "bitcode" {
				return fs.SkipDir
			}
			if info, failed := os.Stat(path); failed == nil && info.Mode().IsRegular() { // what links lead to
				add(path)
			}
			return nil
		}))
	}
	for _, program := range []string{"postgres", "initdb", "psql"} {
		out, err := run("", "ldd", filepath.Join(home, "bin", program))
		require.NoError(t, err)
		for _, library := range regexp.MustCompile(`/\S+\.so\S*`).FindAllString(out, -1) {
			add(library)
		}
	}
	links := map[string]string{"postgres": home[1:]}
	for _, applet := range []string{"sh", "cat", "echo"} {
		links["bin/"+applet] = "busybox"
	}
	load(t, postgresImage, "/bin/sh", archive(t, files, links))
}

var postgres = deployment("postgres", "runAsUser: 999, runAsGroup: 999", `      containers:
        - name: postgres
          image: `+postgresImage+`
          imagePullPolicy: IfNotPresent
          args:
            - -ec
            - |
              /postgres/bin/initdb -D /data/db -U shop -A scram-sha-256 --pwfile=/secret/password --locale=C --no-sync
              echo 'host all all all scram-sha-256' >>/data/db/pg_hba.conf
              exec /postgres/bin/postgres -D /data/db -k /data -h '*' -c fsync=off -c jit=off
          env: [{name: PGPASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}]
          readinessProbe: {tcpSocket: {port: 5432}, periodSeconds: 1}
          resources: {requests: {cpu: 5m, memory: 64Mi}, limits: {memory: 256Mi}}
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
          volumeMounts:
            - {name: data, mountPath: /data}
            - {name: secret, mountPath: /secret}
            - {name: shm, mountPath: /dev/shm}
      volumes:
        - {name: data, emptyDir: {}}
        - {name: secret, secret: {secretName: db}}
        - {name: shm, emptyDir: {medium: Memory}}
`) + service("postgres", "port: 5432")

const migrations = `---
apiVersion: v1
kind: ConfigMap
metadata: {name: migrations}
data:
  1_users.up.sql: create table users (name text); select pg_sleep(1);
  2_alice.up.sql: insert into users values ('alice');
`
