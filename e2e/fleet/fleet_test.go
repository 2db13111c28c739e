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
func TestFleets(t *testing.T) {
	program, document := programAndDocument(t)
	folders, err := os.ReadDir("testdata")
	require.NoError(t, err)
	require.Len(t, folders, 5)
	var served, all int
	for _, dir := range folders {
		r, err := fleet.CheckFolder(program, document, filepath.Join("testdata", dir.Name()))
		require.NoError(t, err)
		var printed strings.Builder
		r.Print(&printed)
		t.Logf("%s: %s", dir.Name(), &printed)
		require.Zero(t, r.Code, dir.Name())
		require.Empty(t, r.Errors, dir.Name())
		require.NotZero(t, r.Without, dir.Name())
		served, all = served+r.Served, all+r.Served+r.Without
	}
	require.GreaterOrEqual(t, served*100, all*70, "%d of %d workloads are served", served, all)
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
	require.Equal(t, fleet.Report{Runs: 2, Served: 2, Skips: map[string]int{}, Warnings: map[string]int{}}, *r)
	require.InDelta(t, 100, r.PercentServed(), 0.1)
	r = check(web)
	require.Equal(t, map[string]int{"no Service selects the workload, so there are no names for its certificate": 1},
		r.Skips)
	require.Equal(t, 1, r.Without)
	r = check(strings.Replace(web, "spec: {containers", "spec: {volumes: 3, containers", 1))
	require.Equal(t, 1, r.Code)
	require.Len(t, r.Errors, 1)
	var printed strings.Builder
	r.Print(&printed)
	require.Contains(t, printed.String(), "error: Deployment /web: unreadable: ")
}
