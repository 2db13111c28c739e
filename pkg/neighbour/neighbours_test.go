package neighbour

import (
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/editable"
)

// Each neighbour has a name of its own, the table of editable fields has that name, and two neighbours that read the
// same kind decode the same fields.
func TestNeighbours(t *testing.T) {
	var names []string
	seen := map[Kind]reflect.Type{}
	for _, n := range neighbours {
		require.NotContains(t, names, n.name)
		names = append(names, n.name)
		for kind, spec := range n.kinds {
			of := reflect.TypeOf(spec())
			if before := seen[kind]; before != nil {
				require.Equal(t, before, of, "%s decodes %s otherwise than another neighbour", n.name, kind.Kind)
			}
			seen[kind] = of
			require.Equal(t, of, reflect.TypeOf(New(kind)))
		}
	}
	for _, name := range editable.Editors() {
		require.True(t, slices.Contains(names, name), "editable fields are edited by %s, which is no neighbour", name)
	}
}
