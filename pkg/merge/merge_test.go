package merge_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
	"github.com/outrigger-dev/outrigger/pkg/sidecar/sidecartest"
)

func edit(owner, at string, v any) sidecar.Edit {
	return sidecar.Edit{Owner: owner, Object: sidecartest.Deployment, Path: sidecar.Fields("spec").At("name", at),
		Value: v}
}

// manifest is what the manifests have: by path, values.
func manifest(have map[string]any) merge.Lookup {
	return func(_ sidecar.Ref, p sidecar.Path, want any) (bool, bool) {
		v, there := have[p.String()]
		return there, there && v == want
	}
}

func TestMerge(t *testing.T) {
	empty := manifest(nil)
	t.Run("equal wishes are one", func(t *testing.T) {
		out, fs := merge.Merge([]sidecar.Edit{edit("a", "x", map[string]any{"p": 1, "q": 2}),
			edit("b", "x", map[string]int{"q": 2, "p": 1})}, empty)
		require.Empty(t, fs)
		require.Len(t, out, 1)
	})
	t.Run("unequal wishes are a conflict that names both", func(t *testing.T) {
		_, fs := merge.Merge([]sidecar.Edit{edit("a", "x", 1), edit("b", "x", 2), edit("c", "x", 3)}, empty)
		require.Len(t, fs, 2)
		require.Equal(t, "Deployment prod/web spec[name=x]: b: sets 2, but a sets 1; make both equal, or remove "+
			"one of the sidecars", fs[0].String())
		require.Contains(t, fs[1].String(), "c: sets 3, but a sets 1")
	})
	t.Run("the manifest's own value is a conflict", func(t *testing.T) {
		_, fs := merge.Merge([]sidecar.Edit{edit("a", "x", "theirs"), edit("a", "y", "ours")},
			manifest(map[string]any{"spec[name=x]": "theirs", "spec[name=y]": "theirs"}))
		require.Len(t, fs, 1)
		require.Equal(t, "conflict", fs[0].Code)
		require.Equal(t, "spec[name=y]", fs[0].Field)
		require.NotContains(t, fs[0].String(), "ours", "a value may be secret")
	})
	t.Run("a known value is replaced", func(t *testing.T) {
		e := edit("a", "x", "new")
		e.Was = "old"
		_, fs := merge.Merge([]sidecar.Edit{e}, manifest(map[string]any{"spec[name=x]": "old"}))
		require.Empty(t, fs)
		_, fs = merge.Merge([]sidecar.Edit{e}, manifest(map[string]any{"spec[name=x]": "other"}))
		require.True(t, fs.Failed())
	})
	t.Run("a value to replace that isn't there is a conflict: the view has missed something", func(t *testing.T) {
		e := edit("a", "x", "new")
		e.Was = ""
		_, fs := merge.Merge([]sidecar.Edit{e}, empty)
		require.True(t, fs.Failed())
	})
	t.Run("addresses are told apart by their parts", func(t *testing.T) {
		a, b := edit("a", "x", 1), edit("b", "x", 2)
		b.Object.Kind = "StatefulSet"
		c := edit("c", "x", 3)
		c.Path = sidecar.Fields("spec", "name", "x")
		out, fs := merge.Merge([]sidecar.Edit{a, b, c}, empty)
		require.Empty(t, fs)
		require.Len(t, out, 3)
	})
	t.Run("one sidecar of two minds", func(t *testing.T) {
		_, fs := merge.Merge([]sidecar.Edit{edit("a", "x", 1), edit("a", "x", 2)}, empty)
		require.Contains(t, fs.Error(), "a: sets two different values here")
	})
	t.Run("taking away and setting is a conflict", func(t *testing.T) {
		e := edit("b", "x", nil)
		e.Delete = true
		_, fs := merge.Merge([]sidecar.Edit{edit("a", "x", 1), e}, empty)
		require.Contains(t, fs.Error(), "b: removes what a sets")
	})
}

// What may be secret is in no message, on whichever side it stands.
func TestConflictsTellNoSecrets(t *testing.T) {
	w := sidecartest.Workload()
	w.App.Env = []corev1.EnvVar{{Name: "A", Value: "hunter1"}}
	w.Pod.Annotations = map[string]string{"x": "hunter1"}
	wish := func(value string) *sidecar.Change {
		return &sidecar.Change{App: sidecar.App{Env: sidecartest.Vars("A=" + value + " B=" + value),
			Args: []string{"--password", value}},
			Containers: []corev1.Container{{Name: "c", Image: "i", Args: []string{value},
				Env: []corev1.EnvVar{{Name: "X", Value: value}}}}}
	}
	edits, fs := merge.Edits(w, []sidecar.Answer{sidecartest.Answer(w, "a", wish("hunter2")), sidecartest.Answer(w, "b",
		wish("hunter3"))})
	_, more := merge.Merge(edits, func(sidecar.Ref, sidecar.Path, any) (bool, bool) { return true, false })
	require.Greater(t, len(more), 5)
	require.NotContains(t, fs.Error()+more.Error(), "hunter")
}

func TestCloneSharesNothing(t *testing.T) {
	_, all := fleet()
	c := all[0].Change
	c.App.Env[0].ValueFrom = &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "a"}}
	c.Pod.ShareProcessNamespace = new(true)
	c.ServicePorts = []sidecar.ServicePort{{ServicePort: corev1.ServicePort{AppProtocol: new("http")}}}
	clone := c.Clone()
	require.Equal(t, c, clone)
	clone.App.Env[0].ValueFrom.FieldRef.FieldPath = "b"
	*clone.Pod.ShareProcessNamespace = false
	*clone.ServicePorts[0].AppProtocol = "https"
	clone.Containers[0].Ports[0].Name = "other"
	clone.Volumes[0].ConfigMap.Name = "other"
	require.Equal(t, "a", c.App.Env[0].ValueFrom.FieldRef.FieldPath)
	require.True(t, *c.Pod.ShareProcessNamespace)
	require.Equal(t, "http", *c.ServicePorts[0].AppProtocol)
	require.Equal(t, "p0", c.Containers[0].Ports[0].Name)
	require.Empty(t, c.Volumes[0].ConfigMap.Name)
}

// FuzzMerge: merging what is merged changes nothing, and the order of two wishes
// decides nothing but the order.
func FuzzMerge(f *testing.F) {
	f.Add("a", "x", 1, "b", "x", 2)
	f.Add("a", "x", 1, "b", "y", 1)
	f.Fuzz(func(t *testing.T, o1, p1 string, v1 int, o2, p2 string, v2 int) {
		a, b := edit(o1, p1, v1), edit(o2, p2, v2)
		once, fs := merge.Merge([]sidecar.Edit{a, b}, manifest(nil))
		twice, again := merge.Merge(once, manifest(nil))
		require.Equal(t, once, twice)
		require.Empty(t, again)
		_, other := merge.Merge([]sidecar.Edit{b, a}, manifest(nil))
		require.Equal(t, fs.Failed(), other.Failed())
		require.Equal(t, p1 == p2 && v1 != v2, fs.Failed())
	})
}
