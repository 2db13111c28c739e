package generate

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The same seed gives the same pair, and a few hundred seeds give every kind in
// every form.
func TestNew(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(2000) {
		p := New(seed)
		if seed < 50 {
			again := New(seed)
			require.Equal(t, p.Config(), again.Config())
			require.Equal(t, p.Input(), again.Input())
		}
		for _, o := range p.objects {
			if o.workload {
				seen[p.form.String()+" "+o.at("kind").value] = true
			}
			if o.at("metadata", "generateName") != nil {
				seen[p.form.String()+" generateName"] = true
			}
		}
		seen["directive"] = seen["directive"] || strings.Contains(p.Input(), "\n%YAML 1.2\n---\n")
		seen["first directive"] = seen["first directive"] || strings.HasPrefix(p.Input(), "%YAML 1.2\n---\n")
	}
	require.True(t, seen["directive"] && seen["first directive"], "no document has its version")
	for f := range printed + 1 {
		for _, s := range shapes {
			require.True(t, seen[f.String()+" "+s.kind], "no %s in a %s", s.kind, f)
		}
		require.Equal(t, f != kustomize && f != kpt, seen[f.String()+" generateName"], "names are generated in a %s", f)
	}
}

// What is shrunk still fails, and has nothing left that doesn't matter.
func TestShrink(t *testing.T) {
	p := New(1)
	p.Shrink(func() bool { return len(p.objects) > 1 })
	require.Len(t, p.objects, 2)
	require.Equal(t, stream, p.form)
	require.Equal(t, file{}, p.file)
	for _, o := range p.objects {
		require.LessOrEqual(t, o.size(), 8, "only fields that are kept are left")
	}
}
