package fleet_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/fleet"
	"github.com/outrigger-dev/outrigger/e2e/made"
)

func programAndDocument(t *testing.T) (program, document string) {
	root, err := made.FindRoot()
	require.NoError(t, err)
	bin, err := made.Make("build")
	require.NoError(t, err)
	return filepath.Join(bin, "outrigger"), filepath.Join(root, "examples/every-pod/sidecars/sidecars.yaml")
}

// Manifests in the forms of well-known repositories go through in one run each, and most of their workloads are served.
// What is printed is worth reading: with all documents, few warnings come with a thousand sidecars of workloads.
func TestFleets(t *testing.T) {
	program, every := programAndDocument(t)
	folders, err := os.ReadDir("testdata")
	require.NoError(t, err)
	require.Len(t, folders, 5)
	documents, err := filepath.Glob("documents/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, documents)
	proxies, all := fleet.NewReport(), fleet.NewReport()
	for _, dir := range folders {
		for _, document := range append(documents, every) {
			r, err := fleet.CheckFolder(program, document, filepath.Join("testdata", dir.Name()))
			require.NoError(t, err)
			require.Zero(t, r.Code, dir.Name())
			require.Empty(t, r.Errors, dir.Name())
			if all.Add(dir.Name()+document, r); document == every {
				proxies.Add(dir.Name(), r)
			}
		}
	}
	t.Log(strings.Join(all.Lines(), "\n"))
	require.NotZero(t, proxies.Without())
	require.GreaterOrEqual(t, proxies.PercentServed(), 70.0, proxies.Skips())
	require.LessOrEqual(t, all.PerThousand(), 30.0, all.Warnings())
	for code, n := range proxies.Warnings() {
		require.LessOrEqual(t, n, 2, "%s: one line tells of several objects", code)
	}
}

// Alternatives don't meet in one run, templates aren't read, and an error is one.
func TestFolders(t *testing.T) {
	program, document := programAndDocument(t)
	web := "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {metadata: {labels: {a: b}}, " +
		"spec: {containers: [{name: web, image: web:1, ports: [{containerPort: 80}]}]}}}\n"
	service := "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {a: b}, ports: [{port: 80}]}\n"
	check := func(files ...string) *fleet.Report {
		dir := t.TempDir()
		for i, text := range files {
			require.NoError(t, os.WriteFile(filepath.Join(dir, string(rune('a'+i))+".yaml"), []byte(text), 0o600))
		}
		r, err := fleet.CheckFolder(program, document, dir)
		require.NoError(t, err)
		return r
	}
	r := check(web+service, web+service, web+"---\nx: {{ y }}\n", "kind: Values\n")
	require.Equal(t, 1, r.Runs, "an alternative of the same workload is none more")
	require.Equal(t, 1, r.Served())
	require.Empty(t, r.Skips())
	require.Empty(t, r.Warnings())
	require.InDelta(t, 100, r.PercentServed(), 0.1)
	r = check(web)
	require.Equal(t, map[string]int{"no Service selects the workload, so there are no names for its certificate": 1},
		r.Skips())
	require.Equal(t, 1, r.Without())
	r = check(strings.Replace(web, "spec: {containers", "spec: {volumes: 3, containers", 1))
	require.Equal(t, 1, r.Code)
	require.Len(t, r.Errors, 1)
	var printed strings.Builder
	r.Print(&printed)
	require.Contains(t, printed.String(), "error: Deployment web: : unreadable: ")
}
