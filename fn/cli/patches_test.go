package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const fullWeb = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: web:1
`

const webHead = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"

// repository has a base, and overlays with patches in all forms that kustomize knows.
func repository(t *testing.T) string {
	t.Helper()
	partial := webHead + "spec:\n  template:\n    spec:\n      containers:\n        - {name: web, resources: {}}\n"
	return folder(t, map[string]string{
		"base/kustomization.yaml": "resources: [web.yaml]\n",
		"base/web.yaml":           fullWeb,
		"overlays/prod/kustomization.yaml": "resources: [../../base]\npatches:\n" +
			"  - path: replicas.yaml\n  - path: ./more.yaml\n",
		"overlays/prod/replicas.yaml":    webHead + "spec:\n  replicas: 5\n",
		"overlays/prod/more.yaml":        partial + "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n",
		"overlays/old/kustomization.yml": "patchesStrategicMerge: [image.yaml, \"kind: X\"]\ntransformers: [plugin.yaml]\n",
		"overlays/old/image.yaml":        strings.Replace(fullWeb, "  selector: {matchLabels: {app: web}}\n", "", 1),
		"overlays/old/plugin.yaml": "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: p}\n" +
			"path: plugged.yaml\n",
		"overlays/old/plugged.yaml":         partial,
		"overlays/json/kustomization.yaml":  "patchesJson6902:\n- {target: {kind: Deployment, name: web}, path: six.yaml}\n",
		"overlays/json/six.yaml":            "- {op: remove, path: /spec/replicas}\n",
		"overlays/other/kustomization.yaml": "namePrefix: x-\n",
	})
}

// Patches aren't workloads: they stay as they are.
func TestInjectLeavesPatchesAlone(t *testing.T) {
	conf, dir := file(t, "sidecars.yaml", waits), repository(t)
	before := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if !d.IsDir() {
			before[path] = text(t, path)
		}
		return err
	}))
	for range 2 { // the second time, the workload has a record
		code, _, err := call("", "inject", "-c", conf, "-w", dir)
		require.Zero(t, code, err)
		require.Equal(t, "info[patch]: DIR/overlays/old/image.yaml:1: Deployment web: isn't a workload, but a patch of "+
			"DIR/overlays/old/kustomization.yml\n"+
			"info[patch]: DIR/overlays/old/plugged.yaml:1: Deployment web: isn't a workload, but a patch of "+
			"DIR/overlays/old/plugin.yaml\n"+
			"info[patch]: DIR/overlays/prod/more.yaml:1: Deployment web: isn't a workload, but a patch of "+
			"DIR/overlays/prod/kustomization.yaml\n"+
			"info[patch]: DIR/overlays/prod/replicas.yaml:1: Deployment web: isn't a workload, but a patch of "+
			"DIR/overlays/prod/kustomization.yaml\n"+
			"Deployment web: wait-for (1 init container); requests 10m CPU, 16Mi\n", strings.ReplaceAll(err, dir, "DIR"))
		for path, was := range before {
			if now := text(t, path); strings.HasSuffix(path, "base/web.yaml") {
				require.Contains(t, now, "initContainers")
			} else {
				require.Equal(t, was, now, path)
			}
		}
	}
	code, _, err := call("", "strip", "-w", dir)
	require.Zero(t, code, err)
	for path, was := range before {
		require.Equal(t, was, text(t, path), path)
	}
}

// Of a folder, patches aren't printed.
func TestInjectPrintsNoPatches(t *testing.T) {
	conf, dir := file(t, "sidecars.yaml", waits), repository(t)
	code, out, err := call("", "inject", "-c", conf, dir)
	require.Zero(t, code, err)
	require.Equal(t, 1, strings.Count(out, "kind:"), out)
	require.Contains(t, err, filepath.Join(dir, "overlays/prod/replicas.yaml"))
}

// What a cluster would take is a workload, whatever a kustomization says of it.
func TestInjectServesNamedWorkloads(t *testing.T) {
	conf := file(t, "sidecars.yaml", waits)
	partial := strings.Replace(fullWeb, "          image: web:1\n", "", 1)
	for name, texts := range map[string]map[string]string{
		"complete": {"kustomization.yaml": "patches: [{path: web.yaml}]\n", "web.yaml": fullWeb},
		"a resource": {"kustomization.yaml": "patches: [{path: web.yaml}]\nresources: [web.yaml]\n",
			"web.yaml": partial},
		"a custom one":     {"kustomization.yaml": "patches: [{path: web.yaml}]\n", "web.yaml": customWeb},
		"not kustomize's":  {"config.yaml": "patches: [{path: web.yaml}]\n", "web.yaml": partial},
		"of another place": {"a/kustomization.yaml": "patches: [{path: web.yaml}]\n", "web.yaml": partial},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, err := call("", "inject", "-c", conf, "-w", folder(t, texts))
			require.Zero(t, code, err)
			require.Contains(t, err, "Deployment web: wait-for (1 init container); requests 10m CPU, 16Mi")
		})
	}
}

// customWeb has its group in common with no kind that outrigger knows.
var customWeb = strings.Replace(fullWeb, "apps/v1", "example.com/v1", 1)
