package cli

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A template or a broken file is left out by a flag, which the error names.
func TestSkip(t *testing.T) {
	const template = "apiVersion: apps/v1\nmetadata:\n  name: {{ include \"x\" . }}\n" +
		"  {{- with .x }}\n  labels:\n    {{- y }}\n"
	conf := file(t, "sidecars.yaml", waits)
	dir := folder(t, map[string]string{"web.yaml": web, "chart/templates/web.yaml": template})
	for _, args := range [][]string{{"inject", "-c", conf}, {"strip"}} {
		code, out, err := call("", append(args, dir)...)
		require.Equal(t, exitFailed, code)
		require.Empty(t, out)
		require.Regexp(t, `^error\[yaml-syntax\]: `+filepath.Join(dir, "chart/templates/web.yaml")+
			`:\d: .*\n  hint: leave the file out with --skip GLOB if it's a template\n$`, err)
		code, out, err = call("", append(args, "--skip", "templates", dir)...)
		require.Zero(t, code, err)
		require.Contains(t, out, "name: web\n")
	}
	_, _, err := call(template, "inject", "-c", conf)
	require.NotContains(t, err, "--skip", "there is no file")

	code, _, err := call("", "inject", "-c", conf, "--skip", "a[", dir)
	require.Equal(t, exitMisuse, code)
	require.Contains(t, err, "inject: --skip a[ isn't a valid pattern\n  hint: ")
}

// What is wrong in the depths of a file has that hint, too, behind the hint of the reader.
func TestSkipHint(t *testing.T) {
	conf := file(t, "sidecars.yaml", waits)
	path := file(t, "web.yaml", strings.Replace(web, "ports: [{name", "ports: [*x, {name", 1))
	_, _, err := call("", "inject", "-c", conf, path)
	require.Contains(t, err, "\n  hint: put it into quotes if it's a text that begins with a star, "+
		"or leave the file out with --skip GLOB if it's a template\n")
}

// A text that ends in a block scalar without a line break gets one.
func TestInjectEndsBlockScalars(t *testing.T) {
	conf := file(t, "sidecars.yaml", strings.ReplaceAll(sidecars, "select:", "record: always\n  select:"))
	for _, in := range []string{
		web + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  a: |\n    text",
		web + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  a: >+\n    text",
		web + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  a: |-\n    text",
		strings.TrimSuffix(web, "\n") + "\n          args:\n            - |\n              text",
	} {
		code, out, err := call(in, "inject", "-c", conf)
		require.Zero(t, code, err)
		require.Contains(t, out, "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web-tls-proxy\n")
		require.Contains(t, out, "text\n")
		require.Equal(t, !strings.Contains(in, "|-"), strings.Contains(err, "info[line-break]: "), err)
		code, again, err := call(out, "inject", "-c", conf)
		require.Zero(t, code, err)
		require.Equal(t, out, again)
		code, stripped, err := call(out, "strip")
		require.Zero(t, code, err)
		require.Equal(t, in, stripped)
	}
}
