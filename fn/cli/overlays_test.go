package cli

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/rigtest"
)

// What an overlay does - prefix, suffix, namespace, labels, images, replacements, patches - reaches what is added, too,
// wherever the document stands: in Components, in a base or in the overlay itself. Without --enable-exec, none builds.
func TestOverlays(t *testing.T) {
	all, err := filepath.Glob("testdata/kustomize/*/kustomization.yaml")
	require.NoError(t, err)
	require.Greater(t, len(all), 10)
	plain := kustomize(t, "testdata/kustomize/plain")
	require.Contains(t, plain, "\n        name: tls-proxy\n")
	for _, file := range all {
		dir := filepath.Dir(file)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			built := kustomize(t, dir)
			require.NotContains(t, built, "internal.config.kubernetes.io")
			if built != plain {
				rigtest.CheckGolden(t, filepath.Join(dir, "expected.diff"), rigtest.DiffTexts(t, plain, built))
			}
			require.Equal(t, built == plain, filepath.Base(dir) == "plain")
			guarded(t, dir)
		})
	}
}
