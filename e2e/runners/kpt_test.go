//go:build runners

package runners

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/program"
)

// checkEval checks that kpt fn eval writes what a pipe of kpt fn source, outrigger and kpt fn sink does, and that it
// changes nothing when it's run again. What kpt fn render does is checked by e2e/kpt.
func checkEval(t *testing.T, kpt string, e example) {
	t.Helper()
	dir, sink := filepath.Join(t.TempDir(), "package"), filepath.Join(t.TempDir(), "sink")
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join(root, e.base()))))
	require.NoError(t, os.Remove(filepath.Join(dir, "kustomization.yaml")))
	document := filepath.Join(dir, "sidecars.yaml")
	writeFile(t, document, readFile(t, filepath.Join(root, e.document())))
	list := program.Output(t, "", kpt, "fn", "source", dir, "--fn-config", document)
	program.Output(t, program.Output(t, list, "outrigger"), kpt, "fn", "sink", sink)
	want := readFiles(t, sink)
	require.NotEmpty(t, want)
	for range 2 {
		program.Output(t, "", kpt, "fn", "eval", dir, "--exec", "outrigger", "--fn-config", document)
		have := readFiles(t, dir)
		for name := range have {
			if filepath.Ext(name) != ".yaml" {
				delete(have, name) // kpt reads no others
			}
		}
		require.Equal(t, want, have)
	}
}

// readFiles returns the files of a folder and those below it, by path.
func readFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found[name] = readFile(t, filepath.Join(dir, name))
		}
		return err
	}))
	return found
}

func readFile(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(text)
}

func isFile(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func writeFile(t *testing.T, file, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
}
