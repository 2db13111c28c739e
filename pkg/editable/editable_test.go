package editable

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// pathLike returns a path of a shape, with a word for what is left open.
func pathLike(shape []string, word string) (p sidecar.Path) {
	for _, s := range shape {
		switch {
		case s == "[]":
			p = p.At("name", word)
		case s == "*containers":
			p = p.To("containers")
		default:
			p = p.To(strings.ReplaceAll(s, "*", word))
		}
	}
	return p
}

// A look at the last step first finds the field that matching whole paths finds.
func TestFieldAt(t *testing.T) {
	pods := []sidecar.Path{sidecar.Fields("spec", "template"), {}}
	matchAll := func(on sidecar.Ref, path sidecar.Path) *Field {
		for i := range table() {
			f := &table()[i]
			if f.isOf(kindName(on)) && f.matchPath(path, stepsBelow(pods, path)) == fullMatch {
				return f
			}
		}
		return nil
	}
	found := 0
	for _, f := range table() {
		kinds := append([]string{"apps/Deployment"}, f.kinds...)
		at := pathLike(f.shape, "x")
		if f.shape[0] == "pod" {
			at = append(sidecar.Fields("spec", "template"), pathLike(f.shape[1:], "x")...)
		}
		for _, kind := range kinds {
			on := sidecar.Ref{Kind: kind}
			if group, name, ok := strings.Cut(kind, "/"); ok {
				on = sidecar.Ref{Group: group, Kind: name}
			}
			for _, path := range []sidecar.Path{at, at[:len(at)-1], at.To("more"), at.At("name", "x"), {}} {
				want := matchAll(on, path)
				require.Same(t, want, FieldAt(on, pods, path), "%s %s", kind, path)
				if want != nil {
					found++
				}
			}
		}
	}
	require.Greater(t, found, len(table()))
}
