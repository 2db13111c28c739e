package manifest

import (
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/kio/filters"
)

// Names that are written out here, as the packages that export them do much more, are
// what those packages say.
func TestNamesOfKyaml(t *testing.T) {
	require.Equal(t, filters.LocalConfigAnnotation, LocalKey)
	require.True(t, isResourceList(kio.ResourceListAPIVersion, kio.ResourceListKind))
}
