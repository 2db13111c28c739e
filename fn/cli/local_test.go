package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// folder writes files into a folder of the test's own, and returns its path.
func folder(t *testing.T, texts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range texts {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return dir
}

const waits = `apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: waits}
spec:
  select: [{kind: Deployment, name: web}]
  patterns: [waitFor: {targets: ["db:5432"]}]
`

const local = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: local\n  annotations: " +
	"{config.kubernetes.io/local-config: 'true'}\n"

// Of files and folders, only what a cluster takes is printed.
func TestInjectPrintsWhatAClusterTakes(t *testing.T) {
	const secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"
	dir := folder(t, map[string]string{
		"Kptfile.yaml":       "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata: {name: pkg}\n",
		"kustomization.yaml": "resources: [web.yaml]\n",
		"plugin.yaml":        "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: p}\n",
		"flux.yaml": "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n" +
			"metadata: {name: flux}\n",
		"mixed.yaml": "# mine\n---\nreplicas: 1\n# of the chart\n---\n" + secret + "---\n" + local + "...\n---\n" +
			strings.ReplaceAll(secret, "s}", "two}"),
		"list.yaml": "apiVersion: v1\nkind: List\nitems:\n- " +
			strings.ReplaceAll(strings.TrimSpace(local), "\n", "\n  ") + "\n- kind: Secret\n  apiVersion: v1\n" +
			"  metadata: {name: three}\n- " + strings.ReplaceAll(strings.TrimSpace(local), "\n", "\n  ") + "\n",
		"none.yaml":     "apiVersion: v1\nkind: List\nitems: []\n",
		"patch.yaml":    "- op: remove\n  path: /spec\n",
		"sidecars.yaml": waits,
		"values.yaml":   "%YAML 1.1\n---\nreplicas: 1\n---\nreplicas: 2\n",
		"web.yaml":      web,
	})
	code, out, err := call("", "inject", "-c", filepath.Join(dir, "sidecars.yaml"), dir)
	require.Zero(t, code, err)
	require.Equal(t, "note: not printed, as no cluster takes it (--keep-local prints it): DIR/Kptfile.yaml, "+
		"DIR/kustomization.yaml, DIR/list.yaml (ConfigMap local, ConfigMap local), "+
		"DIR/mixed.yaml (document 1, ConfigMap local), "+
		"DIR/patch.yaml, DIR/plugin.yaml, DIR/sidecars.yaml, DIR/values.yaml\n"+
		"Deployment web: wait-for (1 init container); requests 10m CPU, 16Mi\n", strings.ReplaceAll(err, dir, "DIR"))
	require.True(t, strings.HasPrefix(out, "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"+
		"metadata: {name: flux}\n---\napiVersion: v1\nkind: List\nitems:\n- kind: Secret\n  apiVersion: v1\n"+
		"  metadata: {name: three}\n---\n# mine\n---\n"+secret+"---\n"+strings.ReplaceAll(secret, "s}", "two}")+
		"---\napiVersion: v1\nkind: List\nitems: []\n---\napiVersion: apps/v1\nkind: Deployment\n"), out)
	require.NotContains(t, out, "replicas")

	code, out, err = call("", "inject", "--keep-local", "-c", filepath.Join(dir, "sidecars.yaml"), dir)
	require.Zero(t, code, err)
	require.Equal(t, "Deployment web: wait-for (1 init container); requests 10m CPU, 16Mi\n", err)
	require.Contains(t, out, waits)
	require.Contains(t, out, "replicas: 2")

	code, stripped, err := call("", "strip", dir)
	require.Zero(t, code, err)
	require.Contains(t, err, "note: not printed")
	require.NotContains(t, stripped, "Sidecars")
}

// A stream goes through whole, and files in place keep everything.
func TestInjectKeepsLocalElsewhere(t *testing.T) {
	conf := file(t, "sidecars.yaml", waits)
	in := local + "---\nreplicas: 1\n---\n" + web
	code, out, err := call(in, "inject", "-c", conf)
	require.Zero(t, code, err)
	require.Contains(t, out, local+"---\nreplicas: 1\n---\n")
	require.NotContains(t, err, "note")

	dir := folder(t, map[string]string{"all.yaml": in})
	code, _, err = call("", "inject", "-c", conf, "-w", dir)
	require.Zero(t, code, err)
	require.NotContains(t, err, "note")
	text, failed := os.ReadFile(filepath.Join(dir, "all.yaml"))
	require.NoError(t, failed)
	require.Contains(t, string(text), local+"---\nreplicas: 1\n---\n")
}

// In brackets, the members that are left stay a valid list.
func TestInjectLeavesMembersOut(t *testing.T) {
	const gone = `{"kind":"ConfigMap","metadata":{"name":"m","annotations":{"config.kubernetes.io/local-config":"true"}}}`
	const kept = `{"kind":"Secret","metadata":{"name":"s"}}`
	conf := file(t, "sidecars.yaml", strings.ReplaceAll(waits, "spec:\n", "spec:\n  expect: {min: 0}\n"))
	for in, want := range map[string]string{
		gone + "," + kept + "," + gone + "," + gone: "[" + kept + "]",
		kept + ", " + gone + "," + gone:             "[" + kept + "]",
		gone + ", " + gone:                          "",
	} {
		path := file(t, "list.yaml", `{"apiVersion":"v1","kind":"List","items":[`+in+"]}\n")
		code, out, err := call("", "inject", "-c", conf, path)
		require.Zero(t, code, err)
		if want != "" {
			want = `{"apiVersion":"v1","kind":"List","items":` + want + "}\n"
		}
		require.Equal(t, want, out)
	}
}
