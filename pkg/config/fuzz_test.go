package config

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Read returns for any text, with a config or with findings that have a place. A config that was read can be written
// and read again.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"", "a: b: c", "a: *x", "x", "{}", "null", "- 1", "---\n---\n", "\xff", "%YAML 9\n---\na",
		"a: &a [*a]", "? {a: b}\n: c",
		search, search + "---\n" + search, strings.ReplaceAll(search, "  ", "\t"), strings.ReplaceAll(search, ":", ": &a"),
		strings.ReplaceAll(search, "port: 9200", "port: 1e9"), strings.ReplaceAll(search, "tlsProxy", "<<: *a"),
		head + " {select: [{name: '('}, {labelSelector: 'a in (b,'}], expect: {min: 2, max: 1}, rollout: x, patterns: " +
			"[{}, {custom: }]}",
		head + " {select: [{<<: &a {name: x}, kind: a|b}], exclude: [{<<: [*a, *a]}], patterns: [{name: x, custom: " +
			"{objects: [{a: .inf, b: 0x1F, c: 1_0.5}]}}]}",
		head + " {select: [{name: x}], patterns: [{name: x, custom: {objects: [{x: " + bomb("[", "]") + "}]}}]}",
		head + " {select: [{name: x}], patterns: [{name: x, override: {ports: [{containerPort: 1}], resources: {limits: " +
			"{cpu: 1e3}}}, custom: {volumes: [{name: a, emptyDir: {sizeLimit: 1Gi}}]}}]}",
		flatText(
			"name=a",
			"pattern=tlsProxy",
			"port=1",
			"rebind.env.a.b=c",
			"rebind.args=1,2",
			"override.resources.limits.cpu=1",
		),
		flatText("name=a", "pattern=custom", "containers=x", "app.args=x", "app=y", "after.x=1", ".=2", "override.=3"),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, fs := Read(text, "a.yaml")
		require.Equal(t, c == nil, fs.Failed(), "either it's right or there is an error")
		for _, x := range fs {
			require.NotEmpty(t, x.Code)
			require.NotEmpty(t, x.Message)
			require.GreaterOrEqual(t, x.Line, 0)
			require.LessOrEqual(
				t,
				x.Line,
				strings.Count(
					strings.NewReplacer("\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n").Replace(string(text)),
					"\n",
				)+1,
			)
			require.NotContains(t, x.String(), "\n")
		}
		lines := make([]int, len(fs))
		for i, x := range fs {
			lines[i] = x.Line
		}
		require.True(t, slices.IsSorted(lines))
		if c == nil {
			return
		}
		require.Equal(t, c.Spec.Selects(&Meta{}), matchesOne(c.Spec.Select, &Meta{}) && !matchesOne(c.Spec.Exclude, &Meta{}))
		c.Spec.NearMiss([]Meta{{}, elasticsearch()})
		once, err := json.Marshal(c)
		require.NoError(t, err)
		again, fs := Read(once, "")
		require.NoError(t, fs.Err(), "%s", once)
		twice, err := json.Marshal(again)
		require.NoError(t, err)
		if !bytes.Equal(once, twice) {
			require.JSONEq(t, string(once), string(twice))
		}
	})
}
