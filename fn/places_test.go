package fn

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/kio/kioutil"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// What kpt gives to a function has files, and text that kpt wrote anew: every result names a file, the object, and no
// line.
func TestPlacesOfKpt(t *testing.T) {
	inputs, err := filepath.Glob("../pkg/rigtest/testdata/*/input.yaml")
	require.NoError(t, err)
	n := 0
	for _, input := range inputs {
		t.Run(filepath.Base(filepath.Dir(input)), func(t *testing.T) {
			given, ok := giveByKpt(input, filepath.Join(filepath.Dir(input), "config.yaml"))
			if !ok {
				return // kpt can't read it either
			}
			_, out, stderr := call(given)
			require.NotRegexp(t, `\bline \d+(:| already)`, stderr)
			var read struct{ Results framework.Results }
			require.NoError(t, yaml.Unmarshal([]byte(out), &read), out)
			for _, r := range read.Results {
				require.NotNil(t, r.File, r)
				require.Contains(t, []string{"apps/input.yaml", "sidecars.yaml"}, r.File.Path)
				require.NotNil(t, r.ResourceRef, r)
			}
			n += len(read.Results)
		})
	}
	require.Greater(t, n, 500, "there are results to look at")
}

// giveByKpt returns the list that kpt makes of files.
func giveByKpt(input, config string) (string, bool) {
	var nodes [2][]*yaml.RNode
	for i, name := range []string{input, config} {
		text, err := os.ReadFile(name)
		if err != nil {
			return "", false
		}
		if nodes[i], err = (&kio.ByteReader{Reader: bytes.NewReader(text)}).Read(); err != nil || len(nodes[i]) == 0 {
			return "", false
		}
		for _, o := range nodes[i] {
			file := map[string]string{input: "apps/input.yaml", config: "sidecars.yaml"}[name]
			if o.PipeE(yaml.SetAnnotation(kioutil.PathAnnotation, file)) != nil {
				return "", false
			}
		}
	}
	if nodes[1][0].GetName() == "" && nodes[1][0].SetName("search") != nil {
		return "", false
	}
	var b strings.Builder
	w := kio.ByteWriter{Writer: &b, WrappingKind: kio.ResourceListKind, WrappingAPIVersion: kio.ResourceListAPIVersion,
		KeepReaderAnnotations: true, FunctionConfig: nodes[1][0]}
	err := w.Write(nodes[0])
	return b.String(), err == nil
}
