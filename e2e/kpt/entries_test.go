package kpt

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/e2e/made"
)

const (
	proxy = `    - tlsProxy:
        port: 9200
        secretName: elasticsearch-tls
        rebind: {port: 9201, preset: elasticsearch7}
`
	metrics = "    - exporter: {preset: elasticsearch}\n"
)

// document returns a Sidecars document, which `kpt live apply` leaves out.
func document(name, patterns string) string {
	return "apiVersion: outrigger.dev/v1alpha1\nkind: Sidecars\nmetadata:\n  name: " + name +
		"\n  annotations:\n    config.kubernetes.io/local-config: \"true\"\n" +
		"spec:\n  select:\n    - kind: Deployment\n      name: elasticsearch\n  patterns:\n" + patterns
}

// manifestsOf returns the manifests of a package without its documents, and without what names
// these where named is false.
func manifestsOf(t *testing.T, dir string, named bool) map[string]string {
	t.Helper()
	found := readFiles(t, dir)
	maps.DeleteFunc(found, func(name, text string) bool {
		return name == "Kptfile" || strings.Contains(text, "kind: Sidecars")
	})
	for name, text := range found {
		if named {
			break
		}
		var objects []string
		for one := range strings.SplitSeq(text, "\n---\n") {
			o, err := yaml.Parse(one)
			require.NoError(t, err)
			require.NoError(t, o.PipeE(yaml.ClearAnnotation("outrigger.dev/applied")))
			require.NoError(t, o.PipeE(yaml.ClearAnnotation("outrigger.dev/by")))
			objects = append(objects, o.MustString())
		}
		found[name] = strings.Join(objects, "---\n")
	}
	return found
}

// Two entries of a Kptfile serve one workload: in both orders they give what one document with all
// patterns gives, again the same, and each can be taken off.
func TestTwoEntries(t *testing.T) { made.EachKpt(t, checkTwoEntries) }

func checkTwoEntries(t *testing.T) {
	t.Helper()
	const example = "elasticsearch-tls"
	both := map[string]string{"all.yaml": document("all", proxy+metrics)}
	together := makePackage(t, example, mutators("all.yaml"), both)
	bare := rewritten(t, together)["elasticsearch.yaml"]
	render(t, together)
	want := manifestsOf(t, together, false)
	require.Contains(t, want["elasticsearch.yaml"], "--es.uri=http://127.0.0.1:9201")

	texts := map[string]string{"tls.yaml": document("tls", proxy), "metrics.yaml": document("metrics", metrics)}
	for _, order := range [][]string{{"tls.yaml", "metrics.yaml"}, {"metrics.yaml", "tls.yaml"}} {
		t.Run(strings.Join(order, " then "), func(t *testing.T) {
			for _, off := range order {
				dir := makePackage(t, example, mutators(order...), texts)
				render(t, dir)
				require.Equal(t, want, manifestsOf(t, dir, false))
				once := readFiles(t, dir)
				render(t, dir)
				require.Equal(t, once, readFiles(t, dir), "twice is once")

				left := order[0]
				if off == left {
					left = order[1]
				}
				alone := makePackage(t, example, mutators(left), map[string]string{left: texts[left]})
				render(t, alone)
				takeOut(t, filepath.Join(dir, off))
				render(t, dir)
				require.Equal(t, manifestsOf(t, alone, true), manifestsOf(t, dir, true), "%s is taken off", off)
				takeOut(t, filepath.Join(dir, left))
				render(t, dir)
				require.Equal(t, map[string]string{"elasticsearch.yaml": bare}, manifestsOf(t, dir, true))
			}
		})
	}
}
