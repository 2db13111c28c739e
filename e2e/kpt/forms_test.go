package kpt

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/made"
)

// certified is a proxy with three objects, two of which have one name, and so one file.
const certified = `    - tlsProxy:
        port: 9200
        secretName: elasticsearch-tls-proxy
        certificate: {issuerRef: {name: ca}}
        rebind: {port: 9201, preset: elasticsearch7}
`

// Whoever runs the function, the files are the same, once and twice.
func TestForms(t *testing.T) { made.EachKpt(t, checkForms) }

func checkForms(t *testing.T) {
	t.Helper()
	const example = "elasticsearch-tls"
	texts := map[string]string{"tls.yaml": document("tls", certified)}
	rendered := makePackage(t, example, mutators("tls.yaml"), texts)
	render(t, rendered)
	want := readFiles(t, rendered)
	require.Contains(t, want["elasticsearch-tls-proxy.yaml"], "kind: ConfigMap")
	require.Contains(t, want["elasticsearch-tls-proxy.yaml"], "kind: Certificate")

	t.Run("eval", func(t *testing.T) {
		dir := makePackage(t, example, mutators("tls.yaml"), texts)
		for range 2 {
			_, said, ok := runKpt(t, "", "fn", "eval", dir, "--exec", "outrigger", "--fn-config", dir+"/tls.yaml")
			require.True(t, ok, said)
			require.Equal(t, want, readFiles(t, dir))
		}
	})
	t.Run("words", func(t *testing.T) {
		dir := makePackage(t, example, mutators("tls.yaml"), texts)
		flat := makePackage(t, example, mutators("tls.yaml"), texts)
		words := []string{"fn", "eval", flat, "--exec", "outrigger", "--", "pattern=exporter", "preset=elasticsearch",
			"kind=Deployment", "name=elasticsearch"}
		_, said, ok := runKpt(t, "", words...)
		require.True(t, ok, said)
		require.Contains(t, readFiles(t, flat)["elasticsearch.yaml"], "--es.uri=http://127.0.0.1:9200")
		render(t, flat)
		require.Contains(t, readFiles(t, flat)["elasticsearch.yaml"], "--es.uri=http://127.0.0.1:9201")
		render(t, dir)
		_, said, ok = runKpt(t, "", append([]string{"fn", "eval", dir}, words[3:]...)...)
		require.True(t, ok, said)
		require.Equal(t, readFiles(t, flat), readFiles(t, dir), "the order doesn't matter")
	})
	t.Run("source and sink", func(t *testing.T) {
		dir := makePackage(t, example, mutators("tls.yaml"), texts)
		list, said, ok := runKpt(t, "", "fn", "source", dir, "--fn-config", dir+"/tls.yaml")
		require.True(t, ok, said)
		laid, said, ok := runProgram(t, list, "outrigger")
		require.True(t, ok, said)
		sink := filepath.Join(t.TempDir(), "sink")
		_, said, ok = runKpt(t, laid, "fn", "sink", sink)
		require.True(t, ok, said)
		require.Equal(t, want, readFiles(t, sink))
	})
	t.Run("a package in a package", func(t *testing.T) {
		inner := makePackage(t, example, "", nil)
		dir := makePackage(t, "redis-cache", mutators("tls.yaml"), texts)
		require.NoError(t, os.CopyFS(filepath.Join(dir, "search"), os.DirFS(inner)))
		before := readFiles(t, dir)
		render(t, dir)
		once := readFiles(t, dir)
		for _, name := range []string{"elasticsearch.yaml", "elasticsearch-tls-proxy.yaml"} {
			require.Equal(t, want[name], once["search/"+name])
			require.NotContains(t, once, name, "beside the workload")
		}
		require.NotEqual(t, before, once)
		render(t, dir)
		require.Equal(t, once, readFiles(t, dir), "twice is once")
	})
}
