package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/kio"
)

// asHelmPlugin makes the test look as what Helm 4 starts.
func asHelmPlugin(t *testing.T, kind string) {
	t.Helper()
	dir := t.TempDir()
	text := "apiVersion: v1\ntype: " + kind + "\nname: outrigger\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "plugin.yaml"), []byte(text), 0o600))
	t.Setenv("HELM_PLUGIN_DIR", dir)
}

// As a plugin of Helm 4, an error is a text that Helm's own reader (kio.ParseAll, in pkg/action/action.go) refuses and
// shows line by line; e2e/runners asks Helm itself.
func TestHelmPluginErrors(t *testing.T) {
	asHelmPlugin(t, "postrenderer/v1")
	conf := file(t, "sidecars.yaml", sidecars)
	const port = "port: \"8080\u2028x\u0007\t \"\n        prot: 1"
	broken := file(t, "broken.yaml", strings.ReplaceAll(sidecars, "port: 8080", port))
	for name, c := range map[string]struct {
		stream string
		args   []string
	}{
		"nothing selected":   {strings.ReplaceAll(web, "name: web", "name: other"), []string{"-c", conf}},
		"broken YAML":        {"a: [", []string{"-c", conf}},
		"a wrong document":   {web, []string{"-c", broken}},
		"no document":        {web, nil},
		"a missing document": {web, []string{"-c", "/nowhere/tls.yaml"}},
		"a wrong flag":       {web, []string{"--no-such-flag"}},
		"a path":             {web, []string{"-c", conf, "."}},
		"a check":            {web, []string{"-c", conf, "--check"}},
		"nothing at all":     {"", []string{"-c", conf}},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, stderr := call(c.stream, append([]string{"inject", "--helm-plugin"}, c.args...)...)
			require.Zero(t, code)
			objects, err := kio.ParseAll(out)
			require.Empty(t, objects)
			require.ErrorContains(t, err, "expected MappingNode but got ScalarNode")
			require.Contains(t, stderr, "error[")
			for line := range strings.Lines("outrigger has failed:\n" + stderr) {
				require.ErrorContains(t, err, "\n  "+strings.TrimRight(line, " \n")+"\n")
			}
		})
	}
}

// Without Helm 4 around it, an error stays an exit code: Helm 3 would pass anything on.
func TestHelmPluginElsewhere(t *testing.T) {
	conf := file(t, "sidecars.yaml", sidecars)
	for _, kind := range []string{"", "cli/v1"} {
		if kind != "" {
			asHelmPlugin(t, kind)
		}
		code, out, stderr := call(web, "inject", "-c", conf, "--helm-plugin")
		require.Equal(t, exitMisuse, code)
		require.Empty(t, out)
		require.Contains(t, stderr, "--helm-plugin is for plugins of Helm 4")
	}
	asHelmPlugin(t, "postrenderer/v1")
	code, out, _ := call("", "inject", "-c", conf)
	require.Equal(t, exitFailed, code)
	require.Empty(t, out)
}

// As a plugin of Helm 4, manifests are what they are elsewhere, and there is always some output.
func TestHelmPluginOutput(t *testing.T) {
	asHelmPlugin(t, "postrenderer/v1")
	conf := file(t, "sidecars.yaml", sidecars)
	_, want, _ := call(web, "inject", "-c", conf)
	code, out, stderr := call(web, "inject", "-c", conf, "--helm-plugin")
	require.Zero(t, code, stderr)
	require.Equal(t, want, out)
	for _, empty := range []string{"", "\n"} {
		code, out, stderr = call(empty, "inject", "-c", conf, "--helm-plugin", "--no-match=ok")
		require.Zero(t, code, stderr)
		require.Equal(t, empty+"# there are no objects\n", out)
	}
	code, out, _ = call("# Source: a\n", "inject", "-c", conf, "--helm-plugin", "--no-match=ok")
	require.Zero(t, code)
	require.Equal(t, "# Source: a\n", out)
}

// A part of the manifests is never followed by an error that isn't one.
func TestHelmPluginBrokenOutput(t *testing.T) {
	asHelmPlugin(t, "postrenderer/v1")
	conf := file(t, "sidecars.yaml", sidecars)
	var stderr strings.Builder
	out, args := &fullOnce{}, []string{"outrigger", "inject", "-c", conf, "--helm-plugin"}
	code := Run(testBuild, args, strings.NewReader(web), out, &stderr)
	require.Equal(t, exitFailed, code)
	require.Equal(t, 1, out.writes)
}

// A fullOnce is a stream whose first write fails.
type fullOnce struct{ writes int }

func (f *fullOnce) Write(p []byte) (int, error) {
	if f.writes++; f.writes == 1 {
		return 0, os.ErrDeadlineExceeded
	}
	return len(p), nil
}
