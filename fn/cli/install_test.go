package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// copyExample copies an example, with its document for the legacy plugin: without the annotation of a function.
func copyExample(t *testing.T, name string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join("../../examples", name))))
	path := filepath.Join(dir, "sidecars", "sidecars.yaml")
	const annotation = "  annotations:\n    config.kubernetes.io/function: |\n      exec: {path: outrigger}\n"
	require.Contains(t, text(t, path), annotation)
	require.NoError(t, os.WriteFile(path, []byte(strings.Replace(text(t, path), annotation, "", 1)), 0o600))
	return dir
}

// buildPlugin builds a kustomization as users of the legacy plugin do, without --enable-exec.
func buildPlugin(t *testing.T, dir string, flags ...string) (stdout, stderr string, err error) {
	t.Helper()
	cmd := exec.Command("kustomize", append(append([]string{"build"}, flags...), dir)...)
	var out, say strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &say
	err = cmd.Run()
	return out.String(), say.String(), err
}

// The legacy plugin of kustomize gives the same bytes as the function.
func TestKustomizePlugin(t *testing.T) {
	home := filepath.Join(t.TempDir(), "plugins")
	t.Setenv("KUSTOMIZE_PLUGIN_HOME", home)
	code, out, stderr := call("", "install", "--kustomize-plugin")
	require.Equal(t, exitDone, code, stderr)
	path := filepath.Join(home, "outrigger.dev/v1alpha1/sidecars/Sidecars")
	require.True(t, strings.HasPrefix(out, path+" links to "), out)

	for _, name := range []string{"elasticsearch-tls", "raise-max-map-count", "every-pod", "git-content"} {
		dir := copyExample(t, name)
		have, stderr, err := buildPlugin(t, filepath.Join(dir, "overlay"), "--enable-alpha-plugins")
		require.NoError(t, err, stderr)
		want := kustomize(t, filepath.Join("../../examples", name, "overlay"))
		require.Equal(t, want, have, name)
		if _, err := exec.LookPath("kubectl"); err != nil {
			fmt.Fprintf(os.Stderr, "%s: NOT TESTED with kubectl, which isn't in PATH\n", t.Name())
			continue
		}
		built, err := exec.Command("kubectl", "kustomize", "--enable-alpha-plugins", filepath.Join(dir, "overlay")).Output()
		require.NoError(t, err)
		require.Equal(t, want, string(built), name)
	}
}

// Nothing is skipped in silence: a missing flag or program fails the build, and so does a wrong document.
func TestKustomizePluginFails(t *testing.T) {
	home := t.TempDir()
	t.Setenv("KUSTOMIZE_PLUGIN_HOME", home)
	dir := copyExample(t, "elasticsearch-tls")
	overlay := filepath.Join(dir, "overlay")
	out, stderr, err := buildPlugin(t, overlay, "--enable-alpha-plugins")
	require.Error(t, err, out)
	require.Contains(t, stderr, pluginPath)

	code, _, says := call("", "install", "--kustomize-plugin", home)
	require.Equal(t, exitDone, code, says)
	out, stderr, err = buildPlugin(t, overlay)
	require.Error(t, err, out)
	require.Contains(t, stderr, "external plugins disabled")

	document := filepath.Join(dir, "sidecars", "sidecars.yaml")
	wrong := strings.Replace(text(t, document), "secretName", "secretname", 1)
	require.NoError(t, os.WriteFile(document, []byte(wrong), 0o600))
	out, stderr, err = buildPlugin(t, overlay, "--enable-alpha-plugins")
	require.Error(t, err)
	require.Empty(t, out)
	require.Contains(t, stderr, "error[unknown-field]: Sidecars search spec.patterns[0].tlsProxy.secretname: there is no")
}

// The default folder is the one in which kustomize looks.
func TestPluginHome(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	for _, name := range []string{"KUSTOMIZE_PLUGIN_HOME", "XDG_CONFIG_HOME"} {
		t.Setenv(name, "")
	}
	require.Equal(t, filepath.Join(home, ".config/kustomize/plugin"), findPluginHome(), "none exists")
	for _, step := range []struct{ variable, value, folder string }{
		{"HOME", home, "kustomize/plugin"},
		{"HOME", home, ".config/kustomize/plugin"},
		{"XDG_CONFIG_HOME", filepath.Join(home, "xdg"), "xdg/kustomize/plugin"},
		{"KUSTOMIZE_PLUGIN_HOME", filepath.Join(home, "own"), "own"},
	} {
		t.Setenv(step.variable, step.value)
		require.NoError(t, os.MkdirAll(filepath.Join(home, step.folder), 0o700))
		want, err := konfig.DefaultAbsPluginHome(filesys.MakeFsOnDisk())
		require.NoError(t, err)
		require.Equal(t, filepath.Join(home, step.folder), want)
		require.Equal(t, want, findPluginHome())
	}
}

// A link is replaced, and anything else stays.
func TestInstallAgain(t *testing.T) {
	home := t.TempDir()
	for range 2 {
		code, _, stderr := call("", "install", "--kustomize-plugin", home)
		require.Equal(t, exitDone, code, stderr)
	}
	path := filepath.Join(home, pluginPath)
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"), 0o600))
	code, _, stderr := call("", "install", "--kustomize-plugin", home)
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "is there already, and it isn't a link\n  hint: remove it first\n")
	require.Equal(t, "#!/bin/sh\n", text(t, path))
}

// In generators: and resources:, the message names transformers:. In validators: kustomize passes what it passes to
// transformers, and complains about the difference itself. With the guard, its message names them wherever the document
// stands.
func TestKustomizePosition(t *testing.T) {
	plugins := t.TempDir()
	t.Setenv("KUSTOMIZE_PLUGIN_HOME", plugins)
	code, _, says := call("", "install", "--kustomize-plugin", plugins)
	require.Equal(t, exitDone, code, says)
	function := strings.Replace(sidecars, "metadata: {name: search}", "metadata:\n  name: search\n  annotations:\n"+
		"    config.kubernetes.io/function: |\n      exec: {path: outrigger}", 1)
	for form, document := range map[string]string{"function": function, "plugin": sidecars} {
		dir := t.TempDir()
		build := func(kustomization string) (string, error) {
			for name, text := range map[string]string{"web.yaml": web, "sidecars.yaml": document,
				"other.yaml": strings.Replace(document, "name: search", "name: other", 1), "kustomization.yaml": kustomization} {
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
			}
			_, stderr, err := buildPlugin(t, dir, "--enable-alpha-plugins", "--enable-exec")
			return stderr, err
		}
		stderr, err := build("resources: [web.yaml]\ngenerators: [sidecars.yaml]\n")
		require.Error(t, err, form)
		require.Contains(t, stderr, "list the Sidecars document in transformers:", form)
		stderr, err = build("resources: [web.yaml]\nvalidators: [sidecars.yaml]\n")
		require.Error(t, err, form)
		require.Contains(t, stderr, "validator shouldn't modify the resource map", form)
		stderr, err = build("resources: [web.yaml, other.yaml]\ntransformers: [sidecars.yaml]\n")
		require.NoError(t, err, stderr)
		if form == "function" { // kustomize keeps what a plugin prints that succeeds
			require.Contains(t, stderr, "Sidecars other: is one of the resources, where nothing runs it")
		}
		const guarded = "transformers: [guard-check.yaml]\nresources: [web.yaml, guard.yaml"
		for _, lists := range []string{guarded + ", sidecars.yaml]\n", guarded + "]\nvalidators: [sidecars.yaml]\n"} {
			code, _, says := call("", "install", "--kustomize-guard", dir)
			require.Equal(t, exitDone, code, says)
			stderr, err = build(lists)
			require.Error(t, err, form)
			require.Contains(t, stderr, "outrigger has not run: kustomize needs --enable-alpha-plugins --enable-exec, "+
				"and the document in transformers", form)
		}
	}
}
