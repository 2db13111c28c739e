package kpt

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/made"
	"github.com/outrigger-dev/outrigger/e2e/packages"
)

// A render takes a second on an idle machine.
const patience = time.Minute

func TestMain(m *testing.M) {
	bin, err := made.Make("build")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	os.Exit(m.Run())
}

// runKpt runs kpt with a standard input, and returns its output and what it said.
func runKpt(t *testing.T, stdin string, args ...string) (stdout, said string, ok bool) {
	t.Helper()
	return runProgram(t, stdin, "kpt", args...)
}

func runProgram(t *testing.T, stdin, name string, args ...string) (stdout, said string, ok bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out, err strings.Builder
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &err
	failure := cmd.Run()
	require.NoError(t, ctx.Err(), "%s %s: %s", name, args, &err)
	return out.String(), err.String(), failure == nil
}

// render renders a package, which must work, and returns the results that kpt writes for tools.
func render(t *testing.T, dir string) (results string) {
	t.Helper()
	folder := t.TempDir()
	_, said, ok := runKpt(t, "", "fn", "render", dir, "--allow-exec", "--truncate-output=false", "--results-dir", folder)
	require.True(t, ok, said)
	return readFile(t, filepath.Join(folder, "results.yaml"))
}

// rewritten returns the files of a package as kpt writes them without a function.
func rewritten(t *testing.T, dir string) map[string]string {
	t.Helper()
	list, said, ok := runKpt(t, "", "fn", "source", dir)
	require.True(t, ok, said)
	sink := filepath.Join(t.TempDir(), "sink")
	_, said, ok = runKpt(t, list, "fn", "sink", sink)
	require.True(t, ok, said)
	return readFiles(t, sink)
}

// readFiles returns the files of a folder and those below it, by path, without the status in Kptfiles.
func readFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := packages.ReadFiles(t, dir)
	for name, text := range found {
		if filepath.Base(name) == "Kptfile" {
			found[name] = packages.CutStatus(text)
		}
	}
	return found
}

func readFile(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(b)
}

func writeFile(t *testing.T, file, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
}

// makePackage makes a package of the manifests of an example, with documents and the Kptfile's pipeline.
func makePackage(t *testing.T, example, pipeline string, documents map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "package")
	require.NoError(t, os.Mkdir(dir, 0o755))
	manifests, err := filepath.Glob(filepath.Join("../../examples", example, "base", "*.yaml"))
	require.NoError(t, err)
	for _, file := range manifests {
		if filepath.Base(file) != "kustomization.yaml" {
			writeFile(t, filepath.Join(dir, filepath.Base(file)), readFile(t, file))
		}
	}
	for name, text := range documents {
		writeFile(t, filepath.Join(dir, name), text)
	}
	kptfile := "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: package\n" + pipeline
	writeFile(t, filepath.Join(dir, "Kptfile"), kptfile)
	return dir
}

// mutators returns a pipeline that runs outrigger with documents.
func mutators(documents ...string) string {
	text := "pipeline:\n  mutators:\n"
	for _, name := range documents {
		text += "    - exec: outrigger\n      configPath: " + name + "\n"
	}
	return text
}
