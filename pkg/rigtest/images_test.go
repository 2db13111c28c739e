package rigtest

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/pattern/exporter"
	"github.com/outrigger-dev/outrigger/pkg/rigtest/generate"
)

// The table of images is what patterns render: over all cases and many generated pairs, each image gets into a pod, and
// no other one but those that a config or a manifest names. [config.Spec.Pulls] expects them, and mirrors of all
// registries replace them.
func TestImagesAreRendered(t *testing.T) {
	listed, rendered := map[string]bool{}, map[string]bool{}
	var mirrors []any
	for _, i := range config.Images() {
		listed[i.Ref] = true
		registry, _, _ := strings.Cut(i.Ref, "/")
		mirror := map[string]any{"prefix": registry + "/", "newPrefix": "mirror.example/" + registry + "/"}
		if !slices.ContainsFunc(mirrors, func(m any) bool { return m.(map[string]any)["prefix"] == mirror["prefix"] }) {
			mirrors = append(mirrors, mirror)
		}
	}
	look := func(c Case) {
		c.Config = editSpec(t, c.Config, func(spec map[string]any) { delete(spec, "images") })
		out := c.runConfig(t, c.Config, c.Input)
		if out.Findings.Failed() {
			return
		}
		mirrored := editSpec(t, c.Config, func(spec map[string]any) { spec["images"] = mirrors })
		pulled := findImages(decodeObjects(t, c.mustRun(t, mirrored, c.Input)))
		var expected []string
		for _, i := range c.readSpec(t, c.Config).Pulls() {
			expected = append(expected, i.Ref)
		}
		for _, ref := range findImages(decodeObjects(t, out.Files()[0].Text)) {
			if strings.Contains(c.Config+c.Input, ref) {
				continue
			}
			rendered[ref] = true
			require.Contains(t, expected, ref, "listImages in pkg/config/pulls.go doesn't know it:\n%s", c.Config)
			require.Contains(t, pulled, "mirror.example/"+ref)
			require.NotContains(t, pulled, ref, "write w.Pulled around the image in the pattern:\n%s", c.Config)
		}
	}
	configs, err := filepath.Glob("testdata/*/config.yaml")
	require.NoError(t, err)
	for _, name := range configs {
		dir := filepath.Dir(name)
		look(Case{Config: readFile(t, dir, "config.yaml"), Input: readFile(t, dir, "input.yaml"), InputName: "input.yaml"})
	}
	for _, preset := range exporter.PresetNames() {
		c := Case{Config: fmt.Sprintf(exportsWith, preset), Input: exportedApp, InputName: "input.yaml"}
		if slices.Contains(exporter.ConfiguredPresetNames(), preset) {
			c.Config += "      configMap: {name: rules, key: rules.yml}\n"
		}
		for _, more := range []string{"", "      port: 7000\n", "      credentials: {secretName: login}\n"} {
			with := c
			with.Config += more
			look(with) // presets need one or the other
		}
	}
	for seed := range uint64(100) {
		p := generate.New(seed + 1)
		look(Case{Config: p.Config(), Input: p.Input(), InputName: "input.yaml"})
	}
	require.Equal(t, slices.Sorted(maps.Keys(listed)), slices.Sorted(maps.Keys(rendered)),
		"the table of pkg/pattern/images.go and the exporters' presets isn't what patterns render: remove an image that no "+
			"pattern uses, or write a case in testdata that uses it")
}

const (
	exportsWith = `apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: exports}
spec:
  select: [{kind: Deployment, name: app}]
  patterns:
  - exporter:
      preset: %s
`
	exportedApp = `apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      containers:
      - name: app
        image: registry.example/name:1.2
---
apiVersion: v1
kind: ConfigMap
metadata: {name: rules}
data: {rules.yml: ""}
`
)

// findImages returns the images of containers and of volumes in objects.
func findImages(v any) (refs []string) {
	switch v := v.(type) {
	case []map[string]any:
		for _, object := range v {
			refs = append(refs, findImages(object)...)
		}
	case []any:
		for _, item := range v {
			refs = append(refs, findImages(item)...)
		}
	case map[string]any:
		for key, value := range v {
			ref, isText := value.(string)
			if isText && (key == "image" || key == "reference") {
				refs = append(refs, ref)
			}
			refs = append(refs, findImages(value)...)
		}
	}
	return refs
}
