package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A pattern may have another default of its own, which what is written overrides, in a document that is written
// again, too.
func TestPlacementDefault(t *testing.T) {
	for entry, want := range map[string]sidecar.Placement{
		"{exporter: {preset: redis}}":                    sidecar.Native,
		"{exporter: {preset: kafka}}":                    sidecar.Beside,
		"{exporter: {preset: kafka}, placement: native}": sidecar.Native,
		"{exporter: {preset: kafka}, placement: beside}": sidecar.Beside,
		"{exporter: {preset: redis}, placement: beside}": sidecar.Beside,
	} {
		c, fs := config.Read([]byte("apiVersion: outrigger.dev/v1alpha1\nkind: Sidecars\n"+
			"spec: {select: [{name: a}], patterns: ["+entry+"]}"), "")
		require.NoError(t, fs.Err())
		require.Equal(t, want, c.Spec.Patterns[0].Placement, entry)
		bare := c.Spec.Bare().Patterns[0]
		if bare.Placement == "" {
			bare.Placement = sidecar.Native
			if bare.Exporter.Preset == "kafka" {
				bare.Placement = sidecar.Beside
			}
		}
		require.Equal(t, want, bare.Placement, entry)
	}
}
