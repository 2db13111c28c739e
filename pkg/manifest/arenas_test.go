package manifest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
)

// What is read where another object was read before is what is read anew.
func TestRecycle(t *testing.T) {
	var b strings.Builder
	b.WriteString("apiVersion: v1\nkind: List\nitems:\n")
	for i := range 50 {
		fmt.Fprintf(&b, "- apiVersion: v1\n  kind: Service\n  metadata: {name: s%d, labels: {a: l%d}}\n  spec:\n"+
			"    selector:\n      app: a%d\n    ports:\n    - port: 0\n%s", i, i, i,
			strings.Repeat("    - port: 1\n      x: [1]\n", i))
	}
	text, err := Parse("", b.String())
	require.NoError(t, err)
	for range 3 {
		for i, o := range text.Objects {
			var kept *positioned.Node
			o.Glance(func() {
				kept = o.rootNode()
				require.Equal(t, fmt.Sprint("a", i), o.Strings("spec", "selector")["app"])
				require.Len(t, o.rootNode().At("spec", "ports").Values, i+1)
			})
			require.Nil(t, o.node)
			require.Empty(t, kept.Values, "it's empty, so that whoever keeps it sees nothing of another object")

			require.Equal(t, fmt.Sprint("l", i), o.Labels()["a"])
			require.Equal(t, fmt.Sprint("a", i), o.Strings("spec", "selector")["app"])
			kept = o.rootNode()
			o.Release()
			other := text.Objects[(i+7)%50]
			require.Equal(t, fmt.Sprint("l", (i+7)%50), other.Labels()["a"])
			require.NotEmpty(t, kept.Values, "whoever released it may have its nodes until Recycle")
			other.Release()
			text.Recycle()
			require.Empty(t, kept.Values)
		}
	}
	require.LessOrEqual(t, len(text.arenas.free), mostArenas)
	for _, o := range text.Objects {
		o.Labels()
		o.rootNode()
	}
	for _, o := range text.Objects {
		o.Release()
	}
	require.Len(t, text.arenas.parked, mostArenas)
}

// The pod templates of a node are those of its value.
func TestPodPathsBelow(t *testing.T) {
	for _, source := range []string{
		"spec: {template: {spec: {containers: []}}}", "spec: {containers: [a]}", "spec: {containers: {}}", "[]", "x",
		"a: {spec: {containers: [], b: {spec: {containers: [1]}}}}\nc: [{spec: {containers: []}}]",
		"a: &a {spec: {containers: []}}\nb: *a\nc: {<<: *a, d: *a}", "a: {<<: {spec: {containers: []}}}",
		"a: {b: {c: {d: {e: {f: {g: {h: {spec: {containers: []}}}}}}}}}",
		"a: {b: {c: {d: {e: {f: {g: {h: {i: {spec: {containers: []}}}}}}}}}}",
	} {
		l := positioned.NewLines(source)
		n, err := positioned.ReadObject(l, 0, len(source), false)
		require.NoError(t, err)
		v, err := positioned.ValueOf(n)
		require.NoError(t, err)
		require.ElementsMatch(t, podPaths(v), podPathsBelow(n), source)
	}
}

// What a node mounts is what its value mounts.
func TestMountsVolumeBelow(t *testing.T) {
	for _, source := range []string{
		"containers: [{volumeMounts: [{name: a}]}]", "containers: [{volumeDevices: [{name: b}, {name: a}]}]",
		"containers: [{volumeMounts: {name: a}}]", "volumeMounts: [a, [a], {name: [a]}, {name: b}]",
		"a: {b: [[{name: a}]]}",
		"volumeMounts: [{name: 1}, {name: true}]", "volumeMounts: [{name: \"1\"}]", "volumeMounts: [{<<: {name: a}}]",
		"a: &a [{name: a}]\nb: {volumeMounts: *a}", "<<: {volumeMounts: [{name: a}]}",
		"volumeMounts: [{name: !!binary YQ==}]",
		"a: {<<: [{volumeDevices: [{name: 'a'}]}]}", "volumeMounts:\n- name: &n a\n- name: *n", "a", "[]", "",
	} {
		l := positioned.NewLines(source)
		n, err := positioned.ReadObject(l, 0, len(source), false)
		if source == "" {
			n, err = nil, nil
		}
		require.NoError(t, err)
		v, err := positioned.ValueOf(orNull(n))
		require.NoError(t, err)
		for _, volume := range []string{"a", "b", "1", "true", ""} {
			require.Equal(t, mountsVolume(v, volume), mountsVolumeBelow(orNull(n), volume), "%s: %s", source, volume)
		}
	}
}
