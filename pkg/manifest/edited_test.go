package manifest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// An object that is taken out takes with it what was laid on it: such a text is an
// error. In which order splices come doesn't matter.
func TestSplicesThatCross(t *testing.T) {
	in, err := Parse("", "kind: A\napiVersion: v1\nmetadata: {name: a}\n---\nkind: B\napiVersion: v1\n"+
		"metadata: {name: b}\n")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		splices []splice
		fails   bool
	}{
		"apart":                 {[]splice{{20, 3, ""}, {5, 2, "x"}}, false},
		"side by side":          {[]splice{{5, 3, ""}, {8, 0, "x"}, {5, 0, "y"}}, false},
		"within":                {[]splice{{5, 10, ""}, {8, 0, "x"}}, true},
		"within, laid first":    {[]splice{{8, 0, "x"}, {5, 10, ""}}, true},
		"within a longer one":   {[]splice{{5, 20, ""}, {25, 1, ""}, {10, 1, ""}}, true},
		"taken back, elsewhere": {[]splice{{5, 10, ""}, {}}, false},
	} {
		l := NewLayer([]*Text{in})
		l.splices[in] = c.splices
		before := append([]splice{}, c.splices...)
		out, fs := l.Texts()
		require.Equal(t, c.fails, fs.Failed(), name)
		require.Equal(t, c.fails, len(out) == 0, name)
		require.Equal(t, before, c.splices, "%s: the layer goes by their order", name)
	}
	l := NewLayer([]*Text{in})
	o := in.Objects[0]
	l.Edit(o, []sidecar.Edit{{Object: o.Ref, Path: sidecar.Fields("spec"), Value: "x"}}, nil)
	l.Edit(o, nil, nil)
	out, fs := l.Texts()
	require.Empty(t, fs)
	require.False(t, out[0].Changed(), "what was laid on was taken back")
}
