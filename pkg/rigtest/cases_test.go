package rigtest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCases checks every folder in testdata that has a config.
func TestCases(t *testing.T) {
	configs, err := filepath.Glob("testdata/*/config.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, configs)
	for _, c := range configs {
		dir := filepath.Dir(c)
		t.Run(filepath.Base(dir), func(t *testing.T) { Check(t, dir) })
	}
	stale, err := os.ReadDir("testdata")
	require.NoError(t, err)
	require.Len(t, stale, len(configs)+1, "each folder but article is a case")
}
