package oracle

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every golden file is accepted as far as its input is, and warned of no more than
// that. Some inputs are fragments, and some have mistakes on purpose.
func TestGoldens(t *testing.T) {
	goldens, err := filepath.Glob("../../pkg/rigtest/testdata/*/expected*")
	require.NoError(t, err)
	require.NotEmpty(t, goldens)
	traps, err := filepath.Glob("../../examples/traps/*/expected.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, traps)
	goldens = append(goldens, traps...)
	var c census
	for _, golden := range goldens {
		dir := filepath.Dir(golden)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			before, after := text(t, dir+"/input.yaml"), text(t, golden)
			c.add(t, judge(t, before, after))
			secure(t, text(t, dir+"/config.yaml"), before, after)
		})
	}
	c.log(t)
	require.NotZero(t, c.scopes[Whole])
	require.NotZero(t, c.accepted, "at least one is sound through and through")
}

func text(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(b)
}
