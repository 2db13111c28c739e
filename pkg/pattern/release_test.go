package pattern

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A digest hides the version of an image, unless a tag stands beside it.
func TestCheckVersion(t *testing.T) {
	for ref, hidden := range map[string]bool{
		"nginx@sha256:0123":                          true,
		"registry.example:5000/nginx@sha256:0123":    true,
		"registry.example:5000/nginx:1@sha256:0123":  false,
		"registry.example/nginx:1.2.3@sha256:0123":   false,
		"registry.example/name:1.2":                  false,
		"registry.example:5000/nginx":                false,
		"registry.example/nginx:latest@sha256:01234": false,
	} {
		var fs sidecar.Findings
		CheckVersion(ref, &fs)
		require.Equal(t, hidden, len(fs) == 1, ref)
	}
	require.Equal(t, Release{1, 2, 3}, ReleaseOf("registry.example/nginx:1.2.3@sha256:0123", "nginx"))
	require.Equal(t, Release{NewestPart, NewestPart, NewestPart}, ReleaseOf("registry.example/nginx@sha256:0123", "nginx"))
}
