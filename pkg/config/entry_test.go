package config

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// encodeWhole writes an entry with all its fields at hand, those that aren't set included.
func encodeWhole(t *testing.T, e Entry) string {
	t.Helper()
	type plain Entry
	var v any = plain(e)
	if e.Override != nil && len(e.Removed) > 0 {
		over, err := sidecar.EncodeOverride(*e.Override, e.Removed)
		require.NoError(t, err)
		v = struct {
			plain
			Override map[string]any `json:"override"`
		}{plain(e), over}
	}
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	return string(raw)
}

// An entry is written as encoding/json writes it, though it's only shown the fields that are set.
func TestEntryJSON(t *testing.T) {
	files, err := filepath.Glob("../rigtest/testdata/*/config*.yaml")
	require.NoError(t, err)
	keys, nulls := map[string]bool{}, 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		c, fs := Read(text, file)
		if fs.Failed() {
			continue
		}
		for _, e := range c.Spec.Patterns {
			keys[e.Key()] = true
			if len(e.Removed) > 0 {
				nulls++
			}
			raw, err := json.Marshal(e)
			require.NoError(t, err, file)
			require.Equal(t, encodeWhole(t, e), string(raw), file)
		}
	}
	require.Len(t, keys, len(PatternKeys()), "each pattern is among them")
	require.Positive(t, nulls, "and an override that removes fields")
	raw, err := json.Marshal(Entry{After: []string{}})
	require.NoError(t, err)
	require.Equal(t, encodeWhole(t, Entry{After: []string{}}), string(raw))
}
