package image

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// kustomize only knows "docker", which passes everything on to podman here.
func TestKustomize(t *testing.T) {
	runs := calls(t)
	got := run(t, "", "kustomize", "build", "--enable-alpha-plugins", "testdata/app")
	require.Zero(t, got.code, got.stderr)
	require.Equal(t, []string{asKustomize + " " + image}, runs())
	require.Contains(t, got.stdout, "name: tls-proxy")

	// The same as a program: no word of difference.
	app := app(t)
	edit(t, filepath.Join(app, "sidecars.yaml"), "container: {image: "+image+"}", "exec: {path: outrigger}")
	program := run(t, "", "kustomize", "build", "--enable-alpha-plugins", "--enable-exec", app)
	require.Zero(t, program.code, program.stderr)
	require.Equal(t, program.stdout, got.stdout)
}

// A config that isn't right ends the build, with the reason.
func TestKustomizeFails(t *testing.T) {
	app := app(t)
	edit(t, filepath.Join(app, "sidecars.yaml"), "secretName", "secretname")
	got := run(t, "", "kustomize", "build", "--enable-alpha-plugins", app)
	require.NotZero(t, got.code)
	require.Empty(t, got.stdout)
	require.Contains(t, got.stderr, "secretname")
}

func TestKpt(t *testing.T) {
	needKpt(t)
	dir := app(t)
	before := files(t, dir)
	render := []string{"fn", "render", dir, "--image-pull-policy", "never"}

	runs := calls(t)
	got := run(t, "", "kpt", render...)
	require.Zero(t, got.code, got.stderr)
	require.Equal(t, []string{asKpt + " --pull never " + image}, runs())
	once := files(t, dir)
	require.NotEqual(t, before, once)
	require.Contains(t, fmt.Sprint(once), "name: tls-proxy")

	got = run(t, "", "kpt", render...)
	require.Zero(t, got.code, got.stderr)
	require.Equal(t, once, files(t, dir), "law 1: twice is once")

	edit(t, filepath.Join(dir, "sidecars.yaml"), "secretName", "secretname")
	once = files(t, dir)
	got = run(t, "", "kpt", render...)
	require.NotZero(t, got.code)
	require.Contains(t, got.stderr, "secretname")
	require.Equal(t, once, files(t, dir), "law 6: all or nothing")
}

func TestKptEval(t *testing.T) {
	needKpt(t)
	dir := app(t)
	got := run(t, "", "kpt", "fn", "eval", dir, "--image", image, "--fn-config", filepath.Join(dir, "sidecars.yaml"),
		"--image-pull-policy", "never")
	require.Zero(t, got.code, got.stderr)
	require.Contains(t, fmt.Sprint(files(t, dir)), "name: tls-proxy")
}

func TestKptDoc(t *testing.T) {
	needKpt(t)
	got := run(t, "", "kpt", "fn", "doc", "--image", image)
	require.Zero(t, got.code, got.stderr)
	require.Contains(t, got.stdout, "KRM function")
}

// needKpt leaves the test out, and says so, where there is no kpt: no Debian
// package and no Go module has it.
func needKpt(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("kpt"); err != nil {
		fmt.Fprintf(os.Stderr, "%s: NOT TESTED, kpt isn't in PATH\n", t.Name())
		t.Skip("kpt isn't in PATH")
	}
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
