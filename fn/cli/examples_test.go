package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/outrigger-dev/outrigger/pkg/rigtest"
)

// Every example is rendered with the program kustomize, with kustomize as a library, and as a plain stream, and all
// laws are checked on it. Some have a variant: sidecars-x and overlay-x, with expected-x.diff.
func TestExamples(t *testing.T) {
	dirs, err := filepath.Glob("../../examples/*/sidecars*/sidecars.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, dirs)
	for _, sidecars := range dirs {
		dir := filepath.Dir(filepath.Dir(sidecars))
		variant := strings.TrimPrefix(filepath.Base(filepath.Dir(sidecars)), "sidecars")
		overlay := filepath.Join(dir, "overlay"+variant)
		t.Run(filepath.Base(dir)+variant, func(t *testing.T) {
			before := kustomize(t, filepath.Join(dir, "base"))
			after := kustomize(t, overlay)
			code, out, stderr := call(before, "inject", "-c", sidecars)
			require.Zero(t, code, stderr)
			require.NotEqual(t, before, out)
			if report := filepath.Join(dir, "report.txt"); exists(report) { // where a diff would be too long to read
				rigtest.CheckGolden(t, report, stderr)
			} else {
				rigtest.CheckGolden(t, filepath.Join(dir, "expected"+variant+".diff"), rigtest.DiffTexts(t, before, after))
			}
			require.Equal(t, after, library(t, overlay), "kustomize as a library renders the same")
			guarded(t, overlay)

			inputs, err := filepath.Glob(filepath.Join(dir, "base", "*.yaml"))
			require.NoError(t, err)
			for _, in := range inputs {
				if filepath.Base(in) != "kustomization.yaml" {
					rigtest.Laws(t, rigtest.Case{Config: text(t, sidecars), Input: text(t, in), InputName: filepath.Base(in)})
				}
			}
			require.FileExists(t, filepath.Join(dir, "README.md"))
		})
	}
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// Documents are short: 15 lines for one system, 40 for the complete example.
func TestExamplesAreShort(t *testing.T) {
	all, err := filepath.Glob("../../examples/*/sidecars*/sidecars.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, all)
	for _, file := range all {
		whole := text(t, file)
		_, spec, found := strings.Cut(whole, "\nspec:\n")
		require.True(t, found, file)
		if strings.Contains(file, "elasticsearch-complete") {
			require.LessOrEqual(t, strings.Count(whole, "\n"), 40, file)
			require.Equal(t, 4, strings.Count(spec, "\n    - ")-1, "a proxy, an exporter, a log tail and a kernel setting")
		} else {
			require.LessOrEqual(t, strings.Count(spec, "\n"), 15, file)
		}
	}
}

// kustomize runs the pinned program.
func kustomize(t *testing.T, dir string) string {
	t.Helper()
	cmd := exec.Command("kustomize", "build", "--enable-alpha-plugins", "--enable-exec", dir)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%s\n(kustomize comes from: make bin/kustomize)", stderr.String())
	return string(out)
}

// guarded checks that a build fails if kustomize silently skips the function, as it does without --enable-exec.
func guarded(t *testing.T, dir string) {
	t.Helper()
	out, err := exec.Command("kustomize", "build", "--enable-alpha-plugins", dir).CombinedOutput()
	require.Error(t, err, "a build without the sidecars went through")
	require.Contains(t, string(out), "has not run: kustomize needs --enable-alpha-plugins --enable-exec")
}

// library renders with kustomize as a library.
func library(t *testing.T, dir string) string {
	t.Helper()
	opt := krusty.MakeDefaultOptions()
	opt.Reorder = krusty.ReorderOptionLegacy // as the program does
	opt.PluginConfig = types.EnabledPluginConfig(types.BploUseStaticallyLinked)
	opt.PluginConfig.FnpLoadingOptions.EnableExec = true
	m, err := krusty.MakeKustomizer(opt).Run(filesys.MakeFsOnDisk(), dir)
	require.NoError(t, err)
	out, err := m.AsYaml()
	require.NoError(t, err)
	return string(out)
}
