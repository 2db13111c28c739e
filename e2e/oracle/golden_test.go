package oracle

import (
	"os"
	"path/filepath"
	"strings"
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
			before, after := manifests(t, dir+"/input.yaml"), manifests(t, golden)
			c.add(t, judge(t, before, after))
			secure(t, text(t, dir+"/config.yaml"), before, after)
		})
	}
	c.log(t)
	require.NotZero(t, c.scopes[Whole])
	require.NotZero(t, c.accepted, "at least one is sound through and through")
}

// manifests is what a file holds. Merge keys are written out: the strict reader of the API server takes a key beside
// one for the same key twice.
func manifests(t *testing.T, name string) string {
	t.Helper()
	s := text(t, name)
	if strings.Contains(s, "<<: *") {
		return plainly(t, s)
	}
	return s
}

func text(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(b)
}
