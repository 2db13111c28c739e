package kpt

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/made"
)

const web = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: web:1 # pinned
          ports: [{name: http, containerPort: 8080}]
`

// makeFlatPackage makes a package with two workloads, and a pipeline of entries in the flat form.
func makeFlatPackage(t *testing.T, mutators ...string) (dir string) {
	t.Helper()
	pipeline := "pipeline:\n  mutators:\n"
	if len(mutators) == 0 {
		pipeline = ""
	}
	for _, m := range mutators {
		pipeline += "    - exec: outrigger\n      configMap: {" + m + "}\n"
	}
	return makePackage(t, "", pipeline, map[string]string{"web.yaml": web,
		"other.yaml": strings.ReplaceAll(web, "web", "other")})
}

// Entries of a Kptfile in the flat form add up, and so do the words of kpt fn eval.
func TestFlat(t *testing.T) { made.EachKpt(t, checkFlat) }

func checkFlat(t *testing.T) {
	t.Helper()
	const wait = `pattern: waitFor, targets: "db:5432", kind: Deployment, name: `
	const logs = `pattern: logTail, directory: /var/log, files: a.log, kind: Deployment, name: web`
	dir := makeFlatPackage(t, wait+"web", logs, wait+"other")
	render(t, dir)
	once := readFiles(t, dir)
	require.Contains(t, once["web.yaml"], "name: wait-for\n")
	require.Contains(t, once["web.yaml"], "name: log-tail\n")
	require.Contains(t, once["other.yaml"], "name: wait-for\n")
	render(t, dir)
	require.Equal(t, once, readFiles(t, dir), "twice is once")

	dir = makeFlatPackage(t)
	for _, words := range [][]string{
		{"pattern=logTail", "directory=/var/log", "files=a.log", "kind=Deployment", "name=web"},
		{"pattern=waitFor", "targets=db:5432", "kind=Deployment", "name=other"},
		{"pattern=waitFor", "targets=db:5432", "kind=Deployment", "name=web"},
	} {
		_, said, ok := runKpt(t, "", append([]string{"fn", "eval", dir, "--exec", "outrigger", "--"}, words...)...)
		require.True(t, ok, said)
	}
	for _, name := range []string{"web.yaml", "other.yaml"} {
		require.YAMLEq(t, once[name], readFile(t, filepath.Join(dir, name)), "as the entries; kpt sorts fields itself")
	}
}

// An error of the flat form is in its spelling.
func TestFlatError(t *testing.T) { made.EachKpt(t, checkFlatError) }

func checkFlatError(t *testing.T) {
	t.Helper()
	dir := makeFlatPackage(t, "pattern: tlsProxy, port: 8080, secretName: tls, name: web")
	_, said, ok := runKpt(t, "", "fn", "render", dir, "--allow-exec", "--truncate-output=false")
	require.False(t, ok)
	require.Contains(t, said, "data.rebind: the app must move to another port")
	require.Contains(t, said, "rebind.port=9201")
	require.NotContains(t, said, "rebind: {")
}
