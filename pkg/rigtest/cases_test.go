package rigtest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
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

// Law 9 is checked where one workload is selected: each pattern has such a case.
func TestCasesOfLaw9(t *testing.T) {
	configs, err := filepath.Glob("testdata/*/expected.yaml")
	require.NoError(t, err)
	spelled := map[string]bool{}
	for _, expected := range configs {
		dir := filepath.Dir(expected)
		c := Case{Config: readFile(t, dir, "config.yaml"), Input: readFile(t, dir, "input.yaml"), InputName: "input.yaml"}
		if len(c.runConfig(t, c.Config, c.Input).Report) != 1 {
			continue
		}
		for _, e := range c.readSpec(t, c.Config).Patterns {
			spelled[e.Key()] = true
		}
	}
	for _, key := range config.PatternKeys() {
		require.True(t, spelled[key], "law 9: no case shows that %s equals its custom form: write config.yaml and "+
			"input.yaml, with one workload, into pkg/rigtest/testdata/CASE, and run: make golden", key)
	}
}
