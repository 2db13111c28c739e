package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What --diff prints is a patch: applied to the files, it gives what -w writes.
func TestDiff(t *testing.T) {
	conf := file(t, "sidecars.yaml", sidecars)
	dir := t.TempDir()
	t.Chdir(dir)
	bare := strings.TrimSuffix(web, "\n")
	texts := map[string]string{"web.yaml": bare, "other.yaml": strings.ReplaceAll(web, "web", "other")}
	for name, text := range texts {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	}
	code, patch, stderr := call("", "inject", "-c", conf, "-w", "--diff", ".")
	require.Equal(t, exitDone, code, stderr)
	require.Contains(t, stderr, "Deployment web: tls-proxy", "the report")
	require.True(t, strings.HasPrefix(patch, "--- web.yaml\n+++ web.yaml\n@@ -2,"), patch)
	require.Contains(t, patch, "\\ No newline at end of file\n")
	require.NotContains(t, patch, "other.yaml", "it stays as it is")
	require.Equal(t, bare, text(t, "web.yaml"), "nothing is written")

	code, _, stderr = call("", "inject", "-c", conf, "-w", ".")
	require.Equal(t, exitDone, code, stderr)
	want := text(t, "web.yaml")
	require.NoError(t, os.WriteFile("web.yaml", []byte(bare), 0o600))
	cmd := exec.Command("git", "apply", "-p0", "-")
	cmd.Stdin = strings.NewReader(patch)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, want, text(t, "web.yaml"))

	code, patch, stderr = call("", "strip", "-w", "--diff", ".")
	require.Equal(t, exitDone, code, stderr)
	require.Contains(t, patch, "\n-      initContainers:\n")
	require.Equal(t, want, text(t, "web.yaml"))

	code, patch, stderr = call(web, "inject", "-c", conf, "--diff")
	require.Equal(t, exitDone, code, stderr)
	require.True(t, strings.HasPrefix(patch, "--- -\n+++ -\n"), patch)
	require.NotContains(t, patch, "outrigger.dev/applied", "without -w, there is no record")
}

// A check names the files that would change, and exits with 3.
func TestCheck(t *testing.T) {
	conf := file(t, "sidecars.yaml", sidecars)
	path := file(t, "web.yaml", web)
	check := []string{"inject", "-c", conf, "-w", "--check", path}
	code, out, stderr := call("", check...)
	require.Equal(t, exitChange, code, stderr)
	require.Equal(t, path+"\n", out)
	require.NotContains(t, stderr, "error")
	require.Equal(t, web, text(t, path), "nothing is written")
	code, out, _ = call("", append(check, "--diff")...)
	require.Equal(t, exitChange, code)
	require.Contains(t, out, "\n+++ "+path+"\n")

	code, _, stderr = call("", "inject", "-c", conf, "-w", path)
	require.Equal(t, exitDone, code, stderr)
	code, out, stderr = call("", check...)
	require.Equal(t, exitDone, code, stderr)
	require.Empty(t, out)

	code, out, _ = call("", "strip", "-w", "--check", filepath.Dir(path))
	require.Equal(t, exitChange, code)
	require.Equal(t, path+"\n", out)

	require.NoError(t, os.WriteFile(path, []byte(strings.Replace(web, "8080", "8082", 1)), 0o600))
	code, out, stderr = call("", check...)
	require.Equal(t, exitFailed, code, "an error is stronger than a difference")
	require.Empty(t, out)
	require.Contains(t, stderr, "error[port-unknown]")
}

// warned is a document that works, with a warning.
const warned = `apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: search}
spec:
  select: [{kind: Deployment, name: web}]
  patterns:
    - exporter: {preset: redis, port: 6379}
`

// With --warnings=error, nothing is written where there's a warning.
func TestWarnings(t *testing.T) {
	conf, path := file(t, "sidecars.yaml", warned), file(t, "web.yaml", web)
	code, out, stderr := call("", "inject", "-c", conf, path)
	require.Equal(t, exitDone, code, stderr)
	require.NotEmpty(t, out)
	require.Contains(t, stderr, "warning[port-unknown]")
	for _, w := range [][]string{nil, {"-w"}} {
		code, out, stderr = call("", append([]string{"inject", "-c", conf, "--warnings=error", path}, w...)...)
		require.Equal(t, exitFailed, code, stderr)
		require.Empty(t, out)
		require.Contains(t, stderr, "error[port-unknown]")
		require.NotContains(t, stderr, "warning[")
		require.Equal(t, web, text(t, path))
	}
	code, _, stderr = call("", "inject", "-c", conf, "--warnings=none", path)
	require.Equal(t, exitMisuse, code)
	require.Contains(t, stderr, "it's one of warning, error")
}

// With -q, findings are printed, and no report.
func TestQuiet(t *testing.T) {
	conf := file(t, "sidecars.yaml", warned)
	_, want, loud := call(web, "inject", "-c", conf)
	code, out, stderr := call(web, "inject", "-q", "-c", conf)
	require.Equal(t, exitDone, code)
	require.Equal(t, want, out)
	require.Contains(t, stderr, "warning[port-unknown]")
	report, found := strings.CutPrefix(loud, stderr)
	require.True(t, found, loud)
	require.True(t, strings.HasPrefix(report, "Deployment web: exporter"), loud)
}
