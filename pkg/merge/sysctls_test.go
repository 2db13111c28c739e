package merge_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A setting in two spellings is one: two sidecars agree on it or not, and the
// manifest's spelling stays.
func TestSysctlSpellings(t *testing.T) {
	with := func(name, value string) *sidecar.Change {
		return &sidecar.Change{Pod: sidecar.Pod{Sysctls: []corev1.Sysctl{{Name: name, Value: value}}}}
	}
	w := &sidecar.Workload{Ref: sidecar.Ref{Kind: "Pod", Name: "web"}, Pod: corev1.PodTemplateSpec{}}
	nothing := func(sidecar.Ref, sidecar.Path, any) (bool, bool) { return false, false }
	settings := func(edits []sidecar.Edit) (out []corev1.Sysctl) {
		for _, e := range edits {
			if s, ok := e.Value.(corev1.Sysctl); ok {
				require.Equal(t, s.Name, e.Path[len(e.Path)-1].Value)
				out = append(out, s)
			}
		}
		return out
	}
	edits, fs := merge.Edits(w, []sidecar.Answer{{Name: "a", Change: with("net/core/somaxconn", "1024")},
		{Name: "b", Change: with("net.core.somaxconn", "1024")}})
	require.Empty(t, fs)
	edits, fs = merge.Merge(edits, nothing)
	require.Empty(t, fs)
	require.Equal(t, []corev1.Sysctl{{Name: "net.core.somaxconn", Value: "1024"}}, settings(edits))

	edits, _ = merge.Edits(w, []sidecar.Answer{{Name: "a", Change: with("net/core/somaxconn", "1024")},
		{Name: "b", Change: with("net.core.somaxconn", "4096")}})
	_, fs = merge.Merge(edits, nothing)
	require.True(t, fs.Failed())

	w.Pod.Spec.SecurityContext = &corev1.PodSecurityContext{Sysctls: []corev1.Sysctl{{Name: "net/core/somaxconn",
		Value: "1024"}}}
	edits, _ = merge.Edits(w, []sidecar.Answer{{Name: "a", Change: with("net.core.somaxconn", "1024")}})
	require.Equal(t, []corev1.Sysctl{{Name: "net/core/somaxconn", Value: "1024"}}, settings(edits))
}
