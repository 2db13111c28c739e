package files

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReadSkips(t *testing.T) {
	const workload = "apiVersion: apps/v1\nspec: {containers: []}\n"
	texts := map[string]string{}
	for _, name := range []string{"a.yaml", "chart/values.yaml", "chart/templates/b.yaml", "sub/chart/templates/c.yaml",
		"sub/deep/er/d.yaml", "x[1].yaml"} {
		texts[name] = ""
	}
	texts[".hidden.yaml"], texts[".more/e.yaml"], texts["broken.yaml"] = workload, workload, "-> none"
	dir := tree(t, texts)
	const all = "a.yaml chart/templates/b.yaml chart/values.yaml sub/chart/templates/c.yaml sub/deep/er/d.yaml x[1].yaml"
	for patterns, left := range map[string]string{
		"broken.yaml":              all,
		"*.yaml":                   "",
		"broken* templates":        "a.yaml chart/values.yaml sub/deep/er/d.yaml x[1].yaml",
		"broken* chart/templates/": "a.yaml chart/values.yaml sub/deep/er/d.yaml x[1].yaml",
		"broken* sub/chart": "a.yaml chart/templates/b.yaml chart/values.yaml " +
			"sub/deep/er/d.yaml x[1].yaml",
		"broken* sub/**/*.yaml":                "a.yaml chart/templates/b.yaml chart/values.yaml x[1].yaml",
		`broken* x\[1].yaml ./a.yaml sub`:      "chart/templates/b.yaml chart/values.yaml",
		"broken* DIR/a.yaml DIR/sub/**":        "chart/templates/b.yaml chart/values.yaml x[1].yaml",
		"broken* DIR/deep er/e.yaml .* plates": all,
	} {
		var skip []string
		for p := range strings.FieldsSeq(patterns) {
			skip = append(skip, strings.ReplaceAll(p, "DIR", dir))
		}
		set, err := Read([]string{dir}, false, skip...)
		if left == "" {
			require.EqualError(t, err, "no .yaml, .yml or .json files with manifests found")
			continue
		}
		require.NoError(t, err, patterns)
		var have []string
		for _, f := range set.Files {
			rel, err := filepath.Rel(dir, f.Name)
			require.NoError(t, err)
			have = append(have, rel)
		}
		require.Equal(t, left, strings.Join(have, " "), patterns)
		if strings.Contains(patterns, "plates") && !strings.Contains(patterns, "templates") {
			require.Equal(t, []string{
				"--skip " + dir + "/deep leaves nothing out: no file or folder matches",
				"--skip er/e.yaml leaves nothing out: no file or folder matches",
				"--skip plates leaves nothing out: no file or folder matches",
			}, set.Notes)
		}
	}
	set, err := Read([]string{filepath.Join(dir, "a.yaml"), filepath.Join(dir, "sub")}, false, "a.yaml", "c.yaml")
	require.NoError(t, err)
	require.Len(t, set.Files, 1, "arguments, too")
}

// Hidden files are read only if they're arguments themselves.
func TestReadHidden(t *testing.T) {
	const workload = "apiVersion: apps/v1\nspec: {containers: []}\n"
	dir := tree(t, map[string]string{"a.yaml": "a", ".b.yaml": workload, ".c.yml": "on: push", ".d.yaml": "-> a.yaml",
		".e.yaml": "-> none"})
	found, notes, errs := read(t, dir, ".")
	require.Empty(t, errs)
	require.Equal(t, []string{"DIR/a.yaml=a"}, found)
	const applied = ", though kubectl would apply it; name it as an argument if it's a manifest"
	require.Equal(t, []string{"DIR/.b.yaml: skipped: is hidden" + applied, "DIR/.d.yaml: skipped: is a link" + applied,
		"DIR/.e.yaml: skipped: is a link" + applied}, notes)
	found, notes, errs = read(t, dir, ".", ".b.yaml", ".c.yml", ".d.yaml")
	require.Empty(t, errs)
	require.Equal(t, []string{"DIR/a.yaml=a", "DIR/.b.yaml=" + workload, "DIR/.c.yml=on: push"}, found)
	require.Len(t, notes, 2, "a link that is named leads to a file that is read already")
}
