package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
)

// kpt runs the program kpt. Without one, the test is left out, and says so: no Debian package and no Go module has it.
func kpt(t *testing.T, args ...string) (output string, err error) {
	t.Helper()
	if _, err := exec.LookPath("kpt"); err != nil {
		fmt.Fprintf(os.Stderr, "%s: NOT TESTED, kpt isn't in PATH\n", t.Name())
		t.Skip("kpt isn't in PATH")
	}
	out, err := exec.Command("kpt", args...).CombinedOutput()
	return string(out), err
}

// renderKpt renders a package with the real kpt.
func renderKpt(t *testing.T, dir string) {
	t.Helper()
	out, err := kpt(t, "fn", "render", dir, "--allow-exec")
	require.NoError(t, err, out)
}

// kptPackage writes a package with two workloads and the mutators of a pipeline.
func kptPackage(t *testing.T, mutators ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	head := "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: shop\n"
	if len(mutators) > 0 {
		head += "pipeline:\n  mutators:\n"
	}
	for _, m := range mutators {
		head += "    - exec: outrigger\n      configMap: {" + m + "}\n"
	}
	for name, text := range map[string]string{"Kptfile": head, "web.yaml": web,
		"other.yaml": strings.ReplaceAll(web, "web", "other")} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

// Entries of a Kptfile in the flat form add up, and so do the words of kpt fn eval.
func TestKptFlat(t *testing.T) {
	const wait = `pattern: waitFor, targets: "db:5432", kind: Deployment, name: `
	const logs = `pattern: logTail, directory: /var/log, files: a.log, kind: Deployment, name: web`
	dir := kptPackage(t, wait+"web", logs, wait+"other")
	renderKpt(t, dir)
	first, second := text(t, filepath.Join(dir, "web.yaml")), text(t, filepath.Join(dir, "other.yaml"))
	require.Contains(t, first, "name: wait-for\n")
	require.Contains(t, first, "name: log-tail\n")
	require.Contains(t, second, "name: wait-for\n")
	renderKpt(t, dir)
	require.Equal(t, first, text(t, filepath.Join(dir, "web.yaml")), "twice is once")
	require.Equal(t, second, text(t, filepath.Join(dir, "other.yaml")))

	dir = kptPackage(t)
	for _, words := range [][]string{
		{"pattern=logTail", "directory=/var/log", "files=a.log", "kind=Deployment", "name=web"},
		{"pattern=waitFor", "targets=db:5432", "kind=Deployment", "name=other"},
		{"pattern=waitFor", "targets=db:5432", "kind=Deployment", "name=web"},
	} {
		out, err := kpt(t, append([]string{"fn", "eval", dir, "--exec", "outrigger", "--"}, words...)...)
		require.NoError(t, err, out)
	}
	require.YAMLEq(t, first, text(t, filepath.Join(dir, "web.yaml")), "the same as the entries; kpt sorts fields itself")
	require.YAMLEq(t, second, text(t, filepath.Join(dir, "other.yaml")))
}

// An error of the flat form is in its spelling.
func TestKptFlatError(t *testing.T) {
	dir := kptPackage(t, "pattern: tlsProxy, port: 8080, secretName: tls, name: web")
	out, err := kpt(t, "fn", "render", dir, "--allow-exec")
	require.Error(t, err)
	require.Contains(t, out, "data.rebind: the app must move to another port")
	require.Contains(t, out, "rebind.port=9201")
	require.NotContains(t, out, "rebind: {")
}

// What explain and the README show of the flat form is a valid config.
func TestExplainFlat(t *testing.T) {
	code, out, stderr := call("", "explain", "flat")
	require.Equal(t, exitDone, code, stderr)
	require.Contains(t, text(t, "../../README.md"), "kpt fn eval --exec outrigger PKG -- pattern=waitFor")
	_, words, found := strings.Cut(out, " PKG -- ")
	require.True(t, found)
	words, _, _ = strings.Cut(words, "\n")
	data := strings.NewReplacer("=", ": \"", " ", "\", ").Replace(words) + `"`
	_, entry, found := strings.Cut(out, "configMap: {")
	require.True(t, found)
	entry, _, _ = strings.Cut(entry, "}")
	for _, data := range []string{data, entry} {
		conf, fs := config.Read([]byte("apiVersion: v1\nkind: ConfigMap\ndata: {"+data+"}\n"), "")
		require.Empty(t, fs, data)
		require.Contains(t, conf.Metadata.Name, ":kind=Deployment,name=shop")
	}
	require.Contains(t, out, "tls-proxy:kind=Deployment,name=shop")
	for line := range strings.Lines(out) {
		require.LessOrEqual(t, len(line), 101, line)
	}
}
