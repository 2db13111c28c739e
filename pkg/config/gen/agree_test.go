package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// The schema and the reader agree on every config of the cases and examples, and on each of them with one more field,
// or with one value of another type. So an editor shows the mistakes that a run would report. The configs have all
// patterns.
func TestSchemaAgreesOnAllPatterns(t *testing.T) {
	var schema map[string]any
	require.NoError(t, json.Unmarshal(config.Schema(), &schema))
	agree := func(doc any, what string) *config.Sidecars {
		text, err := json.Marshal(doc)
		require.NoError(t, err)
		c, fs := config.Read(text, "")
		form := slices.ContainsFunc(fs, func(f sidecar.Finding) bool {
			return f.Code == "unknown-field" || f.Code == "wrong-type"
		})
		if well := valid(schema, schema, doc); well && form || !well && !fs.Failed() {
			require.Fail(t, "schema and reader don't agree, or make generate is due: "+what,
				"schema: %v\nreader: %v\n%s", well, fs, text)
		}
		return c
	}
	names, err := filepath.Glob(root + "/pkg/rigtest/testdata/*/config.yaml")
	require.NoError(t, err)
	examples, err := filepath.Glob(root + "/examples/*/sidecars/sidecars.yaml")
	require.NoError(t, err)
	shown := map[string]bool{}
	for _, name := range append(names, examples...) {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		var doc map[string]any
		require.NoError(t, yaml.Unmarshal(text, &doc))
		c := agree(doc, name)
		if c == nil {
			continue // a case of errors
		}
		for _, e := range c.Spec.Patterns {
			shown[e.Key()] = true
		}
		change(doc["spec"], func() { agree(doc, name) })
	}
	for _, key := range config.PatternKeys() {
		require.True(t, shown[key], "no case has %s: write pkg/rigtest/testdata/CASE/config.yaml and input.yaml", key)
	}
}

// change makes one change after the other below v, and undoes it.
func change(v any, seen func()) {
	switch v := v.(type) {
	case map[string]any:
		v["unheardOf"] = 7
		seen()
		delete(v, "unheardOf")
		for _, key := range slices.Sorted(maps.Keys(v)) {
			was := v[key]
			for _, other := range others(was) {
				v[key] = other
				seen()
			}
			v[key] = was
			change(was, seen)
		}
	case []any:
		for _, item := range v {
			change(item, seen)
		}
	}
}

// others are values of two other types.
func others(v any) []any {
	var all []any
	for _, other := range []any{map[string]any{}, 7, "1"} {
		if kindOf(other) != kindOf(v) && len(all) < 2 {
			all = append(all, other)
		}
	}
	return all
}
