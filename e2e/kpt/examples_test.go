package kpt

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/made"
)

// takeOut empties the patterns of a document.
func takeOut(t *testing.T, file string) {
	t.Helper()
	head, _, found := strings.Cut(readFile(t, file), "\n  patterns:")
	require.True(t, found)
	writeFile(t, file, head+"\n  patterns: []\n")
}

// Every example renders, renders again to the same bytes, and without its patterns is what kpt itself makes of it.
func TestExamples(t *testing.T) { made.EachKpt(t, checkExamples) }

func checkExamples(t *testing.T) {
	t.Helper()
	all, err := filepath.Glob("../../examples/*/sidecars*/sidecars.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, all)
	for _, file := range all {
		example := filepath.Base(filepath.Dir(filepath.Dir(file)))
		variant := strings.TrimPrefix(filepath.Base(filepath.Dir(file)), "sidecars")
		t.Run(example+variant, func(t *testing.T) {
			dir := makePackage(t, example, mutators("sidecars.yaml"), map[string]string{"sidecars.yaml": readFile(t, file)})
			bare := rewritten(t, dir)
			results := render(t, dir)
			kptfile := readFile(t, filepath.Join(dir, "Kptfile")) // has the results, too, from beta.62 on
			once := readFiles(t, dir)
			require.NotEqual(t, bare, once)
			require.NotContains(t, results+kptfile, filepath.Dir(dir), "Git would have what only this machine has")
			requireServed(t, results, once)
			for name, text := range once {
				require.NotContains(t, text, "internal.config.kubernetes.io", name)
				require.NotContains(t, text, "config.k8s.io/id", name)
			}
			require.Equal(t, results, render(t, dir), "results of a second render")
			require.Equal(t, kptfile, readFile(t, filepath.Join(dir, "Kptfile")))
			require.Equal(t, once, readFiles(t, dir), "twice is once")

			document := filepath.Join(dir, "sidecars.yaml")
			takeOut(t, document)
			bare["sidecars.yaml"] = rewritten(t, dir)["sidecars.yaml"]
			render(t, dir)
			require.Equal(t, bare, readFiles(t, dir), "taking off gives back")
		})
	}
}

// A comment that sets an image stays on that image, wherever it stands in its list.
func TestSetters(t *testing.T) { made.EachKpt(t, checkSetters) }

func checkSetters(t *testing.T) {
	t.Helper()
	dir := makePackage(t, "redis-tunnel", mutators("sidecars.yaml"), map[string]string{
		"sidecars.yaml": readFile(t, "../../examples/redis-tunnel/sidecars/sidecars.yaml")})
	file := filepath.Join(dir, "shop.yaml")
	image := "image: registry.example.com/shop:4.2.0"
	set := image + " # kpt-set: ${registry}/shop:${tag}"
	writeFile(t, file, strings.ReplaceAll(readFile(t, file), image, set))
	for range 2 {
		render(t, dir)
		text := readFile(t, file)
		require.Contains(t, text, "initContainers:\n        - name: redis\n          image: ")
		require.Equal(t, 2, strings.Count(text, set), text)
		require.Equal(t, 2, strings.Count(text, "kpt-set"), text)
	}
}
