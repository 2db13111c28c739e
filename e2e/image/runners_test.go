package image

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/made"
	"github.com/outrigger-dev/outrigger/e2e/program"
)

// kustomize only knows "docker", which passes everything on to podman here.
func TestKustomize(t *testing.T) {
	runs := calls(t)
	got := program.Run(t, "", "kustomize", "build", "--enable-alpha-plugins", "testdata/app")
	require.Zero(t, got.Code, got.Stderr)
	require.Equal(t, []string{asKustomize + " " + Name}, runs())
	require.Contains(t, got.Stdout, "name: tls-proxy")

	// The same as a program: no word of difference.
	app := app(t)
	edit(t, filepath.Join(app, "sidecars.yaml"), "container: {image: "+Name+"}", "exec: {path: outrigger}")
	asExec := program.Run(t, "", "kustomize", "build", "--enable-alpha-plugins", "--enable-exec", app)
	require.Zero(t, asExec.Code, asExec.Stderr)
	require.Equal(t, asExec.Stdout, got.Stdout)
}

// A config that isn't right ends the build, with the reason.
func TestKustomizeFails(t *testing.T) {
	app := app(t)
	edit(t, filepath.Join(app, "sidecars.yaml"), "secretName", "secretname")
	got := program.Run(t, "", "kustomize", "build", "--enable-alpha-plugins", app)
	require.NotZero(t, got.Code)
	require.Empty(t, got.Stdout)
	require.Contains(t, got.Stderr, "secretname")
}

func TestKpt(t *testing.T) { made.EachKpt(t, checkKpt) }

func checkKpt(t *testing.T) {
	t.Helper()
	choosePodman(t)
	dir := app(t)
	before := files(t, dir)
	render := []string{"fn", "render", dir, "--image-pull-policy", "never"}

	runs := calls(t)
	got := program.Run(t, "", "kpt", render...)
	require.Zero(t, got.Code, got.Stderr)
	require.Equal(t, []string{asKpt + " --pull never " + Name}, runs())
	once := files(t, dir)
	require.NotEqual(t, before, once)
	require.Contains(t, fmt.Sprint(once), "name: tls-proxy")

	got = program.Run(t, "", "kpt", render...)
	require.Zero(t, got.Code, got.Stderr)
	require.Equal(t, once, files(t, dir), "law 1: twice is once")

	edit(t, filepath.Join(dir, "sidecars.yaml"), "secretName", "secretname")
	once = files(t, dir)
	got = program.Run(t, "", "kpt", render...)
	require.NotZero(t, got.Code)
	require.Contains(t, got.Stderr, "secretname")
	require.Equal(t, once, files(t, dir), "law 6: all or nothing")
}

func TestKptEval(t *testing.T) { made.EachKpt(t, checkKptEval) }

func checkKptEval(t *testing.T) {
	t.Helper()
	choosePodman(t)
	dir := app(t)
	got := program.Run(t, "", "kpt", "fn", "eval", dir, "--image", Name, "--image-pull-policy", "never",
		"--fn-config", filepath.Join(dir, "sidecars.yaml"))
	require.Zero(t, got.Code, got.Stderr)
	require.Contains(t, fmt.Sprint(files(t, dir)), "name: tls-proxy")
}

func TestKptDoc(t *testing.T) { made.EachKpt(t, checkKptDoc) }

func checkKptDoc(t *testing.T) {
	t.Helper()
	choosePodman(t)
	got := program.Run(t, "", "kpt", "fn", "doc", "--image", Name)
	if strings.Contains(got.Stderr, "unknown flag: --stdin") { // beta.61 uses a flag that podman doesn't have
		require.Contains(t, logOf(t, "--help"), "KRM function")
		return
	}
	require.Zero(t, got.Code, got.Stderr)
	require.Contains(t, got.Stdout, "KRM function")
}

// logOf is what a container of the image writes until it ends.
// It's read from the log, as an attached podman can lose it: where a container ends without reading its stdin, the
// kernel may reset the socket between podman and conmon before podman has read what was written.
func logOf(t *testing.T, args ...string) string {
	t.Helper()
	got := program.Run(t, "", podman, append([]string{"run", "-d", "--log-driver", "k8s-file", Name}, args...)...)
	require.Zero(t, got.Code, got.Stderr)
	id := strings.TrimSpace(got.Stdout)
	defer program.Run(t, "", podman, "rm", "-f", id)
	got = program.Run(t, "", podman, "wait", id)
	require.Equal(t, "0\n", got.Stdout, got.Stderr)
	got = program.Run(t, "", podman, "logs", id)
	require.Zero(t, got.Code, got.Stderr)
	return got.Stdout
}

// choosePodman has kpt use podman, in the name that beta.61 gave to the variable and in the earlier one.
func choosePodman(t *testing.T) {
	t.Helper()
	t.Setenv("KRM_FN_RUNTIME", "podman")
	t.Setenv("KPT_FN_RUNTIME", "podman")
}

// app is a copy of testdata/app.
func app(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS("testdata/app")))
	return dir
}

func edit(t *testing.T, file, old, changed string) {
	t.Helper()
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(b), old)
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(b), old, changed, 1)), 0o644))
}

// files is what is in a folder, by name.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		found[e.Name()] = string(b)
	}
	return found
}
