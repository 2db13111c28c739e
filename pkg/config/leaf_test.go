package config

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A quantity that would take hours to compare is refused where it's read, be it a number or a text.
func TestReadLongExponents(t *testing.T) {
	digits := strings.Repeat("1", 101)
	for text, why := range map[string]string{
		"1e474031877": "exponent of three digits", `"1e474031877"`: "exponent of three digits",
		"1e-474031877": "exponent of three digits", "0e1000": "exponent of three digits",
		digits: "more than 100 characters", `"` + digits + `"`: "more than 100 characters",
	} {
		_, fs := Read([]byte(`apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: x}
spec:
  select: [{kind: Deployment}]
  patterns:
    - redisCache: {}
      override: {resources: {limits: {memory: `+text+`}}}
`), "config.yaml")
		require.Len(t, fs, 1, text)
		require.Equal(t, "spec.patterns[0].override.resources.limits.memory", fs[0].Field)
		require.Contains(t, fs[0].Message, why)
	}
}
