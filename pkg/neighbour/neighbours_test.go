package neighbour

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
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
		require.True(t, slices.Contains(names, name), "pkg/editable/fields.go names %s, which isn't a neighbour", name)
	}
}

// A case has an object of each kind that neighbours read. It shows that what they edit can be undone.
func TestCasesHaveAllKinds(t *testing.T) {
	inputs, err := filepath.Glob("../rigtest/testdata/*/input.yaml")
	require.NoError(t, err)
	var all strings.Builder
	for _, name := range inputs {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		all.Write(text)
	}
	for _, n := range neighbours {
		for kind := range n.kinds {
			require.True(t, regexp.MustCompile(`\bkind: `+kind.Kind+`\b`).MatchString(all.String()),
				"no case has a %s: write config.yaml and input.yaml into pkg/rigtest/testdata/CASE", kind.Kind)
		}
	}
}
