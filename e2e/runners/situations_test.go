//go:build runners

package runners

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/program"
	"github.com/outrigger-dev/outrigger/pkg/rigtest"
)

var situations = &table{title: "where the document is listed", columns: []string{
	"exec", "container", "legacy", "guard", "kubectl legacy", "kubectl container",
}}

func init() { tables = append(tables, situations) }

const (
	shipped = "../../../examples/"
	search  = shipped + "elasticsearch-tls/base"
	tls     = shipped + "elasticsearch-tls/sidecars"

	renames = `namePrefix: p-
nameSuffix: -s
namespace: prod
labels:
  - pairs: {team: a}
    includeSelectors: true
`
	// changes reach what is emitted and injected, too.
	changes = renames + `images:
  - name: docker.io/nginxinc/nginx-unprivileged
    newName: registry.example.com/nginx
    newTag: mine
replacements:
  - source: {kind: ConfigMap, name: elasticsearch-tls-proxy, fieldPath: metadata.name}
    targets:
      - select: {kind: Service, name: elasticsearch}
        fieldPaths: [metadata.annotations.config]
        options: {create: true}
patches:
  - target: {kind: ConfigMap, name: elasticsearch-tls-proxy}
    patch: '[{"op": "add", "path": "/data/more", "value": "mine"}]'
  - patch: |
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: elasticsearch}
      spec:
        template:
          spec:
            initContainers:
              - name: tls-proxy
                env: [{name: MORE, value: mine}]
`
)

// A situation is a folder of kustomizations, of which the one named overlay is built. In their texts, FILE lists the
// document in transformers: as a file, and INLINE as a text. Situations that mean the same have one expected file.
type situation struct {
	name, expected string
	kustomizations map[string]string
}

var allSituations = []situation{
	{"a Component", "overlaid", map[string]string{
		"overlay": "resources: [" + search + "]\ncomponents: [" + tls + "]\n" + changes}},
	{"transformers of a base, a file", "overlaid", map[string]string{
		"inner": "resources: [" + search + ", guard.yaml]\nFILE", "overlay": "resources: [../inner]\n" + changes}},
	{"transformers of a base, inline", "overlaid", map[string]string{
		"inner": "resources: [" + search + ", guard.yaml]\nINLINE", "overlay": "resources: [../inner]\n" + changes}},
	{"transformers of an overlay, a file", "last", map[string]string{
		"overlay": "resources: [" + search + ", guard.yaml]\n" + renames + "FILE"}},
	{"transformers of an overlay, inline", "last", map[string]string{
		"overlay": "resources: [" + search + ", guard.yaml]\n" + renames + "INLINE"}},
	{"a base used twice, a Component", "twice", map[string]string{
		"left":    "resources: [" + search + "]\nnamePrefix: left-\ncomponents: [" + tls + "]\n",
		"right":   "resources: [" + search + "]\nnamePrefix: right-\ncomponents: [" + tls + "]\n",
		"overlay": "resources: [../left, ../right]\nnamespace: prod\n"}},
	{"a base used twice, its transformers", "twice", map[string]string{
		"inner":   "resources: [" + search + ", guard.yaml]\nFILE",
		"left":    "resources: [../inner]\nnamePrefix: left-\n",
		"right":   "resources: [../inner]\nnamePrefix: right-\n",
		"overlay": "resources: [../left, ../right]\nnamespace: prod\n"}},
	{"two Components", "two", map[string]string{
		"overlay": "resources: [" + search + "]\ncomponents: [" + tls + ", " + shipped + "elasticsearch-metrics/sidecars]\n" +
			changes}},
	{"two Components, turned", "two", map[string]string{
		"overlay": "resources: [" + search + "]\ncomponents: [" + shipped + "elasticsearch-metrics/sidecars, " + tls + "]\n" +
			changes}},
	{"a base's transformers and a Component", "two", map[string]string{
		"inner": "resources: [" + search + ", guard.yaml]\nFILE",
		"overlay": "resources: [../inner]\ncomponents: [" + shipped + "elasticsearch-metrics/sidecars]\n" +
			changes}},
}

// Wherever documents are listed, whatever an overlay changes, all versions of kustomize give the expected bytes in all
// forms, and without the flags none of them is built.
func TestSituations(t *testing.T) {
	t.Parallel()
	first := map[string]bool{} // the first of those with an expected file may write it
	for _, s := range allSituations {
		situations.addRow(s.name)
		expected := filepath.Join(root, "e2e/runners/testdata", s.expected+".yaml")
		folder := filepath.Join("situations", strings.NewReplacer(" ", "-", ",", "", "'", "").Replace(s.name))
		for _, f := range forms {
			s.write(t, f, folder)
		}
		overlay := filepath.Join(folder, "overlay")
		if !first[s.expected] {
			first[s.expected] = true
			rigtest.CheckGolden(t, expected, forms[0].build(t, newest, overlay))
		}
		want := readFile(t, expected)
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			for _, version := range versions() {
				for _, f := range forms {
					situations.check(t, s.name, f.name, version, func(t *testing.T) {
						require.Equal(t, want, f.build(t, version, overlay))
					})
				}
				situations.check(t, s.name, "guard", version, func(t *testing.T) {
					for _, f := range forms {
						f.needFlags(t, version, overlay)
					}
				})
			}
			for _, f := range forms[1:] {
				situations.check(t, s.name, "kubectl "+f.name, "", func(t *testing.T) {
					need(t, "kubectl")
					require.Equal(t, want, program.Output(t, "", "kubectl", "kustomize", alpha, f.path(overlay)))
				})
			}
		})
	}
}

// write writes the kustomizations, each with what it may list.
func (s situation) write(t *testing.T, f form, folder string) {
	t.Helper()
	component := f.path("examples/elasticsearch-tls/sidecars")
	document := strings.TrimSpace(readFile(t, filepath.Join(component, "sidecars.yaml")))
	inline := "transformers:\n  - |\n    " + strings.ReplaceAll(document, "\n", "\n    ") + "\n  - guard-check.yaml\n"
	lists := strings.NewReplacer("FILE", "transformers: [sidecars.yaml, guard-check.yaml]\n", "INLINE", inline)
	for name, text := range s.kustomizations {
		dir := f.path(filepath.Join(folder, name))
		require.NoError(t, os.MkdirAll(dir, 0o755))
		for _, file := range []string{"sidecars.yaml", "guard.yaml", "guard-check.yaml"} {
			writeFile(t, filepath.Join(dir, file), readFile(t, filepath.Join(component, file)))
		}
		kustomization := "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n" + lists.Replace(text)
		writeFile(t, filepath.Join(dir, "kustomization.yaml"), kustomization)
	}
}
