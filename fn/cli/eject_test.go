package cli

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/eject"
	"github.com/outrigger-dev/outrigger/pkg/rig"
)

// An ejected Component gives what the function gives, in every overlay of an example and without any flag: with
// kustomize as a library. The tests of e2e/runners build the same with the programs, old ones too.
func TestEjectedExamples(t *testing.T) {
	overlays, err := filepath.Glob("../../examples/*/overlay/kustomization.yaml")
	require.NoError(t, err)
	require.Greater(t, len(overlays), 20)
	for _, overlay := range overlays {
		example := filepath.Dir(filepath.Dir(overlay))
		t.Run(filepath.Base(example), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			require.NoError(t, os.CopyFS(filepath.Join(dir, "base"), os.DirFS(filepath.Join(example, "base"))))
			require.NoError(t, os.Mkdir(filepath.Join(dir, "overlay"), 0o750))
			listed := strings.Replace(text(t, overlay), "../sidecars", "../ejected", 1)
			require.Contains(t, listed, "../ejected")
			require.NoError(t, os.WriteFile(filepath.Join(dir, "overlay", "kustomization.yaml"), []byte(listed), 0o600))
			document := filepath.Join(example, "sidecars", "sidecars.yaml")
			base := buildPlain(t, filepath.Join(dir, "base"))
			if strings.Count(base, "\n---\n") > 50 {
				ejectStrictly(t, document, base, filepath.Join(dir, "ejected"))
			} else {
				code, out, stderr := call(base, "eject", "-c", document, "-o", filepath.Join(dir, "ejected"))
				require.Zero(t, code, stderr)
				require.Empty(t, out)
			}

			plain := buildPlain(t, filepath.Join(dir, "overlay"))
			require.Equal(t, decodeStream(t, library(t, filepath.Dir(overlay))), decodeStream(t, plain))
		})
	}
}

// buildPlain builds without functions and plugins.
func buildPlain(t *testing.T, dir string) string {
	t.Helper()
	m, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	require.NoError(t, err)
	out, err := m.AsYaml()
	require.NoError(t, err)
	return string(out)
}

// ejectStrictly writes a Component that tests all there is to test, as the function takes no base but this one. For
// many workloads, that's a hundred times as fast as to find out on what the function depends.
func ejectStrictly(t *testing.T, document, stream, dir string) {
	t.Helper()
	docs, fs := config.ReadAll([]byte(text(t, document)), document, false)
	require.Empty(t, fs)
	base, err := decodeBase([]rig.File{{Text: stream}})
	require.NoError(t, err)
	var names []string
	for _, o := range base {
		kind := o["kind"].(string)
		group, _, grouped := strings.Cut(o["apiVersion"].(string), "/")
		if !grouped {
			group = ""
		}
		meta := o["metadata"].(map[string]any)
		names = append(names, eject.NameOf(group, kind, meta["namespace"].(string), meta["name"].(string)))
	}
	run, runs := functionOf(docs), 0
	once := func(objects []eject.Object) ([]eject.Object, error) {
		if runs++; runs > 1 {
			return nil, eject.Refuse(errors.New("another base"), names...)
		}
		return run(objects)
	}
	opt := eject.Options{Header: "# Written by: outrigger eject\n", Notes: rig.ReadNotes(eject.AnyPort)}
	files, err := eject.Eject(base, once, opt)
	require.NoError(t, err)
	require.NoError(t, (&ejection{dir: dir}).writeFolder(files))
}

// decodeStream decodes the objects of a stream, by kind, namespace and name.
func decodeStream(t *testing.T, stream string) map[string]any {
	t.Helper()
	all := map[string]any{}
	for _, doc := range strings.Split(stream, "\n---\n") {
		var o map[string]any
		require.NoError(t, yaml.Unmarshal([]byte(doc), &o))
		meta := o["metadata"].(map[string]any)
		namespace, _ := meta["namespace"].(string)
		key := strings.Join([]string{o["kind"].(string), namespace, meta["name"].(string)}, "/")
		require.NotContains(t, all, key)
		all[key] = o
	}
	return all
}

// eject runs the command over the manifests of this folder's tests.
func ejectWeb(t *testing.T, dir, document, manifests string, more ...string) (code int, out, stderr string) {
	t.Helper()
	return call(manifests, append([]string{"eject", "-c", file(t, "sidecars.yaml", document), "-o", dir}, more...)...)
}

// --check compares the folder with what a run makes of the base, byte for byte, and writes nothing.
func TestEjectCheck(t *testing.T) {
	document := file(t, "sidecars.yaml", sidecars)
	dir := filepath.Join(t.TempDir(), "ejected")
	check := func(manifests string) (int, string) {
		code, out, _ := call(manifests, "eject", "-c", document, "-o", dir, "--check")
		return code, out
	}
	code, out := check(web)
	require.Equal(t, exitChange, code)
	require.Contains(t, out, filepath.Join(dir, "kustomization.yaml")+"\n")
	require.NoDirExists(t, dir)

	code, out, stderr := call(web, "eject", "-c", document, "-o", dir)
	require.Zero(t, code, stderr)
	require.Empty(t, out)
	require.Contains(t, stderr, "Deployment web: tls-proxy")
	require.Contains(t, text(t, filepath.Join(dir, "deployment-web.yaml")), "# Written by: outrigger eject -c "+document)
	code, out = check(web)
	require.Zero(t, code)
	require.Empty(t, out)

	changed := filepath.Join(dir, "deployment-web.yaml")
	code, out = check(strings.ReplaceAll(web, "8080", "8081"))
	require.Equal(t, exitFailed, code, "the document is for port 8080")
	require.Empty(t, out)
	require.NoError(t, os.WriteFile(changed, []byte(text(t, changed)+"# by hand\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "more.yaml"), []byte("a: 1\n"), 0o600))
	code, out = check(web)
	require.Equal(t, exitChange, code)
	require.Equal(t, changed+"\n"+filepath.Join(dir, "more.yaml")+"\n", out)

	code, _, stderr = call(web, "eject", "-c", document, "-o", dir)
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "more.yaml: outrigger eject hasn't written this file")
	require.Equal(t, "a: 1\n", text(t, filepath.Join(dir, "more.yaml")))
	require.NoError(t, os.Rename(changed, filepath.Join(dir, "more.yaml"))) // of an object that is gone
	code, _, stderr = call(web, "eject", "-c", document, "-o", dir)
	require.Zero(t, code, stderr)
	require.NoFileExists(t, filepath.Join(dir, "more.yaml"))
	code, _ = check(web)
	require.Zero(t, code)
}

// A workload that is renamed, or of another kind, doesn't go without its sidecar.
func TestEjectedMissesNoObject(t *testing.T) {
	dir := t.TempDir()
	code, _, stderr := ejectWeb(t, filepath.Join(dir, "ejected"), sidecars, web)
	require.Zero(t, code, stderr)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kustomization.yaml"),
		[]byte("resources: [web.yaml]\ncomponents: [ejected]\n"), 0o600))
	build := func(manifests string) (string, error) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "web.yaml"), []byte(manifests), 0o600))
		out, err := exec.Command("kustomize", "build", dir).CombinedOutput()
		return string(out), err
	}
	out, err := build(web)
	require.NoError(t, err, out)
	require.NotContains(t, out, "outrigger.dev/passing")
	for was, now := range map[string]string{
		"metadata:\n  name: web":   "metadata:\n  name: shop",
		"kind: Deployment":         "kind: StatefulSet",
		"apps/v1":                  "apps/v2",
		"metadata:\n  name: web\n": "metadata:\n  name: web\n  namespace: shop\n",
	} {
		require.Contains(t, web, was)
		out, err := build(strings.Replace(web, was, now, 1))
		require.Error(t, err, "%s\n%s", now, out)
		require.Contains(t, out, "no resource matches strategic merge patch")
	}
}

func TestEjectRefuses(t *testing.T) {
	secret := `apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: search}
spec:
  select: [{kind: Deployment, name: web}]
  patterns:
    - name: x
      custom:
        containers: [{name: x, image: x:1}]
        objects: [{apiVersion: v1, kind: Secret, metadata: {name: token}, stringData: {token: dontprint}}]
`
	code, _, stderr := ejectWeb(t, filepath.Join(t.TempDir(), "ejected"), secret, web)
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "Secret/token is added, and Secrets aren't written to files\n"+
		"  hint: make it with a secretGenerator")
	require.NotContains(t, stderr, "dontprint")

	taken := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(taken, "kustomization.yaml"), []byte("resources: []\n"), 0o600))
	code, _, stderr = ejectWeb(t, taken, sidecars, web)
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "kustomization.yaml: outrigger eject hasn't written this file")
	require.Equal(t, "resources: []\n", text(t, filepath.Join(taken, "kustomization.yaml")))

	code, _, stderr = call(web, "eject", "-c", "x.yaml")
	require.Equal(t, exitMisuse, code)
	require.Contains(t, stderr, "no folder is given")
	code, _, stderr = call(web, "eject", "-o", "x")
	require.Equal(t, exitMisuse, code)
	require.Contains(t, stderr, "no Sidecars document is given")
}

// A pull request may bring links where files are to be written: they're replaced, and nothing is written to where they
// lead. What a killed run has left behind goes.
func TestEjectFollowsNoLinks(t *testing.T) {
	conf, dir := file(t, "sidecars.yaml", sidecars), filepath.Join(t.TempDir(), "ejected")
	args := []string{"eject", "-q", "-c", conf, "-o", dir}
	code, _, stderr := call(web, args...)
	require.Zero(t, code, stderr)
	names, err := (&ejection{dir: dir}).listFolder()
	require.NoError(t, err)
	require.Greater(t, len(names), 1)
	outside := map[string]string{}
	for _, name := range names {
		path := filepath.Join(dir, name)
		mine := file(t, "mine", text(t, path))
		outside[mine] = text(t, path) + "# mine\n"
		require.NoError(t, os.WriteFile(mine, []byte(outside[mine]), 0o600))
		require.NoError(t, os.Remove(path))
		require.NoError(t, os.Symlink(mine, path))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".outrigger-0123456789abcdef"), []byte("half"), 0o600))
	code, _, stderr = call(web, args...)
	require.Zero(t, code, stderr)
	for mine, was := range outside {
		require.Equal(t, was, text(t, mine))
	}
	again, err := (&ejection{dir: dir}).listFolder()
	require.NoError(t, err)
	require.Equal(t, names, again)
	code, _, stderr = call(web, append(args, "--check")...)
	require.Zero(t, code, stderr)
}
